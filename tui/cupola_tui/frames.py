"""A frame as the bytes that turn what the terminal shows into what it should show: changed cells, few style codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Cells = list[tuple[str, str]]
"""A line's cells, each with its text and style code; the right half of a wide character has no text."""

_GAP = 5
"""Unchanged cells between two changed ones that are cheaper to send again than to jump over."""
_BLANKS = 8
"""From so many blanks on they are erased rather than sent."""


class Shown:
    """What the terminal shows, as far as is known."""

    def __init__(self, erases: bool = True) -> None:
        """Takes `erases`: whether erased cells take the background colour, as everywhere but in GNU screen."""
        self._erases = erases
        self._lines: list[tuple[list[Segment], Cells]] = []
        self._width = 0

    def forget(self) -> None:
        """Something else has written to the terminal."""
        self._lines = []

    def become(self, strips: Sequence[Strip], colours: ColorSystem | None) -> str:
        """The bytes after which the terminal shows these lines; "" where it does already."""
        width = max((strip.cell_length for strip in strips), default=0)
        if width != self._width or len(strips) != len(self._lines):
            self._lines, self._width = [], width
        known = bool(self._lines)
        code = _coder(colours)
        out: list[str] = []
        lines: list[tuple[list[Segment], Cells]] = []
        for row, strip in enumerate(strips):
            segments = list(strip)
            if known and self._lines[row][0] == segments:
                lines.append(self._lines[row])
                continue
            cells = _cells(segments, code)
            before = self._lines[row][1] if known else []
            out += [
                f"\x1b[{row + 1};{first + 1}H{self._written(cells[first:last])}" for first, last in _runs(before, cells)
            ]
            lines.append((segments, cells))
        self._lines = lines
        return "".join(out) + "\x1b[0m" if out else ""

    def _written(self, cells: Cells) -> str:
        out, style, at = [], None, 0
        while at < len(cells):
            text, code = cells[at]
            if code != style:
                out.append(f"\x1b[0;{code}m" if code else "\x1b[0m")
                style = code
            blanks = self._blanks(cells, at)
            if blanks >= _BLANKS:
                out.append(f"\x1b[{blanks}X\x1b[{blanks}C")
                at += blanks
            else:
                out.append(text)
                at += 1
        return "".join(out)

    def _blanks(self, cells: Cells, start: int) -> int:
        """How many blanks of one plain style begin here."""
        first = cells[start]
        # Underlined, struck or reversed blanks are not what erasing leaves.
        if not self._erases or first[0] != " " or _is_decorated(first[1]):
            return 0
        end = start
        while end < len(cells) and cells[end] == first:
            end += 1
        return end - start


def _is_decorated(code: str) -> bool:
    parts = code.split(";")
    at = 0
    while at < len(parts):
        if parts[at] in ("38", "48"):
            at += 5 if parts[at + 1 : at + 2] == ["2"] else 3
            continue
        if parts[at] in ("4", "7", "9", "21", "53"):
            return True
        at += 1
    return False


def _cells(segments: Sequence[Segment], code: Callable[[Style | None], str]) -> Cells:
    cells: Cells = []
    for text, style, control in segments:
        if control:
            continue
        sgr = code(style)
        if text.isascii():
            cells += [(character, sgr) for character in text]
            continue
        for character in text:
            size = get_character_cell_size(character)
            if size == 0 and cells:
                # A joiner or accent belongs to the cell before it, or to that cell's left half.
                place = -2 if not cells[-1][0] and len(cells) > 1 else -1
                cells[place] = (cells[place][0] + character, cells[place][1])
            elif size:
                cells.append((character, sgr))
                cells += [("", sgr)] * (size - 1)
    if (missing := sum(cell_len(text) for text, _, control in segments if not control) - len(cells)) > 0:
        cells += [(" ", "")] * missing
    return cells


def _runs(before: Cells, after: Cells) -> list[tuple[int, int]]:
    """The stretches of cells to send, from and to; never half of a wide character."""
    changed = [at for at, cell in enumerate(after) if at >= len(before) or before[at] != cell]
    runs: list[tuple[int, int]] = []
    for at in changed:
        if runs and at - runs[-1][1] < _GAP:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return [_whole(after, first, last) for first, last in runs]


def _whole(cells: Cells, first: int, last: int) -> tuple[int, int]:
    while first and not cells[first][0]:
        first -= 1
    while last < len(cells) and not cells[last][0]:
        last += 1
    return first, last


@lru_cache(maxsize=4)
def _coder(colours: ColorSystem | None) -> Callable[[Style | None], str]:
    @lru_cache(maxsize=4_096)
    def code(style: Style | None) -> str:
        """The parameters of the SGR sequence of a style; "" for none."""
        if not style:
            return ""
        rendered = style.without_color if colours is None else style
        before, _, _ = (
            rendered.update_link(None).render("x", color_system=colours or ColorSystem.STANDARD).partition("x")
        )
        return before.removeprefix("\x1b[").removesuffix("m")

    return code
