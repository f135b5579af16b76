"""The upper part: the reward by step, the table of steps, and what is said of the best."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from ...views.checkpoints import steps
from ...views.checkpoints.steps import StepsView
from ...widgets.chart import Chart, Plot
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import KeyedRows
from ..benchmarks.boxes import Box
from .tables import FlipTable


class Curve(Container):
    """Shows what it is given."""

    def __init__(self) -> None:
        super().__init__(id="ckpt-upper")
        self.chart = Chart(id="ckpt-chart")
        self.table = FlipTable(steps.COLUMNS, id="ckpt-steps", empty="No validation pass yet.")
        self._said = Lines(id="ckpt-said")
        self._beside = Container(self.chart, self.table, id="ckpt-beside")
        self._box = Box(self._beside, self._said, id="ckpt-curve-box")

    def compose(self) -> ComposeResult:
        yield self._box

    def show(
        self,
        view: StepsView,
        plot: Plot,
        below: str,
        step: int,
        place: float,
        *,
        weight: float = 0.0,
        log: bool = False,
    ) -> None:
        """Show a job's steps, with the cursor on one of them, which has its place on the chart."""
        self._box.entitle(steps.title(view), below)
        self.chart.show(plot, weight=weight, log=log, cursor=place)
        self.table.show(KeyedRows(view.evals.steps, lambda row: steps.cells(view, row)))
        self.table.move_to_key(step)
        self.say(view)

    def say(self, view: StepsView) -> None:
        """Say anew what is said of a job."""
        self._said.show(lambda width: steps.sentence_lines(view, width))

    def mark(self, step: int, place: float) -> None:
        """Set the cursor on a step in the table, and where that stands on the chart."""
        self.table.move_to_key(step)
        self.chart.put_cursor(place)


class JobChoice(Container):
    """The reinforcement jobs, where there are several."""

    def __init__(self) -> None:
        super().__init__(id="ckpt-jobs-part")
        self.table = FlipTable(steps.JOB_COLUMNS, id="ckpt-jobs")
        self._upper, self._lower = Edge("Reinforcement jobs"), Edge(below=True)

    def compose(self) -> ComposeResult:
        yield self._upper
        with Container(classes="box"):
            yield self.table
        yield self._lower
