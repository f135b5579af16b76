"""A queue before each deployment's gate: graders first, then the arm that is furthest behind."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import CupolaError
from .gate import Gate

GRADERS_FIRST = -1.0
AGAIN_FIRST = -2.0


class LaneClosedError(CupolaError):
    """A deployment that will not answer for now; its rows stay missing and can be asked later."""


@dataclass(slots=True)
class Lane:
    """Who waits for one deployment. To be used in one event loop."""

    deployment: str
    gate: Gate
    monotonic: Callable[[], float] = time.monotonic
    closed: CupolaError | None = None
    failures: int = 0
    """In a row, over all its calls."""
    _waiting: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _timer: asyncio.TimerHandle | None = None

    async def enter(self, rank: float) -> None:
        """Wait for leave to send one call; the lowest rank goes first.

        Raises:
            LaneClosedError: the deployment will not answer for now.
        """
        self._refuse_if_closed()
        if not self._waiting and self.gate.admits(self.monotonic()):
            self.gate.start()
            return
        place = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._count), place))
        self.pump()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                # Let in and called off in the same instant.
                self.gate.failed()
                self.pump()
            raise

    def pump(self) -> None:
        """Let in whoever may go."""
        while self._waiting and self.gate.admits(self.monotonic()):
            _, _, place = heapq.heappop(self._waiting)
            if not place.done():
                self.gate.start()
                place.set_result(None)
        wait = self.gate.held_until - self.monotonic()
        if self._waiting and wait > 0 and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._wake)

    def close(self, why: CupolaError) -> None:
        """Turn everybody away until the run ends."""
        self.closed = self.closed or why
        waiting, self._waiting = self._waiting, []
        for _, _, place in waiting:
            if not place.done():
                place.set_exception(LaneClosedError(why.what, why.why, why.remedy, why.raw))

    def _wake(self) -> None:
        self._timer = None
        self.pump()

    def _refuse_if_closed(self) -> None:
        if self.closed is not None:
            raise LaneClosedError(self.closed.what, self.closed.why, self.closed.remedy, self.closed.raw)
