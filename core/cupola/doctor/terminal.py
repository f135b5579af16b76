"""Facts about the terminal: colours, Unicode, size, and what tmux lets through."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from .fact import Fact, State, good

SMALLEST = (80, 24)
_TMUX_SECONDS = 2.0
_TRUECOLOR = ("truecolor", "24bit")


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command was started."""

    is_terminal: bool
    columns: int = 0
    rows: int = 0


Ask = Callable[[str], str | None]
"""Asks tmux for the value of an option; None where it cannot be asked."""


def terminal_facts(terminal: Terminal, environment: Mapping[str, str], tmux: Ask | None = None) -> Iterator[Fact]:
    """What the screen can do in this terminal."""
    kind = environment.get("TERM", "")
    if not terminal.is_terminal or kind in ("", "dumb", "unknown"):
        why = "The command line works as it is." if terminal.is_terminal else "Output is not a terminal."
        remedy = "Set TERM to what yours is, such as xterm-256color." if terminal.is_terminal else ""
        yield Fact("terminal", State.NOTE, "The screen cannot be drawn here.", why, remedy, {"term": kind})
        return
    yield _size(terminal)
    yield _colours(kind, environment)
    yield _unicode(environment)
    if environment.get("TMUX"):
        yield from _in_tmux(tmux or _ask_tmux)
    else:
        where = " over SSH" if environment.get("SSH_TTY") or environment.get("SSH_CONNECTION") else ""
        yield good("clipboard", f"Copying{where} goes by OSC 52, if the terminal takes it.", tmux=False)


def _size(terminal: Terminal) -> Fact:
    size = f"{terminal.columns}x{terminal.rows}"
    if terminal.columns < SMALLEST[0] or terminal.rows < SMALLEST[1]:
        remedy = "Make the window larger or the font smaller."
        return Fact("terminal", State.BAD, f"The terminal is {size}.", "The screen needs 80x24.", remedy)
    return good("terminal", f"The terminal is {size}.", columns=terminal.columns, rows=terminal.rows)


def _colours(kind: str, environment: Mapping[str, str]) -> Fact:
    if environment.get("NO_COLOR"):
        return Fact("colours", State.NOTE, "NO_COLOR is set: the screen uses none.", remedy="Unset NO_COLOR.")
    if environment.get("COLORTERM", "").casefold() in _TRUECOLOR or "direct" in kind:
        return good("colours", "The terminal shows all colours.", colours=2**24)
    if "256" in kind:
        remedy = "If yours shows more: export COLORTERM=truecolor (and have ssh send it: SendEnv COLORTERM)."
        return Fact("colours", State.NOTE, f"TERM {kind} promises 256 colours.", "", remedy, {"colours": 256})
    remedy = "If yours shows more: export TERM=xterm-256color"
    return Fact("colours", State.NOTE, f"TERM {kind} promises few colours.", "", remedy, {"colours": 16})


def _unicode(environment: Mapping[str, str]) -> Fact:
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(name))), "")
    if locale and "utf" not in locale.lower() and locale not in ("C", "POSIX"):
        why = "The screen is drawn with Unicode signs."
        return Fact("unicode", State.BAD, f"The locale {locale} has no Unicode.", why, "export LC_ALL=C.UTF-8")
    return good("unicode", "The locale has Unicode.", locale=locale)


def _in_tmux(tmux: Ask) -> Iterator[Fact]:
    clipboard, passthrough = tmux("set-clipboard"), tmux("allow-passthrough")
    if clipboard is None and passthrough is None:
        yield Fact("tmux", State.UNKNOWN, "tmux could not be asked.", remedy="Run doctor inside the session.")
        return
    if clipboard == "on":
        yield good("clipboard", "tmux hands copied text on (OSC 52).", set_clipboard=clipboard)
    else:
        why = f"set-clipboard is {clipboard}, so copied text stays in tmux."
        remedy = "tmux set -s set-clipboard on"
        yield Fact("clipboard", State.NOTE, "Copying does not reach the outer terminal.", why, remedy)
    if passthrough in ("on", "all"):
        yield good("notifications", "tmux lets notifications through.", allow_passthrough=passthrough)
    else:
        why = f"allow-passthrough is {passthrough or 'not known to this tmux'}; only the bell gets out."
        remedy = "tmux set -g allow-passthrough on"
        yield Fact("notifications", State.NOTE, "Notifications do not reach the outer terminal.", why, remedy)


def _ask_tmux(option: str) -> str | None:
    flags = "-sqv" if option == "set-clipboard" else "-gqv"
    try:
        done = subprocess.run(
            ["tmux", "show-options", flags, option],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TMUX_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
