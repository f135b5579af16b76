"""The frame: top line, pane tabs, the pane itself, footer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.dom import DOMNode
from textual.screen import Screen

from ..commands import Command, Scope, bindings, within
from ..lines import Line, line, plain
from ..messages import Show
from ..panes.pane import Pane
from ..terminal import SentMeter
from ..views import frame
from ..views.frame import FrameState
from ..views.tour import STEPS, tour_lines
from ..widgets.painted import Lines, Painted

SMALLEST = (80, 24)


class PaneTabs(Painted):
    """The six panes by number."""

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self.active = ""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [frame.pane_tabs(self.active, width)]

    async def on_click(self, event: events.Click) -> None:
        """Go to the pane under the mouse."""
        name = frame.pane_at(self.active, event.x, self.size.width)
        if name is not None:
            await self.run_action(f"screen.pane('{name}')")


class FrameScreen(Screen[None]):
    """Holds the panes; each is made when it is first gone to."""

    BINDINGS = bindings("frame")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("frame",)

    def __init__(
        self,
        makers: Mapping[str, Callable[[], Pane]],
        commands: Sequence[Command],
        meter: SentMeter,
        clock: Callable[[], float],
        first: str = "jobs",
        tour_ended: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._makers, self._commands, self._meter, self._clock = makers, commands, meter, clock
        self._first = first
        self._tour_ended = tour_ended
        self._tour: int | None = None
        """The step of the tour that is shown."""
        self._state: FrameState | None = None
        self._top_shown: tuple[object, ...] = ()
        self._rate = 0.0
        self._ready = False

    def compose(self) -> ComposeResult:
        yield Lines(id="top")
        yield PaneTabs()
        with Container(id="panes"):
            yield self._makers[self._first]()
        yield Lines(id="tour")
        yield Lines(id="footer")
        yield Lines(id="too-small")

    def on_mount(self) -> None:
        """Open the first pane."""
        self._ready = True
        if self._state is not None:
            self.show_state(self._state)
        self.query_one("#too-small", Lines).show(self._too_small)
        self.query_one("#footer", Lines).show(lambda width: [frame.footer(self._here(), width)])
        self.query_one(PaneTabs).active = self._first
        self._opened()

    @property
    def pane(self) -> Pane:
        """The pane that is open."""
        return self._seen or self.query(Pane).first()

    @property
    def _seen(self) -> Pane | None:
        """The pane on the screen; None once the app ends, when closing panes count as not displayed."""
        return next((pane for pane in self.query(Pane) if pane.display), None)

    async def open_pane(self, name: str) -> None:
        """Go to a pane. A key that follows waits until the pane stands."""
        tabs = self.query_one(PaneTabs)
        if tabs.active == name:
            return
        tabs.active = name
        tabs.redraw()
        # Keys must not reach what is no longer seen.
        self.set_focus(None)
        for pane in self.query(Pane):
            pane.display = pane.id == f"pane-{name}"
        known = self.query(f"#pane-{name}")
        if known:
            self._opened()
        else:
            await self.query_one("#panes").mount(self._makers[name]())
            self.call_after_refresh(self._opened)

    @on(Show)
    async def _show_thing(self, message: Show) -> None:
        """Go to a pane, and to one thing in it."""
        message.stop()
        await self.open_pane(message.pane)
        # The pane that was just made lays itself out first.
        self.call_after_refresh(self.pane.show_thing, message.key)

    def show_state(self, state: FrameState) -> None:
        """Show the top line; only what reads differently is sent, and the bytes a second never alone but to say 0."""
        self._state = state
        if not self._ready:
            return
        words = plain((*frame.top_line(state, self._clock(), 0, 10_000),))
        rate = self._meter.rate()
        if (words, state) != self._top_shown or (rate == 0 and self._rate != 0):
            self._top_shown, self._rate = (words, state), rate
            self.query_one("#top", Lines).show(self._top_lines)

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Let the panes draw again what changed."""
        for pane in self.query(Pane):
            # One that is being made reads the facts as they are when it is done.
            if pane.is_mounted:
                pane.facts_changed(topics)

    def scopes(self) -> list[Scope]:
        """Where one stands: the scopes of the focused widget and all that hold it."""
        node: DOMNode | None = self.focused or self._seen
        found: list[Scope] = []
        while node is not None:
            found += [scope for scope in getattr(node, "SCOPES", ()) if scope not in found]
            node = node.parent
        return found

    def owner_of(self, command: Command) -> DOMNode | None:
        """The widget on which a command runs where one stands."""
        node: DOMNode | None = self.focused or self._seen
        while node is not None:
            if command.scope in getattr(node, "SCOPES", ()):
                return node
            node = node.parent
        return None

    async def action_pane(self, name: str) -> None:
        """Go to a pane."""
        await self.open_pane(name)

    async def action_tour(self) -> None:
        """Begin the tour, or take its next step."""
        step = 0 if self._tour is None else self._tour + 1
        if step == len(STEPS):
            self.action_end_tour()
            return
        self._tour = step
        strip = self.query_one("#tour", Lines)
        strip.display = True
        strip.show(lambda width: tour_lines(step, width))
        await self.open_pane(STEPS[step].pane)

    def action_end_tour(self) -> None:
        """End the tour; it is not offered again."""
        if self._tour is None:
            return
        self._tour = None
        self.query_one("#tour", Lines).display = False
        self._tour_ended()

    def action_back(self) -> None:
        """Clear or close one thing."""
        self.pane.back()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Other keys work elsewhere."""
        self.query_one("#footer", Lines).redraw()

    def _opened(self) -> None:
        if (pane := self._seen) is not None:
            pane.take_focus()
        self.query_one("#footer", Lines).redraw()

    def _here(self) -> list[Command]:
        return within(self._commands, self.scopes())

    def _top_lines(self, width: int) -> list[Line]:
        return [frame.top_line(self._state, self._clock(), self._rate, width)] if self._state else []

    def _too_small(self, width: int) -> list[Line]:
        size = self.app.size
        return [
            line(("Too small", "accent bold")),
            line(f"Cupola needs {SMALLEST[0]}x{SMALLEST[1]};"),
            line(f"this terminal has {size.width}x{size.height}."),
        ]
