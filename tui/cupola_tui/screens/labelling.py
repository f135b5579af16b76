"""Answers to label blind, one after another; at the end, what the labels say of the grader."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cupola.benchmarks import labels
from cupola.benchmarks.definition import GraderUse
from cupola.benchmarks.labels import GraderReport, ToLabel
from cupola.errors import CupolaError
from cupola.store import grades
from cupola.store.database import Database

from ..commands import bindings
from ..lines import Line, visible, wrapped
from ..messages import Keep
from ..views.bench.labels import keys_line, report_lines, task_lines
from ..widgets.painted import Lines
from .modal import Modal
from .reader import Pages, ReaderScreen


class LabellingScreen(Modal[None]):
    """Takes a word on each answer; `report` is asked when all are labelled."""

    BINDINGS = bindings("label")
    SCOPES = ("label",)

    def __init__(
        self,
        use: GraderUse,
        tasks: Sequence[ToLabel],
        report: Callable[[], GraderReport],
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        self._use, self._tasks, self._report, self._clock = use, list(tasks), report, clock
        self._done = 0
        self._found: GraderReport | CupolaError | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="reader") as box:
            box.border_title = Content(visible(f"Label answers · {self._use.name}"))
            yield Pages(self._lines)
            yield Lines(id="label-keys")

    def on_mount(self) -> None:
        """Begin, or show the report when there is nothing left to label."""
        self.query_one("#label-keys", Lines).show(lambda width: [keys_line()])
        self._show()

    def action_say(self, passed: bool | None) -> None:
        """Label the answer and go on."""
        if self._done == len(self._tasks):
            return
        self.app.post_message(Keep(self._keeping(self._tasks[self._done], passed, self._clock())))
        self._done += 1
        self._show()

    def action_undo(self) -> None:
        """Take the last label back and judge that answer again."""
        if not self._done:
            return
        self._done -= 1
        self.app.post_message(Keep(self._dropping(self._tasks[self._done])))
        self._found = None
        self._show()

    def action_so_far(self) -> None:
        """What the labels given until now say of the grader."""
        # Behind the label that was just sent to be kept.
        self.app.call_later(self._show_so_far)

    def action_scroll(self, by: int) -> None:
        """Scroll a long answer."""
        self.query_one(Pages).scroll_lines(by)

    def action_close(self) -> None:
        """Close; every label is in the store already."""
        self.dismiss(None)

    def _keeping(self, task: ToLabel, passed: bool | None, now: float) -> Callable[[Database], object]:
        """Keeps what was said of an answer."""
        use = self._use
        return lambda database: labels.label(database, task, use, passed, now)

    def _dropping(self, task: ToLabel) -> Callable[[Database], object]:
        """Takes it back."""
        use = self._use
        return lambda database: grades.drop_label(database, task.request, task.number, task.item, use.hash)

    def _show(self) -> None:
        self.query_one(Pages).show_anew()
        if self._done == len(self._tasks) and self._found is None:
            # Behind the label that was just sent to be kept.
            self.app.call_later(self._read_report)

    def _read_report(self) -> None:
        try:
            self._found = self._report()
        except CupolaError as error:
            self._found = error
        if self.is_mounted:
            self.query_one(Pages).show_anew()

    def _show_so_far(self) -> None:
        found: GraderReport | CupolaError
        try:
            found = self._report()
        except CupolaError as error:
            found = error
        self.app.push_screen(ReaderScreen("What the labels say so far", lambda width: self._said(found, width)))

    def _lines(self, width: int) -> list[Line]:
        if self._done < len(self._tasks):
            return task_lines(self._tasks[self._done], self._use, self._done, len(self._tasks), width)
        if self._found is None:
            return []
        return self._said(self._found, width)

    def _said(self, found: GraderReport | CupolaError, width: int) -> list[Line]:
        if isinstance(found, CupolaError):
            return wrapped(str(found), width, "warn")
        return report_lines(found, width, asks_model=bool(self._use.judges))
