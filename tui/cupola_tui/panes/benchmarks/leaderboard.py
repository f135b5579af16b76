"""The leaderboard with its frontier chart and verdict panel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from cupola.benchmarks.frontier import Axis
from cupola.benchmarks.leaderboard import Row
from cupola.statistics.estimates import Interval

from ...commands import Scope, bindings
from ...lines import Line
from ...views.bench import board as rows
from ...views.bench.intervals import common_axis
from ...views.bench.progress import run_lines
from ...views.bench.records import BoardView
from ...views.bench.verdict import keys_line, verdict_lines
from ...widgets.painted import Lines
from ...widgets.scatter import Scatter
from ...widgets.table import NO_ROWS, KeyedRows, Table, fit_columns
from .boxes import Box
from .reading import read_cloud

AXES: tuple[Axis, ...] = ("cost", "latency", "completion")

_AROUND = 6
"""Lines of the upper box that are not arms: edges, tabs, titles, two for outcomes."""

_LEAST = 9

_ROOMY = 26
"""Lines from which on the run's numbers are told in full."""

_TITLES = {
    "cost": "score against $ per 1,000 answers",
    "latency": "score against median seconds",
    "completion": "score against tokens",
}


class Leaderboard(Container):
    """Shows what it is given; tells the pane what is wanted of it."""

    BINDINGS = bindings("benchmarks")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("benchmarks",)

    class Decided(Message):
        """The arm under the cursor is to have a role."""

        def __init__(self, role: str) -> None:
            super().__init__()
            self.role = role

    class Wanted(Message):
        """Something else is to be shown: compare, label, ledger or other (the next benchmark)."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self) -> None:
        super().__init__(id="leaderboard")
        self._view: BoardView | None = None
        self._axis = Interval(0.0, 1.0)
        self._chart = self._sort = 0
        self._height = 0
        self._today = datetime.fromtimestamp(0, UTC).date()
        # Held rather than looked up: they may be given something to show before they are mounted.
        self.table = Table((), id="arms", markable=True)
        self._tabs, self._run, self._outcomes = (Lines(id=f"bench-{name}") for name in ("tabs", "run", "outcomes"))
        self._scatter, self._verdict = Scatter(id="frontier"), Lines(id="bench-verdict")
        self._upper = Box(self._tabs, self._run, self.table, self._outcomes, id="bench-board")
        self._left = Box(self._scatter, id="bench-frontier")
        self._right = Box(self._verdict, id="bench-advice", title="verdict")

    def compose(self) -> ComposeResult:
        yield self._upper
        with Container(id="bench-below"):
            yield self._left
            yield self._right

    def show(self, view: BoardView, now: float) -> None:
        """Show a benchmark."""
        self._view, self._today = view, datetime.fromtimestamp(now, UTC).date()
        self._upper.entitle(rows.title(view), rows.method(view))
        self._tabs.show(lambda width: [rows.tabs_line(view)])
        self._run.show(lambda width: run_lines(view, width, brief=self._brief))
        self._show_arms(view)
        self._fit()
        self._verdict.show(lambda width: self._advice(view, width))
        self.show_selected()
        self._draw_chart()

    def show_selected(self) -> None:
        """Show the outcomes of the arm under the cursor."""
        view, index = self._view, self.table.key
        row = next((row for row in view.board.rows if row.index == index), None) if view and view.board else None
        self._outcomes.show(lambda width: rows.outcomes_lines(row, width) if row is not None else ())

    @property
    def _brief(self) -> bool:
        """There is no room for what is not needed to decide."""
        return self.size.height < _ROOMY

    def _fit(self) -> None:
        """As high as the arms need, and no more than three fifths of the pane."""
        arms = len(self._view.board.rows) if self._view and self._view.board else 0
        lines = len(run_lines(self._view, max(20, self.size.width - 4), brief=self._brief)) if self._view else 0
        height = min(max(arms, 3) + lines + _AROUND, max(_LEAST, self.size.height * 3 // 5))
        if self._height != height:
            self._height = height
            self._upper.styles.height = height

    def action_decide(self, role: str) -> None:
        """Give a role to the arm under the cursor."""
        self.post_message(self.Decided(role))

    def action_want(self, what: str) -> None:
        """Show something else."""
        self.post_message(self.Wanted(what))

    def action_sort(self) -> None:
        """The next order."""
        self._sort_by((self._sort + 1) % len(rows.SORTS))

    def on_table_title_clicked(self, event: Table.TitleClicked) -> None:
        """Order by the column whose title was clicked."""
        event.stop()
        names = [name for name, column in rows.SORTED_COLUMN.items() if column == event.column]
        if names:
            self._sort_by(rows.SORTS.index(names[0]))

    def _sort_by(self, position: int) -> None:
        self._sort = position
        if self._view is not None:
            self._show_arms(self._view)

    def action_chart(self) -> None:
        """Cost, latency, tokens; where there is room for one box only, the verdict comes after them."""
        places = len(AXES) + (0 if self._side_by_side else 1)
        self._chart = (self._chart + 1) % places
        self._draw_chart()

    def on_resize(self, event: events.Resize) -> None:
        """Chart and verdict beside each other, or one of them, by room."""
        self._fit()
        self._draw_chart()

    @property
    def _side_by_side(self) -> bool:
        return self.size.width >= 100

    def _show_arms(self, view: BoardView) -> None:
        board = view.board
        if board is None:
            self.table.show(NO_ROWS)
            return
        self._axis = common_axis([row.score for row in board.rows], board.view.scale.low, board.view.scale.high)
        self.table.set_columns(rows.columns(view, self._axis))
        by = rows.SORTS[self._sort]
        self.table.sorted_by = rows.SORTED_COLUMN[by], by == "score"
        shown = rows.ordered(board.rows, by)
        self.table.show(KeyedRows([row.index for row in shown], lambda index: self._cells(view, shown[index])))

    def _cells(self, view: BoardView, row: Row) -> tuple[Line, ...]:
        layout = fit_columns(rows.columns(view, self._axis), self.table.size.width - 2)
        return rows.cells(row, view, self._axis, layout[rows.BAR], self._today)

    def _draw_chart(self) -> None:
        alone = not self._side_by_side
        if not alone:
            self._chart %= len(AXES)
        # Where there is room for one, the verdict is what to see first.
        self._left.display = not alone or self._chart > 0
        self._right.display = not alone or self._chart == 0
        axis = AXES[(self._chart - 1 if alone else self._chart) % len(AXES)]
        self._left.entitle(_TITLES[axis], "m next axis" if not alone else "m next")
        self._right.entitle("verdict", "" if not alone else "m chart")
        if self._view is not None and self._left.display:
            self._scatter.show(read_cloud(self._view, axis))

    def _advice(self, view: BoardView, width: int) -> Sequence[Line]:
        out = verdict_lines(view, width)
        if view.proposals and len(view.standing) < 3:
            out += [(), keys_line()]
        return out
