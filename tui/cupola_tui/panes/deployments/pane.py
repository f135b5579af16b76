"""The Deployments pane: what answers, what it costs, when it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from cupola.deployments.needs import lacking
from cupola.settings import Profile
from cupola.store.database import Database
from cupola.store.deployments import Deployment
from cupola.store.watches import Subject

from ...commands import Scope, bindings
from ...lines import Line, wrapped
from ...messages import Ask, Copy, Read, Say
from ...views.actions import Action
from ...views.deployments import actions, detail, rows
from ...widgets.box import Box
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import KeyedRows, Table
from ...widgets.typed import TypedLine
from ..list_and_detail import ListAndDetail
from ..pane import Watchable
from .asking import Asking
from .detail import DeploymentDetail, DeploymentView
from .reading import TOPICS, DeploymentFacts

_TICK_SECONDS = 30.0
"""How often ages and costs move on while the pane is looked at."""


class DeploymentsPane(ListAndDetail):
    """All deployments of the resource, Cupola's own first."""

    BINDINGS = bindings("pane", "deployments", "deployment")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("pane", "deployments", "deployment")

    def __init__(self, database: Database, profile: Profile, clock: Callable[[], float]) -> None:
        super().__init__(id="pane-deployments")
        self._facts = DeploymentFacts(database)
        self._profile, self._clock = profile, clock
        self._asking = Asking(self, self._facts, profile, clock)
        self._shown: list[Deployment] = []
        self._moving: set[str] | None = None
        """What was under way when the list was last drawn."""
        self._gone = False
        """Whether those that are gone are listed too."""
        self._table = Table(rows.COLUMNS, id="deployments", empty="No deployment has these words.")
        self._edge, self._below = Edge("Deployments"), Edge(below=True)
        self._notice, self._nothing = Lines(id="deployments-notice"), Lines(id="no-deployments")
        self._detail, self._typed = DeploymentDetail(), TypedLine()

    def compose(self) -> ComposeResult:
        with Box(id="list"):
            yield self._edge
            with Container(id="list-body", classes="box"):
                yield self._notice
                yield self._table
                yield self._nothing
            yield self._below
        yield self._detail
        yield self._typed

    def on_mount(self) -> None:
        """Show what is known."""
        self._typed.display = False
        self._list()
        self.set_interval(_TICK_SECONDS, self._tick)

    def take_focus(self) -> None:
        """Focus the list."""
        self._table.focus()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        self._facts.changed(topics)
        if topics & TOPICS:
            self._list()

    def actions(self) -> list[Action]:
        """What may be done about the selected deployment, and about all."""
        now = self._clock()
        return actions.menu(self._selected(), self._profile, len(self._facts.orphans(now)), self._refusal())

    def watchable(self) -> Watchable | None:
        """The selected deployment."""
        row = self._selected()
        return Watchable(Subject.DEPLOYMENT, row.name, row.name, row.state.ended) if row else None

    def perform(self, action: Action) -> bool:
        """Ask what has to be asked first; the card that follows comes back here as another action."""
        if not action.kind.startswith(actions.ASKS):
            return False
        flow, row = action.kind.removeprefix(actions.ASKS), self._selected()
        if flow == "deploy":
            self.run_worker(self._asking.deploy(), group="ask", exclusive=True)
        elif flow == "sweep":
            self.run_worker(self._asking.sweep(), group="ask", exclusive=True)
        elif row is not None:
            flows = {"extend": self._asking.extend, "scale": self._asking.scale, "remove": self._asking.remove}
            self.run_worker(flows[flow](row), group="ask", exclusive=True)
        return True

    def back(self) -> bool:
        """Leave, one at a time: typing, zoom, detail, the gone ones."""
        if self._typed.leave() or self.unzoom():
            return True
        if not self._table.has_focus:
            self._table.focus()
        elif self._gone:
            self.action_gone()
        else:
            return False
        return True

    def action_act(self, flow: str) -> None:
        """Begin a flow from the palette."""
        wanted = f"{actions.ASKS}{flow}"
        found = next((action for action in self.actions() if action.kind == wanted), None)
        if found is None:
            self.post_message(Say("No deployment is selected.", warning=True))
        else:
            self.post_message(Ask(found))

    def action_filter(self) -> None:
        """Type words to filter by."""
        self._typed.ask("filter")

    def action_gone(self) -> None:
        """Those that are gone too, or no more."""
        self._gone = not self._gone
        self._list()

    def action_tab(self, by: int) -> None:
        """Another tab of the detail."""
        self._detail.turn(by)

    def action_raw(self) -> None:
        """The service's JSON."""
        row = self._selected()
        if row is not None:
            raw = row.problem.raw if row.problem is not None and row.problem.raw else row.raw
            self.post_message(Read(f"{row.name}: what the service said", raw))

    def action_copy_id(self) -> None:
        """Copy the name under which it is asked."""
        row = self._selected()
        if row is not None:
            self.post_message(Copy(row.name, "the deployment's name"))

    def action_copy_command(self) -> None:
        """Copy the command that shows the same."""
        row = self._selected()
        if row is not None:
            self.post_message(Copy(actions.show_command(row, self._profile), "the command"))

    @on(Table.Moved, "#deployments")
    def _moved(self) -> None:
        self._draw_detail()

    @on(Table.Opened, "#deployments")
    def _opened(self) -> None:
        self._detail.take_focus()

    @on(TypedLine.Filtered)
    def _filtered(self) -> None:
        self._list()

    @on(TypedLine.Entered)
    def _entered(self) -> None:
        self._list()
        self._table.focus()

    def _tick(self) -> None:
        if self.display and self.screen.is_current:
            self._facts.reread()
            self._list()

    def _refusal(self) -> str:
        return "the profile does not say where deployments are managed" if lacking(self._profile) else ""

    def _list(self) -> None:
        every, now = self._facts.rows(), self._clock()
        words = self._typed.words
        shown = self._shown = rows.ordered(every, gone=self._gone, words=words)
        gone = sum(row.state.value == "gone" for row in every)
        hidden = "" if self._gone or not gone else f" · f {gone} gone"
        count = f"{len(shown)} of {len(every)}" if words else f"{len(shown)}"
        burn = rows.burn_words(every)
        self._below.show(f"{count}{f' · {burn}' if burn else ''}{hidden}")
        empty = not shown and not words
        self.set_class(empty, "-no-deployments")
        notice = detail.notice(self._profile, self._facts.trouble(), now)
        self._notice.display = bool(notice) and not empty
        self._notice.show(lambda width: wrapped(notice, width, "warn"))
        if empty:
            self._nothing.show(self._nothing_yet)
        self._table.show(KeyedRows([row.name for row in shown], lambda index: rows.cells(shown[index], now)))
        self._go_to_new({row.name for row in every if row.ours and row.state.moving})
        self._draw_detail()

    def _go_to_new(self, moving: set[str]) -> None:
        """Put the cursor on what has just been wished for: that is what one wants to watch."""
        new = moving - self._moving if self._moving is not None else set()
        self._moving = moving
        for name in new:
            self._table.move_to_key(name)

    def _nothing_yet(self, width: int) -> list[Line]:
        return detail.nothing_yet(self._profile, self._facts.trouble(), self._facts.asked(), self._clock(), width)

    def _selected(self) -> Deployment | None:
        return next((row for row in self._shown if row.name == self._table.key), None)

    def _draw_detail(self) -> None:
        row = self._selected()
        if row is None:
            self._detail.show(None)
            return
        steps, probes = self._facts.history(row.name), self._facts.probe_usd(row.name)
        self._detail.show(DeploymentView(row, self._clock(), steps, self._facts.quota(), probes))
