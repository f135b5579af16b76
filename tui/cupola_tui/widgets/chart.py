"""A live chart: the raster is kept, and only the columns that a new point changed are painted again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from textual import events

from ..commands import bindings
from ..lines import Line, Span, flowed, line
from ..plotting.decimate import Floats, Steps, finite
from ..plotting.raster import GLYPHS, Curve, Raster, View, rasterise
from ..plotting.scale import number
from ..plotting.smoothing import Smoother
from ..themes import SERIES_INKS
from .painted import Painted

SMOOTHINGS = (0.0, 0.6, 0.9)
"""The weights that `S` goes through."""

_ZOOM_FACTOR = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One line of a chart. Arrays may grow from one showing to the next."""

    label: str
    steps: Steps
    """Rising, shape (n,)."""
    values: Floats
    """Shape (n,), any floats."""
    sparse: bool = False
    """Few measurements: every point is marked and nothing is smoothed."""
    line: bool = True
    """Whether the points are joined."""
    band: tuple[Floats, Floats] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """What a chart shows."""

    title: str
    series: tuple[Series, ...]
    last_step: int | None = None
    """Where the run will end, if known; the axis reaches there from the start."""
    axis: str = "step"
    """What the numbers below the chart count."""


EMPTY = Plot("", ())


class Chart(Painted, can_focus=True):
    """Series over steps with a legend of last values, or of those under the cursor."""

    BINDINGS = bindings("chart")
    SCOPES = ("chart",)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._plot = EMPTY
        self._weight = 0.0
        self._view = View()
        self._raster: Raster | None = None
        self._smoothers: dict[tuple[int, str], Smoother] = {}

    def show(self, plot: Plot, *, weight: float = 0.0, log: bool = False, cursor: float | None = None) -> None:
        """Show series; a chart of another title begins without zoom, and without a cursor unless one is given."""
        if (plot.title, plot.axis) != (self._plot.title, self._plot.axis):
            self._view = View()
        if weight != self._weight:
            self._smoothers = {}
        self._plot, self._weight = plot, weight
        at = self._view.cursor if cursor is None else cursor
        self._view = replace(self._view, log=log, last_step=plot.last_step, cursor=at)
        self.redraw()

    def zoom(self, factor: float) -> None:
        """Show a part of the steps that is `factor` times shorter, around the cursor or the newest point."""
        first, last = self._extent()
        low, high = self._view.zoom or (first, last)
        length = (high - low) / factor
        if length >= last - first:
            self.reset_zoom()
            return
        centre = self._view.cursor if self._view.cursor is not None else high
        low = min(max(first, centre - length / 2), last - length)
        self._view = replace(self._view, zoom=(low, low + max(length, 2.0)))
        self.redraw()

    def zoom_in(self) -> None:
        """Half the steps."""
        self.zoom(_ZOOM_FACTOR)

    def zoom_out(self) -> None:
        """Twice the steps."""
        self.zoom(1 / _ZOOM_FACTOR)

    def put_cursor(self, step: float) -> None:
        """Set the cursor on a step."""
        self._view = replace(self._view, cursor=step)
        self.redraw()

    def reset_zoom(self) -> None:
        """All steps, no cursor."""
        self._view = replace(self._view, zoom=None, cursor=None)
        self.redraw()

    @property
    def looked_into(self) -> bool:
        """A zoom or a cursor is set."""
        return self._view.zoom is not None or self._view.cursor is not None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        title = self._title(width, height)
        room = height - len(title)
        self._raster = rasterise(self._curves(), self._view, width, room) if room > 0 else None
        if self._raster is None:
            return [*title, line(("  no measurements yet" if not self._points() else "  too small to draw", "muted"))]
        return [*title, *(_spans(row) for row in self._raster.cells)]

    def action_cursor(self, direction: int) -> None:
        """Move the cursor by a cell."""
        raster = self._raster
        if raster is None:
            return
        width = (raster.x.high - raster.x.low) / max(1, raster.columns - 1)
        start = self._view.cursor if self._view.cursor is not None else self._newest()
        moved = min(raster.x.high, max(raster.x.low, start + direction * width))
        self._view = replace(self._view, cursor=moved)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Set the cursor under the mouse."""
        place = event.get_content_offset(self)
        if self._raster is not None and place is not None and place.x >= self._raster.left:
            self._view = replace(self._view, cursor=self._raster.step_at(place.x))
            self.redraw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in."""
        event.stop()
        self.zoom_in()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out."""
        event.stop()
        self.zoom_out()

    def on_focus(self) -> None:
        """The title is brighter while the keys go here."""
        self.redraw()

    def on_blur(self) -> None:
        """The title is dimmer while the keys go elsewhere."""
        self.redraw()

    def _curves(self) -> list[Curve]:
        dim: list[Curve] = []
        bright: list[Curve] = []
        for position, series in enumerate(self._plot.series):
            ink, glyph = f"series{position % SERIES_INKS + 1}", GLYPHS[position % len(GLYPHS)]
            steps, values = series.steps, series.values
            if self._weight and not series.sparse:
                dim.append(Curve(steps, values, ink.replace("series", "raw")))
                steps, values = finite(steps, values)
                smoother = self._smoothers.setdefault((position, series.label), Smoother(self._weight))
                values = smoother(values)
            bright.append(Curve(steps, values, ink, glyph, series.sparse, series.line, series.band))
        return dim + bright

    def _title(self, width: int, height: int) -> list[Line]:
        """The title with a legend entry for each series, on as many lines as that takes and the height allows."""
        marks = [" log"] if self._view.log else []
        marks += [f" smoothed {self._weight:g}"] if self._weight else []
        title = line((self._plot.title, "accent bold" if self.has_focus else "bold"), ("".join(marks), "muted"))
        if self._view.cursor is not None:
            title = (*title, Span(f" at {self._plot.axis} {self._view.cursor:.0f}", "accent"))
        entries = [self._entry(position, series) for position, series in enumerate(self._plot.series)]
        return flowed([title, *entries], line("  "), width)[: max(1, height // 5)]

    def _entry(self, position: int, series: Series) -> Line:
        ink = f"series{position % SERIES_INKS + 1}"
        steps, values = finite(series.steps, series.values)
        lost = len(series.values) - len(values)
        text = "–" if not len(values) else number(float(values[self._index(steps)]))
        entry = line((GLYPHS[position % len(GLYPHS)], ink), (f" {series.label} ", "muted"), (text, ink))
        return (*entry, Span(f" ({lost} not a number)", "warn")) if lost else entry

    def _index(self, steps: Steps) -> int:
        if self._view.cursor is None:
            return len(steps) - 1
        right = min(len(steps) - 1, int(np.searchsorted(steps, self._view.cursor)))
        left = max(0, right - 1)
        return left if abs(steps[left] - self._view.cursor) <= abs(steps[right] - self._view.cursor) else right

    def _points(self) -> int:
        return sum(len(series.steps) for series in self._plot.series)

    def _newest(self) -> float:
        return max((float(series.steps[-1]) for series in self._plot.series if len(series.steps)), default=0.0)

    def _extent(self) -> tuple[float, float]:
        first = min((float(series.steps[0]) for series in self._plot.series if len(series.steps)), default=0.0)
        return min(0.0, first), max(self._newest(), float(self._plot.last_step or 0), 1.0)


def _spans(row: Sequence[tuple[str, str]]) -> Line:
    return tuple(
        Span("".join(character for character, _ in run), ink) for ink, run in groupby(row, key=lambda cell: cell[1])
    )
