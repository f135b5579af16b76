"""One item: its course over all checkpoints, then the answers at two steps and what graders made of them."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from ...views.bench.answers import ItemView
from ...views.checkpoints.trajectory import Course, trajectory_lines
from ...widgets.painted import Lines
from ..benchmarks.boxes import Box
from ..benchmarks.item import Answers


class Item(Container):
    """Shows what it is given."""

    def __init__(self) -> None:
        super().__init__(id="item-part")
        self.answers = Answers()
        self._course = Lines(id="ckpt-course")
        self._box = Box(self._course, self.answers, id="item-box")

    def compose(self) -> ComposeResult:
        yield self._box

    def show(
        self, view: ItemView, course: Course, pair: tuple[int, int], title: str, *, diff: bool | None = None
    ) -> None:
        """Show an item, with the steps of the pair at the left."""
        self._course.show(lambda width: trajectory_lines(course, pair, width))
        self.answers.show(view, diff=diff)
        below = f"{view.number:,} of {view.total:,} shown · {len(view.answers)} answers · = words that differ"
        self._box.entitle(f"{title} · item {view.place + 1}", below)
