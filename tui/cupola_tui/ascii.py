"""The screen in ASCII, cell for cell, for a terminal whose locale has no Unicode signs."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = {
    **dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺╼╾▔▁", "-"),
    **dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻╽╿▏▕▎▍▌▐", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╔╗╚╝╠╣╦╩╬┍┎┏┑┒┓┕┖┗┙┚┛┝┠┣┥┨┫┯┰┳┷┸┻┿╂╋", "+"),
    **dict.fromkeys("█▉▊▋▇▆▅▄▀■▪◼", "#"),
    **dict.fromkeys("░▒▓▃▂", ":"),
    **dict.fromkeys("●◉⬤", "*"),
    **dict.fromkeys("○◌◯◦", "o"),
    **dict.fromkeys("‖⏸", "="),
    **dict.fromkeys("✓✔", "v"),
    **dict.fromkeys("✗✘×⊘", "x"),
    **dict.fromkeys("–—−‐", "-"),
    **dict.fromkeys("·•∙⋅", "."),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("→▶▸►›»", ">"),
    **dict.fromkeys("←◀◂‹«", "<"),
    **dict.fromkeys("↑▲▴", "^"),
    **dict.fromkeys("↓▼▾", "v"),
    **dict.fromkeys("◆◇⬥", "+"),
    **dict.fromkeys("≈∼", "~"),
    "…": "~",
    "±": "~",
    "≤": "<",
    "≥": ">",
    "−": "-",
    "\N{NO-BREAK SPACE}": " ",
}
"""What stands for each of Cupola's own signs: one cell for one cell."""

_BRAILLE = range(0x2800, 0x2900)
_UPPER, _LOWER = 0b00011011, 0b11100100
"""The dots of a braille cell's upper two rows and lower two rows."""


class AsciiFilter(LineFilter):
    """Turns every sign that is not ASCII into one that is, or into question marks of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Turn one line."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]


def in_ascii(text: str) -> str:
    """The same text in as many cells, in ASCII."""
    return text if text.isascii() else "".join(map(_sign, text))


@lru_cache(maxsize=4_096)
def _sign(character: str) -> str:
    if character.isascii():
        return character
    if ord(character) in _BRAILLE:
        return _dots(ord(character) - 0x2800)
    return _SIGNS.get(character) or "?" * get_character_cell_size(character)


def _dots(dots: int) -> str:
    """A braille cell by where its dots are: above, below, or both."""
    if not dots:
        return " "
    if dots & _UPPER and dots & _LOWER:
        return ":"
    return "'" if dots & _UPPER else "."
