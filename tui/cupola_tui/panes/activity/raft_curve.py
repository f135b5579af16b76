"""The curve of a RAFT workflow: both models over the number of distracting documents, each with its band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from cupola.statistics.estimates import Estimate

from ...views.workflows import raft
from ...widgets.chart import Chart, Plot, Series
from .told import Told

_SIDE_BY_SIDE = 100


class RaftCurve(Container):
    """Shows what it is given; `b` goes through whose band is drawn."""

    def __init__(self) -> None:
        super().__init__(id="raft-curve")
        self.chart, self._said = Chart(id="raft-chart"), Told(id="raft-said")
        self._told: Mapping[str, Any] = {}
        self._banded = 0

    def compose(self) -> ComposeResult:
        yield self.chart
        yield self._said

    def show(self, told: Mapping[str, Any], *, anew: bool = False) -> None:
        """Show the outputs of the stage."""
        self._told = told
        self._draw()
        self._said.show(lambda width: raft.curve_lines(told, width), anew=anew)

    def next_band(self) -> None:
        """Draw the bands of the next arm, of all, of none."""
        self._banded = (self._banded + 1) % (len(raft.arms(self._told)) + 2)
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room, else the words below."""
        self.set_class(event.size.width >= _SIDE_BY_SIDE, "-beside")

    def _draw(self) -> None:
        self.chart.show(plot_of(self._told, self._banded))


def plot_of(told: Mapping[str, Any], banded: int = 0) -> Plot:
    """The chart; what is asked without documents lies level over all numbers of distractors.

    Args:
        told: The outputs of the stage.
        banded: Whose 95% band is drawn: 0 of the two arms that see documents, then one arm after another, then none.
    """
    found = raft.arms(told)
    last = max((level or 0 for points in found.values() for level, _ in points), default=0)
    series = []
    for place, (name, points) in enumerate(found.items()):
        wanted = (banded == 0 and points[0][0] is not None) or banded == place + 1
        series.append(_series(name, points, max(last, 1), wanted))
    return Plot("score", tuple(series), max(last, 1), axis="distractors")


def _series(name: str, points: list[tuple[int | None, Estimate]], last: int, banded: bool) -> Series:
    level = points[0][0] is None
    told = [points[0], points[0]] if level else points
    steps = np.array([0, last] if level else [one or 0 for one, _ in told], np.int64)
    values = np.array([one.value for _, one in told], np.float64)
    low = np.array([one.interval.low for _, one in told], np.float64)
    high = np.array([one.interval.high for _, one in told], np.float64)
    band = (low, high) if banded and np.isfinite(low).all() and np.isfinite(high).all() else None
    return Series(f"{name} ░ 95%" if band else name, steps, values, sparse=not level, band=band)
