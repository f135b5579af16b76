"""Which terminal this is, as far as the environment and tmux tell, and what it understands."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from .sequences import BEL, Dialect, Multiplexer, notice, progress, wrapped
from .sequences import Progress as Bar

Ask = Callable[[Sequence[str]], str]
"""Runs a program; gives what it prints, "" where it fails."""

_PATIENCE_SECONDS = 1.0
_FORMAT = "#{client_termtype}|#{client_termname}|#{allow-passthrough}"

_KNOWN: Sequence[tuple[str, str, Dialect, bool]] = (
    ("kitty", "kitty", Dialect.OSC99, False),
    ("ghostty", "ghostty", Dialect.OSC9, True),
    ("wezterm", "WezTerm", Dialect.OSC777, True),
    ("iterm", "iTerm2", Dialect.OSC9, False),
    ("foot", "foot", Dialect.OSC777, False),
    ("rxvt", "urxvt", Dialect.OSC777, False),
    ("windows terminal", "Windows Terminal", Dialect.BELL, True),
    ("conemu", "ConEmu", Dialect.BELL, True),
    ("vscode", "VS Code", Dialect.BELL, True),
    ("apple_terminal", "Terminal.app", Dialect.BELL, False),
    ("alacritty", "Alacritty", Dialect.BELL, False),
    ("vte", "a VTE terminal", Dialect.BELL, False),
)
"""What a terminal's name holds, what it is called, how it shows notices, and whether it draws progress (OSC 9;4)."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where the screen's bytes end, and what lies on the way."""

    name: str = "a terminal that is not known"
    dialect: Dialect = Dialect.BELL
    draws_progress: bool = False
    through: tuple[Multiplexer, ...] = ()
    """From the innermost outwards."""
    passes: bool | None = None
    """Whether tmux lets wrapped sequences through; None is not known, or there is no tmux."""

    def notice(self, title: str, text: str, number: int = 0) -> str:
        """All that is written for one notice: the terminal's own sequence, and a bell where that may not arrive."""
        if self.dialect is Dialect.BELL or self.passes is False:
            return BEL
        sent = wrapped(notice(self.dialect, title, text, number), self.through)
        return sent if not self.through or self.passes else sent + BEL

    def progress(self, state: Bar, percent: int = 0) -> str:
        """What is written to show progress; "" where the terminal has none."""
        if not self.draws_progress or self.passes is False:
            return ""
        return wrapped(progress(state, percent), self.through)

    @property
    def about(self) -> str:
        """What is done for a notice, in words."""
        way = f" through {' in '.join(self.through)}" if self.through else ""
        if self.dialect is Dialect.BELL:
            return f"a bell, to {self.name}{way}"
        if self.passes is False:
            return f"a bell, since tmux lets nothing else through to {self.name}"
        bell = " and a bell" if self.through and not self.passes else ""
        return f"{_WORDS[self.dialect]}{bell}, to {self.name}{way}"

    @property
    def remedy(self) -> str:
        """What would make notices arrive better; "" where nothing would."""
        if Multiplexer.TMUX in self.through and not self.passes:
            every = " in every one of them" if self.through.count(Multiplexer.TMUX) > 1 else ""
            return f"In tmux{every}: set -g allow-passthrough on (tmux 3.3 or later); and set -g bell-action any."
        return ""


_WORDS = {Dialect.OSC9: "OSC 9", Dialect.OSC777: "OSC 777", Dialect.OSC99: "OSC 99"}


def terminal_of(environment: Mapping[str, str], ask: Ask | None = None) -> Terminal:
    """What the environment tells; inside tmux tmux is asked, since what was inherited may be of another terminal.

    Args:
        environment: Its variables.
        ask: Runs tmux; without it tmux is taken to be there and nothing more is known.
    """
    if environment.get("TMUX"):
        return _in_tmux(environment, ask)
    if environment.get("STY"):
        return replace(_named(environment.get("LC_TERMINAL", "")), through=(Multiplexer.SCREEN,))
    return _named(" ".join(_names(environment)))


def configured(terminal: Terminal, dialect: str, levels: int | None) -> Terminal:
    """With what the configuration says instead: a dialect, and through how many tmux the way leads."""
    if dialect:
        terminal = replace(terminal, dialect=Dialect(dialect), name=terminal.name)
    if levels is not None:
        terminal = replace(terminal, through=(Multiplexer.TMUX,) * levels, passes=True if levels else None)
    return terminal


def run(words: Sequence[str]) -> str:
    """Run a program for what it prints; "" where it is not there, fails or takes too long."""
    try:
        done = subprocess.run(
            list(words), capture_output=True, timeout=_PATIENCE_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _names(environment: Mapping[str, str]) -> list[str]:
    names = [environment.get(name, "") for name in ("TERM_PROGRAM", "LC_TERMINAL", "TERM")]
    for variable, name in (
        ("KITTY_WINDOW_ID", "kitty"),
        ("WT_SESSION", "windows terminal"),
        ("ConEmuANSI", "conemu"),
        ("VTE_VERSION", "vte"),
    ):
        if environment.get(variable):
            names.append(name)
    return names


def _named(text: str) -> Terminal:
    told = text.casefold()
    for part, name, dialect, bar in _KNOWN:
        if part in told:
            return Terminal(name, dialect, bar)
    return Terminal()


def _in_tmux(environment: Mapping[str, str], ask: Ask | None) -> Terminal:
    pane = ["-t", environment["TMUX_PANE"]] if environment.get("TMUX_PANE") else []
    told = ask(["tmux", "display-message", "-p", *pane, _FORMAT]).strip() if ask else ""
    kind, _, rest = told.partition("|")
    name, _, passthrough = rest.partition("|")
    # tmux before 3.3 knows no such option and lets everything through; since then it is off unless set.
    passes = passthrough in ("on", "all", "1", "2") if passthrough else None
    nested = (kind or name).casefold().startswith(("tmux", "screen"))
    if nested:
        # The outer tmux hides the terminal from the inner one; what it lets through is not known here.
        outer = replace(_named(environment.get("LC_TERMINAL", "")), through=(Multiplexer.TMUX, Multiplexer.TMUX))
        return replace(outer, passes=False if passes is False else None)
    return replace(
        _named(f"{kind} {name} {environment.get('LC_TERMINAL', '')}"), through=(Multiplexer.TMUX,), passes=passes
    )
