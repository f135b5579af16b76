"""Whether the screen can be drawn where Cupola was started; told in words before a single byte is drawn."""

from __future__ import annotations

from collections.abc import Mapping

_BROWSER_DRIVER = "textual.drivers.web_driver:WebDriver"

_PLAIN_TERMINALS = ("", "dumb", "unknown")


def refusal(environment: Mapping[str, str], terminal: bool) -> str:
    """Why no screen can be drawn and what to do; "" where one can.

    Args:
        environment: `TERM` and the locale's variables count. Python has turned an unsaid locale, and LANG=C, into
            UTF-8 before (PEP 538); what still names another charset was meant so.
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
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(name))), "")
    if locale and "utf" not in locale.lower():
        return (
            f"The screen is drawn with Unicode signs, and the locale {locale!r} has none. "
            "If your terminal shows them: LC_ALL=C.UTF-8 cupola. The command line works as it is: cupola --help"
        )
    return ""


def in_browser(environment: Mapping[str, str]) -> bool:
    """Whether this process draws for `cupola serve`: its standard output then carries packets, and no words."""
    return environment.get("TEXTUAL_DRIVER") == _BROWSER_DRIVER
