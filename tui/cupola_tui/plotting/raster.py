"""A chart as cells: plotext draws braille lines and axes, bands, points and line ends are laid over them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .decimate import Floats, Steps, decimate, finite, window
from .scale import Axis, fixed_axis, nice_axis

GLYPHS = "●■▲◆▼★"
"""Stand at the line's end, on sparse points and in the legend, so that series are told apart without colour."""

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_BRAILLE = 0x2800
_SMALLEST = (8, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One series to draw."""

    steps: Steps
    """Rising, shape (n,)."""
    values: Floats
    """Shape (n,); what is not finite is left out."""
    ink: str
    glyph: str = ""
    """At the line's end, and with `points` at every point; "" draws the line alone."""
    points: bool = False
    line: bool = True
    """Whether the points are joined."""
    band: tuple[Floats, Floats] | None = None
    """Low and high around the values, shape (n,) each."""


@dataclass(frozen=True, slots=True)
class View:
    """How a chart is looked at."""

    log: bool = False
    zoom: tuple[float, float] | None = None
    """First and last step shown; None shows all."""
    last_step: int | None = None
    """Where the x axis ends at least, such as the run's last step."""
    cursor: float | None = None
    """A step to mark with an upright line."""


@dataclass(frozen=True, slots=True)
class Raster:
    """Cells of a chart, and where data lie on them."""

    cells: tuple[tuple[tuple[str, str], ...], ...]
    """Rows of (character, ink) from the top."""
    x: Axis
    y: Axis
    left: int
    """The canvas' first column."""
    columns: int
    rows: int
    """The canvas' height."""

    def step_at(self, column: int) -> float:
        """The step under a column of the chart."""
        return self.x.value((column - self.left) / max(1, self.columns - 1))


def rasterise(curves: Sequence[Curve], view: View, width: int, height: int) -> Raster | None:
    """Draw a chart of a size in cells; None when nothing can be drawn: no finite point, or too small.

    Curves are drawn in order; where lines cross in a cell their dots are joined and the later ink is seen.
    """
    if width < _SMALLEST[0] or height < _SMALLEST[1]:
        return None
    shown = [_clean(curve, view) for curve in curves]
    axes = _axes([curve for curve in shown if len(curve.steps)], view, width, height)
    if axes is None:
        return None
    x, y = axes
    left = max((len(label) for label in y.labels), default=0) + 1
    columns, rows = width - left, height - 2
    if columns < 4 or rows < 1:
        return None
    grid = frame(x, y, left, width, height)
    for curve in shown:
        _draw_band(grid, curve, x, y, left, columns, rows)
    for curve in shown:
        _draw_line(grid, curve, x, y, left, columns, rows)
    for curve in shown:
        _draw_glyphs(grid, curve, x, y, left, columns, rows)
    if view.cursor is not None:
        _draw_cursor(grid, view.cursor, x, left, columns, rows)
    return Raster(tuple(tuple(row) for row in grid), x, y, left, columns, rows)


Grid = list[list[tuple[str, str]]]
"""Rows of cells while they are drawn on."""


def _clean(curve: Curve, view: View) -> Curve:
    steps, values = finite(curve.steps, curve.values)
    if view.log:
        positive = values > 0
        steps, values = steps[positive], values[positive]
    if view.zoom and len(steps):
        steps, values = window(steps, values, *view.zoom)
    band = curve.band if len(values) == len(curve.values) else None
    return replace(curve, steps=steps, values=values, band=band)


def _axes(curves: Sequence[Curve], view: View, width: int, height: int) -> tuple[Axis, Axis] | None:
    if not curves:
        return None
    low = min(float(curve.values.min()) for curve in curves)
    high = max(float(curve.values.max()) for curve in curves)
    for band in (curve.band for curve in curves if curve.band is not None):
        edges = np.concatenate(band)
        edges = edges[np.isfinite(edges) & ((edges > 0) | (not view.log))]
        if len(edges):
            low, high = min(low, float(edges.min())), max(high, float(edges.max()))
    y = nice_axis(low, high, max(1, min(6, (height - 2) // 3)), view.log)
    ticks = max(2, width // 14)
    if view.zoom and view.zoom[0] < view.zoom[1]:
        return fixed_axis(*view.zoom, ticks), y
    last = max(float(curve.steps[-1]) for curve in curves)
    if view.last_step is not None and view.last_step > 0 and view.last_step >= last:
        return fixed_axis(0.0, float(view.last_step), ticks), y
    first = min(0.0, min(float(curve.steps[0]) for curve in curves))
    return nice_axis(first, max(last, first + 1), ticks), y


def frame(x: Axis, y: Axis, left: int, width: int, height: int) -> Grid:
    """The axes alone, as plotext draws them, to draw on."""
    rows = plotted(
        width,
        height,
        lambda plot: (
            plot.yticks([y.place(tick) for tick in y.ticks], list(y.labels)),
            plot.xticks([x.place(tick) for tick in x.ticks], list(x.labels)),
            plot.scatter([2.0], [2.0], marker=" "),
        ),
        axes=True,
    )
    return [[(character, "axis" if character != " " else "") for character in row[:width].ljust(width)] for row in rows]


def _draw_line(grid: Grid, curve: Curve, x: Axis, y: Axis, left: int, columns: int, rows: int) -> None:
    if not curve.line:
        return
    steps, values = decimate(curve.steps, curve.values, x.low, x.high, 2 * columns)
    if len(steps) == 0:
        return
    if len(steps) == 1 and curve.glyph:
        return
    places = [x.place(step) for step in steps.tolist()], [y.place(value) for value in values.tolist()]
    drawn = plotted(columns, rows, lambda plot: plot.plot(*places, marker="braille"), axes=False)
    for row, text in enumerate(drawn[:rows]):
        for column, character in enumerate(text[:columns]):
            if character == " ":
                continue
            below, _ = grid[row][left + column]
            if _is_braille(below) and _is_braille(character):
                character = chr(ord(below) | ord(character))
            grid[row][left + column] = character, curve.ink


def _draw_band(grid: Grid, curve: Curve, x: Axis, y: Axis, left: int, columns: int, rows: int) -> None:
    if curve.band is None:
        return
    low, high = curve.band
    first = max(0, round(x.place(float(curve.steps[0])) * (columns - 1)))
    last = min(columns - 1, round(x.place(float(curve.steps[-1])) * (columns - 1)))
    for column in range(first, last + 1):
        step = x.value(column / max(1, columns - 1))
        bottom, top = (float(np.interp(step, curve.steps, edge)) for edge in (low, high))
        if not (math.isfinite(bottom) and math.isfinite(top)) or (y.log and bottom <= 0):
            continue
        for row in range(row_of(y.place(top), rows), row_of(y.place(bottom), rows) + 1):
            grid[row][left + column] = "░", curve.ink.replace("series", "raw")


def _draw_glyphs(grid: Grid, curve: Curve, x: Axis, y: Axis, left: int, columns: int, rows: int) -> None:
    if not curve.glyph or not len(curve.steps):
        return
    every = range(len(curve.steps)) if curve.points and len(curve.steps) <= columns // 3 else [len(curve.steps) - 1]
    for index in every:
        place = x.place(float(curve.steps[index]))
        if 0 <= place <= 1:
            row = row_of(y.place(float(curve.values[index])), rows)
            grid[row][left + cell_of(place, columns, 2)] = curve.glyph, curve.ink


def _draw_cursor(grid: Grid, step: float, x: Axis, left: int, columns: int, rows: int) -> None:
    place = x.place(step)
    if not 0 <= place <= 1:
        return
    column = left + cell_of(place, columns, 2)
    for row in range(rows):
        character, ink = grid[row][column]
        grid[row][column] = ("│", "accent") if character in " ░" else (character, f"{ink} reverse")


def row_of(place: float, rows: int) -> int:
    """The row, from the top, in which a place in 0..1 of the y axis lies."""
    return rows - 1 - cell_of(min(1.0, max(0.0, place)), rows, 4)


def cell_of(place: float, cells: int, dots: int) -> int:
    """The cell in which plotext puts the braille dot of a place in 0..1, so that glyphs lie on their lines."""
    return math.floor(0.5 + (cells * dots - 1) * place) // dots


def _is_braille(character: str) -> bool:
    return _BRAILLE <= ord(character) < _BRAILLE + 256


def plotted(width: int, height: int, draw: Callable[[Any], object], *, axes: bool) -> list[str]:
    """What plotext makes of coordinates in 0..1, as rows of text. Its figure is global, so it is cleared first."""
    import plotext

    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(width, height)
    plotext.theme("clear")
    plotext.xaxes(axes, False)
    plotext.yaxes(axes, False)
    plotext.xlim(0, 1)
    plotext.ylim(0, 1)
    if not axes:
        plotext.xfrequency(0)
        plotext.yfrequency(0)
    draw(plotext)
    rows = _SGR.sub("", plotext.build()).split("\n")
    return [*rows, *[""] * (height - len(rows))][:height]
