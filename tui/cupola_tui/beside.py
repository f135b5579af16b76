"""What goes on beside the screen: the worker is minded, code is read ahead, and models that retire are looked for."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

from textual import work

from cupola.errors import CupolaError

from .wishing import Wishing

_WORKER_SECONDS = 1.0
_SETTLED_SECONDS = 0.5
"""So long after the first paint the first pane's curves are drawn."""
_RESTART_SECONDS = 5.0
"""At least so long between two starts of the worker."""


class Beside(Wishing):
    """The part of the app that begins after the first paint and never holds it up."""

    _restart_at = 0.0
    """When the worker may be started again."""
    _radar = False
    """The models table has been read."""
    _evaluates = False
    """There are reinforcement jobs, whose evaluations may be looked at."""

    def _after_first_paint(self) -> None:
        gc.freeze()
        gc.enable()
        for complaint in self._preferences.complaints:
            self._say(complaint, warning=True)
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

    @work(thread=True, exit_on_error=False, group="worker")
    def _begin_worker(self, start: Callable[[], None]) -> None:
        try:
            start()
        except CupolaError as error:
            self.call_from_thread(self._tell_problem, error.problem, "worker")

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
