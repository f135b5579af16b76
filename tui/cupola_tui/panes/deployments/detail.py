"""One deployment in tabs: what is known of it, what has happened to it, the quota."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll

from cupola.store.control_plane import QuotaLine
from cupola.store.deployments import Deployment, Step

from ...commands import Scope
from ...lines import Line, Span
from ...views.deployments import detail
from ...widgets.box import Box
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import Column, KeyedRows, Table

TABS = ("facts", "history", "quota")

_HISTORY = (Column("time", 16), Column("state", 9, drop=1), Column("what happened", 20, flexible=True))
_QUOTA = (
    Column("quota", 24, flexible=True),
    Column("used", 11, right=True, drop=1),
    Column("limit", 11, right=True),
    Column("free", 11, right=True),
)


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """All that the detail shows."""

    row: Deployment
    now: float
    steps: Sequence[Step]
    quota: Sequence[QuotaLine]
    probe_usd: float


class DeploymentDetail(Box):
    """Shows what it is given."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()

    def __init__(self) -> None:
        super().__init__(id="detail")
        self._tab = 0
        self._view: DeploymentView | None = None
        self._upper, self._lower = Edge(), Edge(below=True)
        self._facts = VerticalScroll(Lines(id="deployment-facts"), id="deployment-scroll")
        self._history = Table(_HISTORY, id="deployment-history", follow=True, empty="Nothing has happened yet.")
        self._quota = Table(_QUOTA, id="deployment-quota", empty="The service has told no quota.")

    def compose(self) -> ComposeResult:
        yield self._upper
        with Container(id="detail-body", classes="box"):
            yield Lines(id="detail-tabs")
            yield self._facts
            yield self._history
            yield self._quota
        yield self._lower

    def on_mount(self) -> None:
        """Begin with the facts."""
        self._switch()

    def show(self, view: DeploymentView | None) -> None:
        """Show a deployment, or that none is selected."""
        self._view = view
        self._upper.show(view.row.name if view else "")
        self._lower.show(view.row.sku if view else "")
        self._draw()

    def turn(self, by: int) -> None:
        """Open another tab."""
        self._tab = (self._tab + by) % len(TABS)
        self._switch()

    def take_focus(self) -> None:
        """Focus the open tab's content."""
        (self._facts, self._history, self._quota)[self._tab].focus()

    def on_click(self, event: events.Click) -> None:
        """Open the tab under the mouse."""
        tabs = self.query_one("#detail-tabs", Lines)
        place = event.get_content_offset(tabs) if event.widget is tabs else None
        start = 0
        for number, title in enumerate(self._titles() if place is not None else ()):
            if place is not None and start <= place.x < start + len(title):
                self._tab = number
                self._switch()
                return
            start += len(title) + 2

    def _switch(self) -> None:
        focused = self.has_focus_within
        for number, part in enumerate((self._facts, self._history, self._quota)):
            part.display = number == self._tab
        self._draw()
        if focused:
            self.take_focus()

    def _draw(self) -> None:
        self.query_one("#detail-tabs", Lines).show(lambda width: [self._tabs_line()])
        view = self._view
        if view is None:
            self.query_one("#deployment-facts", Lines).show(lambda width: [])
            return
        if self._tab == 0:
            self.query_one("#deployment-facts", Lines).show(
                lambda width: detail.facts_lines(view.row, view.now, view.quota, view.probe_usd, width)
            )
        elif self._tab == 1:
            steps = view.steps
            self._history.show(
                KeyedRows(range(len(steps), 0, -1), lambda index: detail.step_cells(steps[index], view.now))
            )
        else:
            self._draw_quota(view)

    def _draw_quota(self, view: DeploymentView) -> None:
        own = detail.own_quota(view.row, view.quota)
        lines = sorted(view.quota, key=lambda entry: (entry is not own, entry.used == 0, entry.name))
        self._quota.show(
            KeyedRows(
                [entry.name for entry in lines], lambda index: detail.quota_cells(lines[index], lines[index] is own)
            )
        )

    def _tabs_line(self) -> Line:
        spans: list[Span] = []
        for number, title in enumerate(self._titles()):
            spans.append(Span(title, "accent bold underline" if number == self._tab else "muted"))
            spans.append(Span("  "))
        return tuple(spans)

    def _titles(self) -> list[str]:
        view = self._view
        return ["Facts", f"History {len(view.steps)}" if view else "History", "Quota"]
