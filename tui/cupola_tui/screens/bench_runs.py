"""The runs of a benchmark: one to be shown, two to be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from cupola.errors import CupolaError
from cupola.store.benchmarks import Run

from ..commands import bindings
from ..lines import Line, visible, wrapped
from ..messages import Say
from ..views.bench.runs import COLUMNS, RunChange, cells, change_lines
from ..widgets.table import KeyedRows, Table
from .modal import Modal
from .reader import ReaderScreen


class RunsScreen(Modal[int | None]):
    """Answers with the id of the run to be shown, or None."""

    BINDINGS = bindings("runs")
    SCOPES = ("runs",)

    class Compared(Message):
        """Two runs were held against each other."""

        def __init__(self, found: RunChange | CupolaError) -> None:
            super().__init__()
            self.found = found

    def __init__(
        self, runs: Sequence[Run], shown: int | None, now: float, compare: Callable[[Run, Run], Callable[[], RunChange]]
    ) -> None:
        super().__init__()
        self._runs = {run.id: run for run in runs}
        self._shown, self._now, self._compare = shown, now, compare

    def compose(self) -> ComposeResult:
        with Vertical(id="reader") as box:
            name = next(iter(self._runs.values())).benchmark
            box.border_title = Content(visible(f"Runs of {name}"))
            box.border_subtitle = Content("enter show  space mark two  = compare  esc close")
            yield Table(COLUMNS, id="runs", markable=True)

    def on_mount(self) -> None:
        """List the runs, the cursor on the one that is shown."""
        newest = next(iter(self._runs.values()))
        keys = list(self._runs)
        table = self.query_one("#runs", Table)
        table.show(KeyedRows(keys, lambda index: cells(self._runs[keys[index]], newest, self._now)))
        if self._shown is not None:
            table.move_to_key(self._shown)
        table.focus()

    def action_compare(self) -> None:
        """The two marked runs, or the marked one and the one under the cursor."""
        table = self.query_one("#runs", Table)
        chosen = [run for key, run in self._runs.items() if key in table.marks]
        if len(chosen) == 1 and isinstance(table.key, int) and table.key not in table.marks:
            chosen.append(self._runs[table.key])
        if len(chosen) != 2:
            self.post_message(Say("Mark two runs with space, then press = to compare them.", warning=True))
            return
        # What the store holds is read here; only the arithmetic goes into the thread.
        work = self._compare(chosen[0], chosen[1])
        self.run_worker(lambda: self._work(work), thread=True, exclusive=True, group="compare")

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    @on(Table.Opened, "#runs")
    def _open(self, event: Table.Opened) -> None:
        event.stop()
        self.dismiss(event.key if isinstance(event.key, int) else None)

    def _work(self, work: Callable[[], RunChange]) -> None:
        try:
            found: RunChange | CupolaError = work()
        except CupolaError as error:
            found = error
        self.post_message(self.Compared(found))

    @on(Compared)
    def _show(self, event: Compared) -> None:
        event.stop()
        found = event.found

        def lines(width: int) -> list[Line]:
            if isinstance(found, CupolaError):
                return wrapped(str(found), width, "warn")
            return change_lines(found, self._now, width)

        self.app.push_screen(ReaderScreen("Two runs compared", lines))
