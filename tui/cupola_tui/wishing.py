"""Wishes on their way down: what panes ask for, the card before it, and the one place that writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on

from cupola.errors import CupolaError, ReadOnlyError
from cupola.store import intents
from cupola.store.database import Database

from .messages import Ask, Copy, Keep, Read, Say, Wish
from .over_frame import OverFrame
from .preferences import Preferences
from .views.frame import FrameState
from .watching import StoreWatch

if TYPE_CHECKING:
    from cupola.worker.process import Status

FREEZE, THAW = "polling.freeze", "polling.thaw"
_REFRESH = "refresh"


class Wishing(OverFrame):
    """The part of the app through which everything goes that a person wants changed."""

    _preferences: Preferences
    _state: FrameState
    _watch: StoreWatch
    _start_worker: Callable[[], None] | None
    _worker_status: Callable[[], Status] | None

    def _look(self) -> None:
        raise NotImplementedError

    def _begin_worker(self, start: Callable[[], None]) -> object:
        raise NotImplementedError

    @on(Ask)
    def _ask(self, message: Ask) -> None:
        from .screens.card import action_card

        action = message.action
        if action.refusal:
            self._say(f"{action.title}: not now, {action.refusal}.", warning=True)
            return
        if not self._may_change(action.title) or (action.pays and not self._may_pay()):
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
        if message.aside and self._database.read_only:
            return
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
        except ReadOnlyError as error:
            self._say(error.what, warning=True, title="read-only")
            return False
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

    def action_freeze(self) -> None:
        """Stop asking the service, and begin again."""
        self._write_wish(THAW if self._state.frozen_at is not None else FREEZE)
