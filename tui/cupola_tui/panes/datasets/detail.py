"""One dataset in tabs: what is wrong in it, its shape, its rows, its twins, its cost."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from cupola.datasets.findings import FindingGroup
from cupola.datasets.listing import Dataset
from cupola.models import Problem
from cupola.store.downloads import Download
from cupola.store.provenance import Origin

from ...background.tasks import Checked, Conversation, Measured, Offer, Progress, Twins
from ...commands import Scope
from ...lines import Line, Span, line
from ...views import dataset_detail, datasets
from ...widgets.box import Box
from ...widgets.conversation import ConversationView
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import NO_ROWS, Column, KeyedRows, Table
from .shape import Shape

TABS = ("check", "shape", "rows", "twins", "cost")

_CHECK = (Column("", 1), Column("count", 6, right=True, drop=1), Column("problem", 20, flexible=True))
_TWINS = (
    Column("alike", 5, right=True),
    Column("kind", 11, drop=2),
    Column("first", 12),
    Column("again", 12),
    Column("prompt", 12, flexible=True),
)
_COST = (
    Column("model", 14, flexible=True),
    Column("tier", 9),
    Column("training", 20, right=True),
    Column("hosting/mo", 10, right=True, drop=2),
    Column("price of", 12, drop=1),
)


@dataclass(frozen=True, slots=True)
class DatasetView:
    """All that the detail shows."""

    dataset: Dataset
    now: float
    model: str | None = None
    progress: Progress | None = None
    checked: Checked | None = None
    measured: Measured | None = None
    twins: Twins | None = None
    conversation: Conversation | None = None
    words: str = ""
    """What is searched for in the rows."""
    problem: Problem | None = None
    """Why the open tab cannot be filled."""
    download: Download | None = None
    """The latest of its service files."""
    origin: Origin | None = None
    """How it was made here, if it was."""


class FocusableLines(Lines, can_focus=True):
    """Takes the focus where a tab has nothing else to show, so that keys go on working."""


class DatasetDetail(Box):
    """Shows what it is given."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()

    class Turned(Message):
        """Another tab was opened."""

    class LineWanted(Message):
        """A line of the file is to be shown."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    def __init__(self) -> None:
        super().__init__(id="detail")
        self._tab = 0
        self._view: DatasetView | None = None
        self._groups: Sequence[FindingGroup] = ()
        self._offers: Sequence[Offer] = ()
        self._filled = False
        """The open tab has something to show."""
        self._upper, self._lower = Edge(), Edge(below=True)

    def compose(self) -> ComposeResult:
        yield self._upper
        with Container(id="detail-body", classes="box"):
            yield Lines(id="detail-tabs")
            yield Lines(id="facts")
            yield FocusableLines(id="tab-problem")
            with Container(id="tab-check", classes="tab"):
                yield Lines(id="verdict", classes="head")
                yield Table(_CHECK, id="check", follow=True)
                yield Lines(id="check-note", classes="foot")
            with Container(id="tab-shape", classes="tab"):
                yield Shape()
            with Container(id="tab-rows", classes="tab"):
                yield ConversationView(id="rows")
            with Container(id="tab-twins", classes="tab"):
                yield Lines(id="twins-verdict", classes="head")
                yield Table(_TWINS, id="twins")
                yield Lines(id="twins-note", classes="foot")
            with Container(id="tab-cost", classes="tab"):
                yield Lines(id="cost-head", classes="head")
                yield Table(_COST, id="cost")
                yield Lines(id="cost-note", classes="foot")
        yield self._lower

    def on_mount(self) -> None:
        """Begin with the check."""
        self._switch()

    @property
    def tab(self) -> str:
        """The name of the tab that is open."""
        return TABS[self._tab]

    @property
    def rows(self) -> ConversationView:
        """The Rows tab's content."""
        return self.query_one(ConversationView)

    def show(self, view: DatasetView | None) -> None:
        """Show a dataset, or that none is selected."""
        self._view = view
        self._upper.show(view.dataset.name if view else "")
        self._lower.show(self._subtitle(view))
        self._draw()

    def open(self, tab: str) -> None:
        """Open a tab by name."""
        self._turn_to(TABS.index(tab))

    def turn(self, by: int) -> None:
        """Open another tab."""
        self._turn_to((self._tab + by) % len(TABS))

    def take_focus(self) -> None:
        """Focus the open tab's content."""
        target: Widget = self.query_one(f"#{self.tab}" if self._filled else "#tab-problem")
        target.focus()

    def _turn_to(self, number: int) -> None:
        self._tab = number
        self._switch()
        self.post_message(self.Turned())

    def _switch(self) -> None:
        focused = self.has_focus_within
        self._draw()
        if focused:
            self.take_focus()

    def _draw(self) -> None:
        self._fill("detail-tabs", lambda width: [self._tabs_line()])
        view = self._view
        problem = None if view is None else view.problem if view.dataset.local else _only_at_the_service()
        focused, before = self.has_focus_within, self._filled
        self._filled = view is not None and problem is None
        for name in TABS:
            self.query_one(f"#tab-{name}").display = name == self.tab and self._filled
        if focused and before != self._filled:
            self.take_focus()
        if view is None:
            self._fill("facts", lambda width: ())
            return
        self._fill("facts", lambda width: datasets.facts(view.dataset, view.now, width, view.download, view.origin))
        self._fill("tab-problem", lambda width: dataset_detail.problem_lines(problem, width) if problem else ())
        if problem is None:
            {
                "check": self._draw_check,
                "shape": lambda view: self.query_one(Shape).show(view.measured),
                "rows": lambda view: self.rows.show(view.conversation, view.words),
                "twins": self._draw_twins,
                "cost": self._draw_cost,
            }[self.tab](view)

    def _draw_check(self, view: DatasetView) -> None:
        groups = view.checked.groups if view.checked else view.progress.groups if view.progress else ()
        self._groups = groups
        self._fill(
            "verdict", lambda width: dataset_detail.verdict_lines(view.checked, view.progress, view.model, width)
        )
        rows = dataset_detail.check_rows(groups)
        table = self.query_one("#check", Table)
        table.show(KeyedRows([key for key, _ in rows], lambda index: rows[index][1]))
        self._note(table.key)

    def _draw_twins(self, view: DatasetView) -> None:
        twins, table = view.twins, self.query_one("#twins", Table)
        if twins is None:
            self._fill("twins-verdict", lambda width: [line(("comparing rows …", "muted"))])
            table.show(NO_ROWS)
            self._note_twins(None)
            return
        self._fill("twins-verdict", lambda width: dataset_detail.twins_lines(twins, width))
        pairs = twins.pairs
        table.show(KeyedRows(range(len(pairs)), lambda index: dataset_detail.twin_cells(pairs[index])))
        self._note_twins(table.key)

    def _draw_cost(self, view: DatasetView) -> None:
        measured, table = view.measured, self.query_one("#cost", Table)
        if measured is None:
            self._fill("cost-head", lambda width: [line(("counting tokens …", "muted"))])
            table.show(NO_ROWS)
            return
        self._fill("cost-head", lambda width: dataset_detail.cost_lines(measured, view.model, width))
        offers = self._offers = dataset_detail.offers_in_order(measured)
        keys: list[Hashable] = [(offer.model, offer.tier) for offer in offers]
        table.show(KeyedRows(keys, lambda index: dataset_detail.offer_cells(offers[index])))
        self._note_offer(table.key)

    def _note(self, key: Hashable | None) -> None:
        groups = self._groups
        self._fill("check-note", lambda width: dataset_detail.check_note(groups, key, width))

    def _note_offer(self, key: Hashable | None) -> None:
        offer = next((one for one in self._offers if (one.model, one.tier) == key), None)
        self._fill("cost-note", lambda width: dataset_detail.offer_note(offer, width) if offer else ())

    def _fill(self, name: str, build: Callable[[int], Sequence[Line]]) -> None:
        self.query_one(f"#{name}", Lines).show(build)

    def _note_twins(self, key: Hashable | None) -> None:
        twins = self._view.twins if self._view else None
        pair = twins.pairs[key] if twins and isinstance(key, int) and key < len(twins.pairs) else None
        self._fill("twins-note", lambda width: dataset_detail.twin_note(pair, width) if pair else ())

    @on(Table.Moved, "#twins")
    def _twin_moved(self, event: Table.Moved) -> None:
        self._note_twins(event.key)

    @on(Table.Moved, "#check")
    def _problem_moved(self, event: Table.Moved) -> None:
        self._note(event.key)

    @on(Table.Moved, "#cost")
    def _offer_moved(self, event: Table.Moved) -> None:
        self._note_offer(event.key)

    @on(Table.Opened, "#check")
    def _problem_opened(self, event: Table.Opened) -> None:
        key = event.key
        group = next((one for one in self._groups if isinstance(key, tuple) and one.rule.id == key[0]), None)
        if group is None or not group.examples or not isinstance(key, tuple):
            return
        example = group.examples[max(0, int(key[1]))]
        if example.line:
            self.post_message(self.LineWanted(example.line))

    @on(Table.Opened, "#twins")
    def _twin_opened(self, event: Table.Opened) -> None:
        view = self._view
        if view is None or view.twins is None or not isinstance(event.key, int):
            return
        pair = view.twins.pairs[event.key]
        mine = {file.path for file in view.dataset.local}
        self.post_message(self.LineWanted((pair.second if pair.second[0] in mine else pair.first)[1]))

    def on_click(self, event: events.Click) -> None:
        """Open the tab under the mouse."""
        tabs = self.query_one("#detail-tabs", Lines)
        place = event.get_content_offset(tabs) if event.widget is tabs else None
        start = 0
        for number, title in enumerate(self._titles()):
            if place is not None and start <= place.x < start + len(title):
                self._turn_to(number)
                return
            start += len(title) + 2

    def _tabs_line(self) -> Line:
        spans: list[Span] = []
        for number, title in enumerate(self._titles()):
            spans.append(Span(title, "accent bold underline" if number == self._tab else "muted"))
            spans.append(Span("  "))
        return tuple(spans)

    def _titles(self) -> list[str]:
        view = self._view
        counts: dict[str, int] = {}
        if view is not None and view.checked is not None:
            counts = {"check": len(view.checked.groups), "rows": view.checked.file.rows or 0}
        if view is not None and view.twins is not None:
            counts["twins"] = view.twins.total
        return [f"{name.capitalize()} {counts[name]:,}" if counts.get(name) else name.capitalize() for name in TABS]

    @staticmethod
    def _subtitle(view: DatasetView | None) -> str:
        return f"for {view.model}" if view is not None and view.model else ""


def _only_at_the_service() -> Problem:
    return Problem(
        "Only the service holds this file, or its content is not known to be that of a file on disk.",
        "",
        "x downloads it; or press a and name the file on disk.",
    )
