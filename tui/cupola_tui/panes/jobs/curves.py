"""The Curves tab: one chart or two with verdict, timeline and the last words of the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from ...lines import Line, line
from ...views import detail
from ...views.converging import order_lines
from ...widgets.chart import EMPTY, SMOOTHINGS, Chart, Plot
from ...widgets.painted import Lines
from .reading import JobView

_SIDE_BY_SIDE = 92
"""Columns from which two charts stand beside each other."""

_STACKED = 22
"""Lines from which two charts stand over each other."""


class Curves(Container):
    """Charts of one job, or of several laid over each other."""

    def __init__(self) -> None:
        super().__init__(id="curves")
        self._plots: Sequence[Plot] = ()
        self._first = 0
        self._smoothing = 0
        self._log = False
        # Held rather than looked up: they may be given something to show before they are mounted.
        self._charts = Chart(id="chart-1"), Chart(id="chart-2")
        self._lines = {name: Lines(id=name) for name in ("problem", "verdict", "state", "last")}

    def compose(self) -> ComposeResult:
        yield self._lines["problem"]
        with Container(id="charts"):
            yield from self._charts
        yield from (self._lines[name] for name in ("verdict", "state", "last"))

    def show(self, view: JobView) -> None:
        """Show a job."""
        self.remove_class("-overlay")
        problem = view.problem
        self._fill("problem", lambda width: detail.problem_lines(problem, width) if problem else ())
        self._fill("verdict", lambda width: detail.verdict_lines(view.verdict, width) if view.verdict else ())
        self._fill("state", lambda width: _state_lines(view, width))
        self._fill("last", lambda width: _last_events(view))
        self._plot(view.plots or ())

    def overlay(self, plots: Sequence[Plot]) -> None:
        """Show several jobs over each other."""
        self.add_class("-overlay")
        for name in self._lines:
            self._fill(name, lambda width: ())
        self._plot(plots)

    def next_metric(self) -> None:
        """Let the next chart be the first."""
        if self._plots:
            self._first = (self._first + 1) % len(self._plots)
        self._draw()

    def next_smoothing(self) -> float:
        """Smooth more, or no more; the new weight."""
        self._smoothing = (self._smoothing + 1) % len(SMOOTHINGS)
        self._draw()
        return SMOOTHINGS[self._smoothing]

    def toggle_log(self) -> None:
        """Logarithmic y axis, and back."""
        self._log = not self._log
        self._draw()

    def charts(self) -> list[Chart]:
        """The charts, first the one that has the focus or stands first."""
        return sorted(self._charts, key=lambda chart: not chart.has_focus)

    def reset(self) -> bool:
        """Show all steps again; False when nothing was zoomed."""
        looked_into = [chart for chart in self.charts() if chart.looked_into]
        for chart in looked_into:
            chart.reset_zoom()
        return bool(looked_into)

    def on_resize(self, event: events.Resize) -> None:
        """Charts beside each other, over each other, or one alone, by room."""
        self._arrange()

    def _plot(self, plots: Sequence[Plot]) -> None:
        self._plots = plots
        self._first = min(self._first, max(0, len(plots) - 1))
        self._arrange()
        if not self.size:
            # Not laid out yet; on a busy machine the first Resize may come before this and then no other.
            self.call_after_refresh(self._arrange)
        self._draw()

    def _arrange(self) -> None:
        two = len(self._plots) > 1
        width, height = self.size
        self.set_class(two and width >= _SIDE_BY_SIDE, "-beside")
        self.set_class(two and width < _SIDE_BY_SIDE and height >= _STACKED, "-stacked")
        self.set_class(not self._plots, "-no-plots")

    def _draw(self) -> None:
        for number, chart in enumerate(self._charts):
            plot = self._plots[(self._first + number) % len(self._plots)] if self._plots else EMPTY
            chart.show(plot, weight=SMOOTHINGS[self._smoothing], log=self._log)

    def _fill(self, name: str, build: Callable[[int], Sequence[Line]]) -> None:
        self._lines[name].show(build)


def _state_lines(view: JobView, width: int) -> list[Line]:
    told = detail.state_lines(view.job, view.stages, view.left, view.wishes, width)
    return [*told, *order_lines(view.job, view.order, view.now, width)]


def _last_events(view: JobView) -> list[Line]:
    if not view.events:
        return [line(("no events yet", "muted"))]
    return [detail.event_line(event) for event in reversed(view.events[-40:])]
