"""The composition root: what the app is made of, and facts on their way down to the frame."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from cupola.errors import StoreError
from cupola.models import Intent, IntentState, Problem
from cupola.settings import Profile
from cupola.store import health, intents, workflows
from cupola.store.database import Database
from cupola.store.workflows import WorkflowState

from .attention import Attention, World
from .beside import Beside
from .commands import remapped
from .facts import Facts
from .line_pace import CHOICES, LinePace
from .outlet import Outlet
from .panes.opening import Surroundings, open_pane
from .preferences import Preferences
from .screens.frame import FrameScreen
from .suitable import lacks_unicode
from .terminal import SentMeter
from .themes import DARK, THEMES
from .views.frame import PANES, FrameState
from .views.jobs import needs_you, running
from .watching import StoreWatch
from .wishing import FREEZE, THAW

if TYPE_CHECKING:
    from cupola.advice.facts import Known
    from cupola.worker.process import Status

    from .screens.connect import Reopen
    from .screens.connect_child import Connecting

LOOK_SECONDS = 0.25


class CupolaApp(Beside):
    """Cupola's screen. Returns a line to print when it is left."""

    CSS_PATH = "styles/cupola.tcss"
    TITLE = "Cupola"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (100, "-normal"), (150, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (24, "-short"), (32, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        profile: Profile,
        database: Database,
        *,
        preferences: Preferences | None = None,
        start_worker: Callable[[], None] | None = None,
        worker_status: Callable[[], Status] | None = None,
        tour_ended: Callable[[], None] = lambda: None,
        connecting: Connecting | None = None,
        clock: Callable[[], float] = time.time,
        environment: Mapping[str, str] = MappingProxyType({}),
        look_seconds: float = LOOK_SECONDS,
        first: str = "jobs",
    ) -> None:
        self._meter = SentMeter(time.monotonic)
        self._preferences = preferences or Preferences()
        pace = LinePace(time.monotonic, self._preferences.line)
        # GNU screen erases to the terminal's background, not to the colour set.
        self._outlet = Outlet(self, self._meter, pace, erases=not environment.get("STY"))
        self._in_ascii = lacks_unicode(environment)
        super().__init__()
        self._profile, self._database, self._clock = profile, database, clock
        self._start_worker, self._worker_status = start_worker, worker_status
        self._look_seconds = look_seconds
        self._connecting = connecting
        self.reopen: Reopen | None = None
        """The profile to go on with after this one is left."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self._preferences.theme
        self._commands = remapped(self._preferences.keys)
        self._facts = Facts(database)
        self._watch = StoreWatch(database)
        self._state = FrameState(profile, offline=self._preferences.offline, read_only=database.read_only)
        self._told: dict[int, IntentState] = {}
        self._said_to_guide: dict[str, Known] = {}
        self._config_file = self._preferences.file
        world = World(environment, Path(self._preferences.file) if self._preferences.file else None)
        self._attention = Attention(self, profile, self._facts, self._outlet, clock, world, self._tell_news)
        here = Surroundings(profile, database, self._facts, clock, self._preferences.file)
        makers = {name: functools.partial(open_pane, name, here) for name in PANES}
        self._frame = FrameScreen(makers, self._commands, self._meter, clock, first, tour_ended=tour_ended)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Cupola's own variables, for themes that lack them."""
        return dict(DARK.variables)

    def get_default_screen(self) -> FrameScreen:
        """The frame."""
        return self._frame

    def on_mount(self) -> None:
        """Show what is known at once; look for changes and for a worker after that."""
        self.set_keymap(dict(self._preferences.keys))
        self._told = {wish.id: wish.state for wish in self._known_wishes()}
        self._look()
        self.set_interval(self._look_seconds, self._look_when_due)
        self.call_after_refresh(self._after_first_paint)

    def on_unmount(self) -> None:
        """Leave the window's name as it was."""
        self._attention.leave()

    # Facts on their way down.

    def _look_when_due(self) -> None:
        if self._attention.is_due():
            self._look()

    def _look(self) -> None:
        try:
            change = self._watch.look()
            if change.any:
                self._facts.changed(change.topics)
                self._read_state(change.topics)
            self._state = self._attention.look(self._state, change.topics, change.any)
            trouble = ""
        except StoreError as error:
            self._watch.forget_version()
            change, trouble = None, "the store cannot be read"
            if not self._state.trouble:
                self._tell_problem(error.problem, "store")
        self._state = replace(self._state, trouble=trouble)
        self._frame.show_state(self._state)
        self._attention.show(self._state)
        if change is not None and change.topics:
            self._frame.facts_changed(change.topics)

    def _read_state(self, topics: frozenset[str]) -> None:
        known = self._facts.jobs()
        self._evaluates = any(job.method == "reinforcement" for job in known)
        self._state = replace(
            self._state,
            running=running(known) + len(workflows.in_state(self._database, WorkflowState.RUNNING)),
            needs_you=needs_you(known, self._clock()) + len(workflows.in_state(self._database, WorkflowState.WAITING)),
            health=health.get(self._database),
        )
        if "intents" in topics:
            frozen = intents.last_fulfilled(self._database, FREEZE, THAW)
            at = frozen.updated_at if frozen is not None and frozen.kind == FREEZE else None
            self._state = replace(self._state, frozen_at=at)
            self._tell_answers()
        if self._radar and topics & {"models", "jobs", "deployments", "benchmarks"}:
            self._look_ahead()

    def _tell_answers(self) -> None:
        for wish in reversed(self._known_wishes()):
            before = self._told.get(wish.id, IntentState.WANTED)
            self._told[wish.id] = wish.state
            if wish.state is IntentState.FAILED and before is not IntentState.FAILED:
                self._tell_problem(wish.problem or Problem(f"{wish.kind} was refused."), wish.kind)

    def _known_wishes(self) -> list[Intent]:
        try:
            return self._facts.wishes()
        except StoreError:
            return []

    # The frame's own commands.

    def action_line(self) -> None:
        """Take the line for what it is measured to be, for slow, or for fast."""
        pace = self._outlet.pace
        pace.choice = CHOICES[(CHOICES.index(pace.choice) + 1) % len(CHOICES)]
        trip = f"; round trip {pace.round_trip:.2f} s" if pace.round_trip is not None else "; it was not measured"
        self._say(f"The line to the terminal: {pace.choice}{trip}.")

    def action_theme(self) -> None:
        """The next of the themes."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_leave(self) -> None:
        """Close one thing, or leave Cupola, saying what goes on without it."""
        if self._frame.pane.back():
            return
        count = self._state.running
        if not count:
            self.exit()
            return
        from .screens.card import quit_card

        worker = self._worker_status is None or self._worker_status().running

        def answer(confirmed: bool | None) -> None:
            if confirmed:
                watching = "the worker keeps watching" if worker else "nothing watches them here"
                self.exit(f"{count} running in the cloud; {watching}.")

        self.push_screen(quit_card(count, worker), answer)

    def _tell_news(self, title: str, text: str) -> None:
        self._say(text, title=title)
