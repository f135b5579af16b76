"""The bytes of notices, titles and progress, and their wrapping for tmux and GNU screen."""

from __future__ import annotations

import re
from enum import StrEnum

BEL = "\x07"
_ESC = "\x1b"
_ST = "\x1b\\"
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]+"
)
_LONGEST = 240
"""Characters; some terminals drop a longer notice whole."""
_SCREEN_PIECE = 512
"""GNU screen drops a device control string of more than 768 bytes."""


class Dialect(StrEnum):
    """How a terminal is told to show a notice."""

    OSC9 = "osc9"
    """iTerm2, ghostty, WezTerm."""
    OSC777 = "osc777"
    """urxvt, foot, WezTerm, ghostty."""
    OSC99 = "osc99"
    """kitty, foot."""
    BELL = "bell"
    """Every terminal does something with it, be it only a flash."""


class Multiplexer(StrEnum):
    """What stands between a program and the terminal."""

    TMUX = "tmux"
    SCREEN = "screen"


class Progress(StrEnum):
    """The state of a progress bar, by ConEmu's numbers."""

    NONE = "0"
    NORMAL = "1"
    FAILED = "2"
    UNKNOWN = "3"
    """Under way; nobody knows how far."""
    PAUSED = "4"


def safe(text: str) -> str:
    """One line without anything that could steer a terminal or end a sequence, at most 240 characters."""
    cleaned = " ".join(_UNSAFE.sub(" ", text).split())
    return cleaned if len(cleaned) <= _LONGEST else f"{cleaned[: _LONGEST - 1]}…"


def notice(dialect: Dialect, title: str, text: str, number: int = 0) -> str:
    """A notice for a terminal itself, not wrapped; `number` tells it from others that are shown still."""
    title, text = safe(title), safe(text)
    if dialect is Dialect.OSC9:
        # A body that begins with a number and a semicolon would be one of ConEmu's commands.
        return f"{_ESC}]9;{title}: {text}{_ST}" if not re.match(r"\d+;", title) else f"{_ESC}]9;- {title}: {text}{_ST}"
    if dialect is Dialect.OSC777:
        return f"{_ESC}]777;notify;{title.replace(';', ',')};{text.replace(';', ',')}{_ST}"
    if dialect is Dialect.OSC99:
        return f"{_ESC}]99;i=cupola-{number}:d=0:p=title;{title}{_ST}{_ESC}]99;i=cupola-{number}:d=1:p=body;{text}{_ST}"
    return BEL


def window_title(text: str) -> str:
    """Sets the window's title; tmux takes it for its pane and needs no wrapping."""
    return f"{_ESC}]2;{safe(text)}{_ST}"


def keep_title() -> str:
    """Puts the present title on the terminal's stack."""
    return f"{_ESC}[22;2t"


def restore_title() -> str:
    """Takes the title back from the stack."""
    return f"{_ESC}[23;2t"


def progress(state: Progress, percent: int = 0) -> str:
    """A progress bar on the tab or task bar, not wrapped; only for terminals that know it (others show a notice)."""
    return f"{_ESC}]9;4;{state};{max(0, min(100, percent))}{_ST}"


def wrapped(sequence: str, through: tuple[Multiplexer, ...]) -> str:
    """A sequence made to pass multiplexers, of which the innermost, the nearest to the program, comes first.

    tmux passes on what stands in `ESC P tmux ; ... ESC \\` with every ESC doubled, if its option `allow-passthrough`
    is on; a tmux inside a tmux takes two wrappings. GNU screen passes on `ESC P ... ESC \\` in short pieces.
    """
    # The outermost unwraps last: its wrapping is the inmost.
    for multiplexer in reversed(through):
        if multiplexer is Multiplexer.TMUX:
            sequence = f"{_ESC}Ptmux;{sequence.replace(_ESC, _ESC * 2)}{_ST}"
        else:
            sequence = _through_screen(sequence)
    return sequence


def _through_screen(sequence: str) -> str:
    """BEL ends the inner sequences, since the string's own end would end them; terminals take both."""
    inner = sequence.replace(_ST, BEL)
    pieces = [inner[start : start + _SCREEN_PIECE] for start in range(0, len(inner), _SCREEN_PIECE)]
    return "".join(f"{_ESC}P{piece}{_ST}" for piece in pieces)
