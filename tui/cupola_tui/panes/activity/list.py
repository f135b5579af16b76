"""The list of the Activity pane: everything in tabs, and what was spent by day, month, job or workflow."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from ...views.activity import detail, spend, things
from ...views.activity.things import Thing
from ...widgets.box import Box
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import KeyedRows, Table
from .reading import ActivityFacts

SPEND = "spend"


class ThingList(Box):
    """Shows one tab at a time."""

    class Turned(Message):
        """Another tab was opened."""

    def __init__(self, facts: ActivityFacts, clock: Callable[[], float]) -> None:
        super().__init__(id="list")
        self._facts, self._clock = facts, clock
        self.kind = ""
        """The tab that is open; "" is all."""
        self._every: Sequence[Thing] = ()
        self._shown: list[Thing] = []
        self._table = Table(things.COLUMNS, id="activity", empty="Nothing here has these words.")
        self._by = spend.BY[0]
        self._budgets = Lines(id="activity-budgets")
        nothing = "Nothing was spent yet, as far as is known."
        self._totals = Table(spend.columns(self._by), id="activity-days", empty=nothing)
        self._edge, self._below = Edge("Activity"), Edge(below=True)
        self._tabs, self._nothing = Lines(id="activity-tabs"), Lines(id="no-activity")

    def compose(self) -> ComposeResult:
        yield self._edge
        with Container(id="list-body", classes="box"):
            yield self._tabs
            yield self._table
            yield self._budgets
            yield self._totals
            yield self._nothing
        yield self._below

    @property
    def content(self) -> Widget:
        """What takes the keys."""
        return self._totals if self.kind == SPEND else self._table

    @property
    def selected(self) -> Thing | None:
        """The row under the cursor."""
        if self.kind == SPEND:
            return None
        return next((one for one in self._shown if one.key == self._table.key), None)

    def move_to(self, key: Hashable) -> None:
        """Put the cursor on a row."""
        self._table.move_to_key(key)

    def show(self, words: str) -> None:
        """Show what is known now; of a tab only what has the words."""
        now = self._clock()
        every = self._every = self._facts.things(now)
        kind, titles = self.kind, things.tabs(every)
        self._nothing.show(detail.nothing_yet)
        self._tabs.show(lambda width: [detail.tabs_line(titles, kind)])
        self._table.display, self._totals.display = kind != SPEND and bool(every), kind == SPEND and bool(every)
        self._budgets.display = self._totals.display
        if kind == SPEND:
            self._show_totals(now)
            return
        shown = self._shown = things.matching(every, kind, words)
        self._table.show(KeyedRows([one.key for one in shown], lambda index: things.cells(shown[index], now)))
        self._below.show(_counted(every, shown, words))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all."""
        return not self._every

    def turn(self, by: int) -> None:
        """Open another tab."""
        kinds = [kind for kind, _ in things.tabs(self._every)]
        place = kinds.index(self.kind) if self.kind in kinds else 0
        self.turn_to(kinds[(place + by) % len(kinds)])

    def turn_to(self, kind: str) -> None:
        """Open a tab."""
        self.kind = kind
        self.post_message(self.Turned())

    def on_click(self, event: events.Click) -> None:
        """Open the tab under the mouse."""
        place = event.get_content_offset(self._tabs) if event.widget is self._tabs else None
        kind = detail.tab_at(things.tabs(self._every), place.x) if place is not None else None
        if kind is not None:
            self.turn_to(kind)

    def turn_by(self) -> None:
        """Add what was spent up by the next of day, month, job and workflow."""
        if self.kind == SPEND:
            self._by = spend.BY[(spend.BY.index(self._by) + 1) % len(spend.BY)]
            self._totals.set_columns(spend.columns(self._by))
        self.turn_to(SPEND)

    def _show_totals(self, now: float) -> None:
        by, totals, budgets = self._by, self._facts.totals(self._by, now), self._facts.budgets(now)
        dearest = max((total.amount.cautious for total in totals), default=0.0)
        self._budgets.show(lambda width: spend.head_lines(by, budgets, width))
        self._totals.show(KeyedRows([total.key for total in totals], lambda index: spend.cells(totals[index], dearest)))
        self._below.show(spend.whole_words(totals))


def _counted(every: Sequence[Thing], shown: Sequence[Thing], words: str) -> str:
    live, needs = sum(one.live for one in every), sum(one.needs for one in every)
    count = f"{len(shown)} of {len(every)}" if words else f"{len(shown)}"
    asking = f"{needs} need you" if needs > 1 else "1 needs you" if needs else ""
    return " · ".join(part for part in (count, f"{live} under way" if live else "", asking) if part)
