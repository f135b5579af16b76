"""Facts about the terminal: colours, Unicode, size, how notices reach it, and what tmux lets through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..terminals.kinds import Ask, configured, run, terminal_of
from ..terminals.sequences import Dialect
from ..worker.telling import Telling
from .fact import Fact, State, good

SMALLEST = (80, 24)
_TRUECOLOR = ("truecolor", "24bit")


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command was started."""

    is_terminal: bool
    columns: int = 0
    rows: int = 0


def terminal_facts(
    terminal: Terminal, environment: Mapping[str, str], ask: Ask = run, telling: Telling | None = None
) -> Iterator[Fact]:
    """What the screen can do in this terminal.

    Args:
        terminal: Where the command was started.
        environment: Its variables.
        ask: Runs tmux for what it prints.
        telling: What the configuration says of notices.
    """
    kind = environment.get("TERM", "")
    if not terminal.is_terminal or kind in ("", "dumb", "unknown"):
        why = "The command line works as it is." if terminal.is_terminal else "Output is not a terminal."
        remedy = "Set TERM to what yours is, such as xterm-256color." if terminal.is_terminal else ""
        yield Fact("terminal", State.NOTE, "The screen cannot be drawn here.", why, remedy, {"term": kind})
        return
    yield _size(terminal)
    yield _colours(kind, environment)
    yield _unicode(environment)
    yield _clipboard(environment, ask)
    yield _notices(environment, ask, telling or Telling())


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


def _clipboard(environment: Mapping[str, str], ask: Ask) -> Fact:
    if not environment.get("TMUX"):
        where = " over SSH" if environment.get("SSH_TTY") or environment.get("SSH_CONNECTION") else ""
        return good("clipboard", f"Copying{where} goes by OSC 52, if the terminal takes it.", tmux=False)
    told = ask(["tmux", "show-options", "-sqv", "set-clipboard"]).strip()
    if not told:
        remedy = "Run doctor inside the session."
        return Fact("clipboard", State.UNKNOWN, "tmux could not be asked whether it hands copied text on.", "", remedy)
    if told == "on":
        return good("clipboard", "tmux hands copied text on (OSC 52).", set_clipboard=told)
    why = f"set-clipboard is {told}, so copied text stays in tmux."
    remedy = "tmux set -s set-clipboard on"
    return Fact("clipboard", State.NOTE, "Copying does not reach the outer terminal.", why, remedy)


def _notices(environment: Mapping[str, str], ask: Ask, telling: Telling) -> Fact:
    """How notices are sent, found out by the same table and in the same way as where they are sent."""
    told = configured(terminal_of(environment, ask), telling.terminal, telling.tmux)
    details = {
        "terminal": told.name,
        "dialect": str(told.dialect),
        "through": [str(one) for one in told.through],
        "passes": told.passes,
        "progress": told.draws_progress and told.passes is not False,
    }
    what = f"Notices are sent as {told.about}."
    if told.remedy:
        why = "tmux lets nothing but the bell out." if told.passes is False else "It is not known what tmux lets out."
        return Fact("notifications", State.NOTE, what, why, told.remedy, details)
    if told.dialect is Dialect.BELL:
        why = "No better way to show a notice is known of it."
        remedy = "`cupola notify test --terminal osc9` (osc777, osc99) tries others; [notify] in the configuration."
        return Fact("notifications", State.NOTE, what, why, remedy, details)
    return good("notifications", what, **details)
