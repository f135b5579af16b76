"""Whether the screen can be drawn where Cupola was started; told in words before a single byte is drawn."""

from __future__ import annotations

from collections.abc import Mapping

_BROWSER_DRIVER = "textual.drivers.web_driver:WebDriver"

_PLAIN_TERMINALS = ("", "dumb", "unknown")


def refusal(environment: Mapping[str, str], terminal: bool) -> str:
    """Why no screen can be drawn and what to do; "" where one can.

    Args:
        environment: `TERM` counts.
        terminal: Whether all standard streams are a terminal.
    """
    if in_browser(environment):
        return ""
    if not terminal:
        return "The screen needs a terminal. Elsewhere `cupola job list` and its kin print what is known: cupola --help"
    kind = environment.get("TERM", "")
    if kind in _PLAIN_TERMINALS:
        return (
            f"The screen cannot be drawn on a terminal of kind {kind or '(none)'!r}. "
            "Set TERM to what yours is, such as xterm-256color, or use the command line: cupola --help"
        )
    return ""


def lacks_unicode(environment: Mapping[str, str]) -> bool:
    """Whether the locale names a charset other than UTF-8; the screen is then drawn in ASCII.

    Python has turned an unsaid locale, and LANG=C, into UTF-8 before (PEP 538); what still names another charset was
    meant so. `LC_ALL=C.UTF-8 cupola` draws with Unicode signs all the same.
    """
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(name))), "")
    return bool(locale) and "utf" not in locale.lower() and not in_browser(environment)


def in_browser(environment: Mapping[str, str]) -> bool:
    """Whether this process draws for `cupola serve`: its standard output then carries packets, and no words."""
    return environment.get("TEXTUAL_DRIVER") == _BROWSER_DRIVER
