"""One job in tabs: curves, events, checkpoints, configuration; or several jobs' curves over each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from cupola.models import Job

from ...commands import Scope
from ...lines import Line, Span, line
from ...views import detail
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import NO_ROWS, Column, KeyedRows, Table
from .reading import JobView

if TYPE_CHECKING:
    from ...widgets.chart import Plot
    from .curves import Curves

TABS = ("curves", "events", "checkpoints", "config")

_EVENTS = (Column("time", 8), Column("level", 7, drop=1), Column("message", 20, flexible=True))
_CONFIG = (Column("field", 28), Column("value", 20, flexible=True))


class JobDetail(Container):
    """Shows what it is given."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()

    def __init__(self) -> None:
        super().__init__(id="detail")
        self._tab = 0
        self._view: JobView | None = None
        self._metrics: list[str] | None = None
        self._upper, self._lower = Edge(), Edge(below=True)
        self._curves: Curves | None = None

    def compose(self) -> ComposeResult:
        yield self._upper
        with Container(id="detail-body", classes="box"):
            yield Lines(id="detail-tabs")
            yield Table(_EVENTS, id="events", follow=True, empty="No events yet.")
            yield Table((), id="checkpoints", empty="No checkpoints yet.")
            yield Table(_CONFIG, id="config")
        yield self._lower

    def on_mount(self) -> None:
        """Begin with the curves."""
        self._switch()

    def add_curves(self, curves: Curves) -> None:
        """Take the charts in, which come after the first paint since they need numpy and plotext."""
        self._curves = curves
        self.query_one("#detail-body").mount(curves, after="#detail-tabs")
        self._switch()

    @property
    def tab(self) -> str:
        """The name of the tab that is open."""
        return TABS[self._tab]

    def show(self, view: JobView) -> None:
        """Show a job."""
        self._view = view
        self.remove_class("-overlay")
        self._entitle(detail.title(view.job), view.job.id)
        self._draw()

    def overlay(self, jobs: Sequence[Job], plots: Sequence[Plot]) -> None:
        """Show several jobs' curves over each other."""
        self.add_class("-overlay")
        self._tab = 0
        self._switch()
        shared = any(len(plot.series) > 1 for plot in plots)
        self._entitle(f"{len(jobs)} jobs " + ("compared" if shared else "without a metric in common"), "esc one job")
        if self._curves is not None:
            self._curves.overlay(plots)

    def clear(self) -> None:
        """Show that no job is selected."""
        self._view = None
        self._entitle("", "")
        self._draw_tabs()
        for table in self.query(Table):
            table.show(NO_ROWS)

    def turn(self, by: int) -> None:
        """Open another tab."""
        self._tab = (self._tab + by) % len(TABS)
        self._switch()

    def take_focus(self) -> None:
        """Focus the open tab's content."""
        if self.tab != "curves":
            self.query_one(f"#{self.tab}").focus()
        elif self._curves is not None:
            self._curves.charts()[0].focus()

    def _entitle(self, title: str, subtitle: str) -> None:
        self._upper.show(title)
        self._lower.show(subtitle)

    def on_descendant_focus(self) -> None:
        """The keys go here."""
        self._upper.light(True)
        self._lower.light(True)

    def on_descendant_blur(self) -> None:
        """The keys go elsewhere."""
        self._upper.light(False)
        self._lower.light(False)

    def _switch(self) -> None:
        focused = self.has_focus_within
        for table in self.query(Table):
            table.display = table.id == self.tab
        if self._curves is not None:
            self._curves.display = self.tab == "curves"
        self._draw()
        if focused:
            self.take_focus()

    def _draw(self) -> None:
        self._draw_tabs()
        view = self._view
        if view is None or self.has_class("-overlay"):
            return
        if self.tab == "curves":
            if self._curves is not None:
                self._curves.show(view)
        elif self.tab == "events":
            self._draw_events(view)
        elif self.tab == "checkpoints":
            self._draw_checkpoints(view)
        else:
            rows = detail.config_rows(view.job, view.now)
            cells = [(line((name, "muted")), line(value)) for name, value in rows]
            self.query_one("#config", Table).show(KeyedRows([name for name, _ in rows], cells.__getitem__))

    def _draw_events(self, view: JobView) -> None:
        newest = view.events[::-1]
        rows = KeyedRows([event.id for event in newest], lambda index: detail.event_cells(newest[index], view.now))
        self.query_one("#events", Table).show(rows)

    def _draw_checkpoints(self, view: JobView) -> None:
        newest = list(reversed(view.checkpoints))
        metrics = detail.checkpoint_metrics(newest)[:4]
        table = self.query_one("#checkpoints", Table)
        if metrics != self._metrics:
            self._metrics = metrics
            table.set_columns(_checkpoint_columns(metrics))
        cells = [
            detail.checkpoint_cells(checkpoint, listed, metrics, view.now, keep=view.keep)
            for checkpoint, listed in newest
        ]
        table.show(KeyedRows([checkpoint.id for checkpoint, _ in newest], cells.__getitem__))

    def _draw_tabs(self) -> None:
        self.query_one("#detail-tabs", Lines).show(lambda width: [self._tabs_line()])

    def _tabs_line(self) -> Line:
        if self.has_class("-overlay"):
            return line(("m next metric  S smoothing  L log  + - 0 zoom", "muted"))
        spans: list[Span] = []
        for number, title in enumerate(self._titles()):
            spans.append(Span(title, "accent bold underline" if number == self._tab else "muted"))
            spans.append(Span("  "))
        return tuple(spans)

    def _titles(self) -> list[str]:
        view = self._view
        counts = {"events": len(view.events), "checkpoints": len(view.checkpoints)} if view else {}
        return [f"{name.capitalize()} {counts[name]:,}" if counts.get(name) else name.capitalize() for name in TABS]

    def on_click(self, event: events.Click) -> None:
        """Open the tab under the mouse."""
        tabs = self.query_one("#detail-tabs", Lines)
        place = event.get_content_offset(tabs) if event.widget is tabs else None
        if place is None or self.has_class("-overlay"):
            return
        start = 0
        for number, title in enumerate(self._titles()):
            if start <= place.x < start + len(title):
                self._tab = number
                self._switch()
                return
            start += len(title) + 2


def _checkpoint_columns(metrics: Sequence[str]) -> list[Column]:
    short = [name.replace("full_valid_", "valid all ").replace("_", " ").replace("mean token ", "") for name in metrics]
    # The metrics are what one comes for: name and time give way first, then the metrics from the right.
    return [
        Column("step", 6),
        Column("state", 12),
        *(Column(title, max(8, len(title)), right=True, drop=at) for at, title in enumerate(short)),
        Column("saved", 9, drop=len(short) + 1),
        Column("model to deploy", 18, flexible=True, drop=len(short) + 2),
    ]
