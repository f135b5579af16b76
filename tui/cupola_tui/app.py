"""The composition root: the store's reader, the frame, what opens over it, and wishes on their way down."""

from __future__ import annotations

import functools
import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from textual import on, work
from textual.binding import BindingType
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from cupola.errors import CupolaError, StoreError
from cupola.models import Intent, IntentState, Problem
from cupola.settings import Profile
from cupola.store import health, intents, workflows
from cupola.store.database import Database
from cupola.store.workflows import WorkflowState

from .ascii import AsciiFilter
from .attention import Attention, World
from .commands import remapped, unknown_ids
from .facts import Facts
from .line_pace import CHOICES, Choice, LinePace
from .lines import visible
from .messages import Ask, Copy, Keep, Read, Say, Wish
from .outlet import Outlet
from .over_frame import OverFrame
from .panes.opening import Surroundings, open_pane
from .screens.frame import FrameScreen
from .suitable import lacks_unicode
from .terminal import ControlFilter, SentMeter, narrowed
from .themes import DARK, LIGHT, THEMES
from .views.frame import PANES, FrameState
from .views.jobs import needs_you, running
from .watching import StoreWatch

if TYPE_CHECKING:
    from cupola.advice.facts import Known
    from cupola.worker.process import Status

    from .screens.connect import Reopen
    from .screens.connect_child import Connecting

LOOK_SECONDS = 0.25
_WORKER_SECONDS = 1.0
_SETTLED_SECONDS = 0.5
"""So long after the first paint the first pane's curves are drawn."""
_RESTART_SECONDS = 5.0
"""At least so long between two starts of the worker."""

_FREEZE, _THAW, _REFRESH = "polling.freeze", "polling.thaw", "refresh"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person set in the configuration."""

    keys: Mapping[str, str] = field(default_factory=dict)
    """Other keys by command id."""
    theme: str = DARK.name
    file: str = ""
    """Where it was read from, or would be."""
    tour: bool = False
    """Whether to begin with the tour."""
    line: Choice = "auto"
    """How good the line to the terminal is."""
    offline: bool = False
    """Nobody is to be asked: no worker is started, and no wish is written for one."""


class CupolaApp(OverFrame):
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
        self._restart_at = 0.0
        self._connecting = connecting
        self._radar = False
        """The models table has been read."""
        self.reopen: Reopen | None = None
        """The profile to go on with after this one is left."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self._preferences.theme if self._preferences.theme in (DARK.name, LIGHT.name) else DARK.name
        self._commands = remapped(self._preferences.keys)
        self._facts = Facts(database)
        self._watch = StoreWatch(database)
        self._state = FrameState(profile, offline=self._preferences.offline)
        self._told: dict[int, IntentState] = {}
        self._evaluates = False
        """There are reinforcement jobs, whose evaluations may be looked at."""
        self._said_to_guide: dict[str, Known] = {}
        self._config_file = self._preferences.file
        world = World(environment, Path(self._preferences.file) if self._preferences.file else None)
        self._attention = Attention(self, profile, self._facts, self._outlet, clock, world, self._tell_news)
        here = Surroundings(profile, database, self._facts, clock, self._preferences.file)
        makers = {name: functools.partial(open_pane, name, here) for name in PANES}
        self._frame = FrameScreen(makers, self._commands, self._meter, clock, tour_ended=tour_ended)

    def get_driver_class(self) -> type[Driver]:
        """The terminal's driver, counting what it sends."""
        return self._outlet.driver(super().get_driver_class())

    def get_line_filters(self) -> list[LineFilter]:
        """Keep control characters out of every line, and what the terminal's locale has no sign for."""
        return [*super().get_line_filters(), ControlFilter(), *([AsciiFilter()] if self._in_ascii else [])]

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
            frozen = intents.last_fulfilled(self._database, _FREEZE, _THAW)
            at = frozen.updated_at if frozen is not None and frozen.kind == _FREEZE else None
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

    # Wishes on their way to the store.

    @on(Ask)
    def _ask(self, message: Ask) -> None:
        from .screens.card import action_card

        action = message.action
        if action.refusal:
            self._say(f"{action.title}: not now, {action.refusal}.", warning=True)
            return
        if action.pays and self._attention.refusal is not None:
            self._tell_problem(self._attention.refusal, "budget")
            return
        if self._frame.pane.perform(action):
            return

        def answer(confirmed: bool | None) -> None:
            if confirmed:
                self.post_message(Wish(action))

        self.push_screen(action_card(action), answer)

    @on(Wish)
    def _wish(self, message: Wish) -> None:
        action = message.action
        write = action.write if not self._preferences.offline else None
        done = self._write(write, action.kind) if write else self._write_wish(action.kind, action.target)
        if done:
            self._say(f"{action.title}: asked for.")

    @on(Keep)
    def _keep(self, message: Keep) -> None:
        if self._write(message.write, "store") and message.said:
            self._say(message.said)

    def _write_wish(self, kind: str, target: str = "") -> bool:
        if self._preferences.offline:
            self._say("The screen was opened with --offline: nothing is asked for.", warning=True)
            return False
        return self._write(lambda database: intents.wish(database, kind, target, self._clock()), kind)

    def _write(self, write: Callable[[Database], object], kind: str) -> bool:
        try:
            write(self._database)
        except CupolaError as error:
            self._tell_problem(error.problem, kind)
            return False
        self._watch.forget_version()
        self._look()
        return True

    @on(Read)
    def _read(self, message: Read) -> None:
        from .screens.reader import ReaderScreen, json_lines

        self.push_screen(ReaderScreen(message.title, lambda width: json_lines(message.text, width), message.text))

    @on(Copy)
    def _copy(self, message: Copy) -> None:
        self.copy_to_clipboard(message.text.encode("utf-8", "replace").decode())
        self._say(f"Copied {message.what}. In tmux this needs `set -s set-clipboard on`.")

    @on(Say)
    def _said(self, message: Say) -> None:
        self._say(message.text, warning=message.warning)

    # The frame's commands.

    def action_refresh_now(self) -> None:
        """Ask the service now."""
        if self._start_worker and self._worker_status and not self._worker_status().running:
            self._begin_worker(self._start_worker)
        if self._write_wish(_REFRESH):
            self._say("The worker was asked to look now.")

    def action_watch(self) -> None:
        """Tell when something becomes of what is selected, or no more."""
        from .views.watching import toggled

        thing = self._frame.pane.watchable()
        if thing is None:
            self._say("Nothing that can be watched is selected here.", warning=True)
            return
        said: list[str] = []
        if self._write(lambda database: said.append(toggled(database, thing, self._clock())), "watch"):
            self._say(said[0])

    def action_line(self) -> None:
        """Take the line for what it is measured to be, for slow, or for fast."""
        pace = self._outlet.pace
        pace.choice = CHOICES[(CHOICES.index(pace.choice) + 1) % len(CHOICES)]
        trip = f"; round trip {pace.round_trip:.2f} s" if pace.round_trip is not None else "; it was not measured"
        self._say(f"The line to the terminal: {pace.choice}{trip}.")

    def action_freeze(self) -> None:
        """Stop asking the service, and begin again."""
        self._write_wish(_THAW if self._state.frozen_at is not None else _FREEZE)

    def action_theme(self) -> None:
        """Dark or light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

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

    # What happens beside the screen.

    def _after_first_paint(self) -> None:
        gc.freeze()
        gc.enable()
        for unknown in unknown_ids(self._preferences.keys):
            self._say(f"The configuration gives a key to {unknown!r}, which is no command.", warning=True)
        self.set_timer(_SETTLED_SECONDS, self._import_ahead)
        self.set_timer(_SETTLED_SECONDS, self._begin_radar)
        self.set_timer(_SETTLED_SECONDS, self._attention.start)
        if self._preferences.tour:
            self.call_later(self._frame.action_tour)
        if self._connecting is not None and not self._connecting.has_profiles and not self._profile.endpoint:
            self.call_later(self.action_connect)
        if self._start_worker is not None:
            self._restart_at = time.monotonic() + _RESTART_SECONDS
            self._begin_worker(self._start_worker)
            self.set_interval(_WORKER_SECONDS, self._mind_worker)

    def _mind_worker(self) -> None:
        """Start the worker again where it was killed, not where it was stopped; tell where none runs."""
        if self._start_worker is None or self._worker_status is None or time.monotonic() < self._restart_at:
            return
        status = self._worker_status()
        if status.killed:
            self._restart_at = time.monotonic() + _RESTART_SECONDS
            self._begin_worker(self._start_worker)
        elif status.running is not self._state.worker:
            self._state = replace(self._state, worker=status.running)
            self._frame.show_state(self._state)

    @work(thread=True, exit_on_error=False, group="radar")
    def _begin_radar(self) -> None:
        """Read the models table beside the screen, then look which of the models in use retire."""
        import_module("cupola.retirement")
        self._radar = True
        self.call_from_thread(self._look_ahead)

    def _look_ahead(self) -> None:
        from cupola.retirement import ahead

        try:
            words = ahead(self._database, self._clock())
        except CupolaError:
            return
        if words != self._state.retiring:
            self._state = replace(self._state, retiring=words)
            self._frame.show_state(self._state)

    @work(thread=True, exit_on_error=False, group="imports")
    def _import_ahead(self) -> None:
        """Read the code of the heaviest panes before they are gone to, which are then there at once."""
        import_module(".panes.benchmarks.pane", __package__)
        if self._evaluates:
            import_module(".panes.checkpoints.pane", __package__)
            import_module("cupola.training.stored_evals")
            # Intervals need it, at 0.2 s and some memory.
            import_module("scipy.special")

    @work(thread=True, exit_on_error=False, group="worker")
    def _begin_worker(self, start: Callable[[], None]) -> None:
        try:
            start()
        except CupolaError as error:
            self.call_from_thread(self._tell_problem, error.problem, "worker")

    def _tell_news(self, title: str, text: str) -> None:
        self._say(text, title=title)

    def _tell_problem(self, problem: Problem, kind: str) -> None:
        text = "\n".join(part for part in (problem.what, problem.why, problem.remedy) if part)
        self._say(text, warning=True, title=kind)

    def _say(self, text: str, *, warning: bool = False, title: str = "") -> None:
        cleaned = "\n".join(visible(part) for part in text.split("\n"))
        self.notify(
            cleaned,
            title=title,
            severity="warning" if warning else "information",
            timeout=8 if warning else 3,
            markup=False,
        )

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send narrow updates, when the line has room. The hook is Textual's own and private; a test counts bytes."""
        if self._outlet.takes(renderable):
            self.post_display_hook()
            return
        super()._display(screen, narrowed(renderable))
        if renderable is not None:
            self._outlet.sent()

    def _fatal_error(self) -> None:
        """Show where it broke, without the local variables that Textual would print: they may hold secrets."""
        from rich.segment import Segments
        from rich.traceback import Traceback

        self.bell()
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()
