"""A scatter chart as cells: labelled points with upright error bars, and the frontier through the best of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from ..lines import visible
from .raster import Grid, cell_of, frame, plotted, row_of
from .scale import Axis, nice_axis

_SMALLEST = (24, 6)
_LONGEST_LABEL = 24


@dataclass(frozen=True, slots=True)
class Dot:
    """One point."""

    x: float
    y: float
    label: str
    ink: str
    label_ink: str = ""
    glyph: str = "●"
    low: float | None = None
    """The lower end of its error bar."""
    high: float | None = None
    bar_ink: str = "faint"


def scatter(
    dots: Sequence[Dot], frontier: Sequence[tuple[float, float]], width: int, height: int, *, log: bool
) -> Grid | None:
    """Draw points and a line through `frontier` (rising x); None when nothing can be drawn or there is no room.

    With `log` the x axis has decades; points that have no place on it, or are not finite, are left out.
    """
    if width < _SMALLEST[0] or height < _SMALLEST[1]:
        return None
    shown = [dot for dot in dots if _has_place(dot.x, dot.y, log)]
    if not shown:
        return None
    x, y = _axes(shown, width, height, log)
    left = max(len(label) for label in y.labels) + 1
    columns, rows = width - left, height - 2
    if columns < 8:
        return None
    grid = frame(x, y, left, width, height)
    _draw_frontier(grid, [point for point in frontier if _has_place(*point, log)], x, y, (left, columns, rows))
    places = [(left + cell_of(_cut(x.place(dot.x)), columns, 2), row_of(y.place(dot.y), rows)) for dot in shown]
    for dot, (column, _) in zip(shown, places, strict=True):
        _draw_bar(grid, dot, column, y, rows)
    for dot, (column, row) in zip(shown, places, strict=True):
        grid[row][column] = dot.glyph, dot.ink
    for dot, place in zip(shown, places, strict=True):
        _draw_label(grid, dot, place, set(places), (left, rows))
    return grid


def _has_place(x: float, y: float, log: bool) -> bool:
    return math.isfinite(x) and math.isfinite(y) and (x > 0 or not log)


def _axes(dots: Sequence[Dot], width: int, height: int, log: bool) -> tuple[Axis, Axis]:
    ends = [end for dot in dots for end in (dot.y, dot.low, dot.high) if end is not None and math.isfinite(end)]
    across = [dot.x for dot in dots]
    # A little air, so that a point and its error bar do not lie on the frame.
    low, high = (min(across) / 1.1, max(across) * 1.1) if log else (min(0.0, *across), max(across) * 1.03)
    x = nice_axis(low, high, max(2, width // 14), log)
    return x, nice_axis(min(ends), max(ends), max(1, min(5, (height - 2) // 3)))


def _draw_frontier(
    grid: Grid, points: Sequence[tuple[float, float]], x: Axis, y: Axis, canvas: tuple[int, int, int]
) -> None:
    if len(points) < 2:
        return
    left, columns, rows = canvas
    places = [x.place(point[0]) for point in points], [y.place(point[1]) for point in points]
    drawn = plotted(columns, rows, lambda plot: plot.plot(*places, marker="braille"), axes=False)
    for row, text in enumerate(drawn[:rows]):
        for column, character in enumerate(text[:columns]):
            if character != " ":
                grid[row][left + column] = character, "axis"


def _draw_bar(grid: Grid, dot: Dot, column: int, y: Axis, rows: int) -> None:
    if dot.low is None or dot.high is None:
        return
    top, bottom = (row_of(_cut(y.place(end)), rows) for end in (dot.high, dot.low))
    for row in range(top, bottom + 1):
        end = "┬" if row == top else "┴" if row == bottom else "│"
        grid[row][column] = "│" if top == bottom else end, dot.bar_ink


def _draw_label(
    grid: Grid, dot: Dot, place: tuple[int, int], points: set[tuple[int, int]], canvas: tuple[int, int]
) -> None:
    """Write the label where there is room: beside the point or a line above or below it, off the frontier if it can."""
    left, rows = canvas
    text = _narrow(dot.label)[:_LONGEST_LABEL]
    column, row = place
    for over_lines in (False, True):
        for start, line in _spots(column, row, len(text)):
            cells = range(start, start + len(text))
            if not (0 <= line < rows and start >= left and cells.stop <= len(grid[0])):
                continue
            if all(_is_free(grid[line][cell][0], over_lines) and (cell, line) not in points for cell in cells):
                for cell, character in zip(cells, text, strict=True):
                    grid[line][cell] = character, dot.label_ink
                return


def _spots(column: int, row: int, length: int) -> list[tuple[int, int]]:
    """Where a label may begin, the best first."""
    right, left = column + 2, column - 1 - length
    return [(right, row), (left, row), (right, row + 1), (left, row - 1), (right, row - 1), (left, row + 1)]


def _is_free(character: str, over_lines: bool) -> bool:
    return character == " " or (over_lines and 0x2800 <= ord(character) <= 0x28FF)


def _narrow(text: str) -> str:
    """The text with one cell for each character, so that the grid stays in line."""
    return "".join(character if cell_len(character) == 1 else "·" for character in visible(text))


def _cut(place: float) -> float:
    return min(1.0, max(0.0, place))
