"""The worker's life: look, tell how it went, obey, wait; until told to stop."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..azure.client import Service
from ..errors import CupolaError, ServiceError, StoreCorruptError, StoreError, StoreTooNewError
from ..models import Health
from ..store import health
from ..store.database import Database, keep_good_copy
from . import intents, poll, sync
from .job_submissions import Submissions
from .transfers import Transfers
from .uploads import Limits

log = logging.getLogger("cupola.worker")

_WAKE_SECONDS = 0.15
"""How often the store is asked whether a face has written a wish; costs microseconds."""

_CLOCK_JUMP_SECONDS = 5.0
_COPY_EVERY_SECONDS = 3_600.0


@dataclass(slots=True)
class Loop:
    """A running worker's state. All of it may be lost at any moment."""

    service: Service
    database: Database
    pace: poll.Pace
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    memory: sync.Memory = field(default_factory=sync.Memory)
    failures: int = 0
    next_look: float = 0.0
    next_copy: float = 0.0
    asked: bool = False
    """Whether a wish wants a look now, frozen or not."""
    resolved: bool = False
    """Whether the wishes of a worker that died have been answered."""
    version: int = -1
    """The store's data version when wishes were last looked for."""
    limits: Limits = field(default_factory=Limits)
    """From which size on files are sent in parts."""
    transfers: Transfers = field(init=False)
    """Files on their way, beside the polling."""
    submissions: Submissions = field(init=False)
    """Jobs on their way to the service, beside the polling."""

    def __post_init__(self) -> None:
        self.transfers = Transfers(self.service, self.database, self.limits)
        self.submissions = Submissions(self.service, self.database, self.transfers.wake, self._look_soon)

    async def run(self) -> None:
        """Go on until cancelled.

        Raises:
            StoreCorruptError: the store is damaged; the next worker goes back to its last good copy.
            StoreTooNewError: a newer Cupola has changed the store, and has a worker of its own.
        """
        try:
            await self._go_on()
        finally:
            await self.submissions.close()
            await self.transfers.close()

    async def _go_on(self) -> None:
        self.next_look = self.monotonic()
        self.next_copy = self.next_look + _COPY_EVERY_SECONDS
        while True:
            try:
                await self.turn()
                await self.wait()
            except (StoreCorruptError, StoreTooNewError):
                raise
            except StoreError as error:
                # A full disk passes; what could not be stored is fetched again.
                log.error("%s", error)
                await asyncio.sleep(self._put_off(None))

    async def turn(self) -> None:
        """Do what is due now."""
        try:
            await self.obey()
            if self.asked or (self.monotonic() >= self.next_look and not intents.is_frozen(self.database)):
                await self.look()
        except ServiceError as error:
            self._tell_failure(error)
        if self.monotonic() >= self.next_copy:
            self.next_copy = self.monotonic() + _COPY_EVERY_SECONDS
            keep_good_copy(self.database)

    async def obey(self) -> None:
        """Answer open wishes; those that a dead worker had taken come first."""
        self.version = self.database.data_version()
        if not self.resolved:
            await intents.resolve_taken(self.service, self.database)
            self.resolved = True
        if await intents.obey_all(self.service, self.database) is intents.Effect.LOOK:
            self.asked, self.next_look, self.memory.seldom_at = True, self.monotonic(), None
        self.submissions.wake()
        self.transfers.wake()

    async def look(self) -> None:
        """Look at the service once and set the time of the next look."""
        started = self.monotonic()
        self.asked, self.next_look = False, float("inf")
        try:
            moving = await sync.look(self.service, self.database, self.memory, self.pace, started, self.obey)
        except BaseException:
            self.next_look = started
            raise
        if self.failures:
            log.info("The service answers again after %d failures.", self.failures)
        self.failures = 0
        self.next_look = min(self.next_look, started + poll.after_success(self.pace, moving))
        health.save(self.database, Health(checked_at=self.service.clock()))

    async def wait(self) -> None:
        """Wait until the next look is due, a face has written something, or the clock has jumped (a laptop woke)."""
        offset = self.service.clock() - self.monotonic()
        while not self.asked and (self.monotonic() < self.next_look or intents.is_frozen(self.database)):
            await asyncio.sleep(min(_WAKE_SECONDS, max(0.0, self.next_look - self.monotonic())) or _WAKE_SECONDS)
            if self.database.data_version() != self.version:
                return
            if self.service.clock() - self.monotonic() - offset > _CLOCK_JUMP_SECONDS:
                self.next_look = min(self.next_look, self.monotonic())
                return

    def _look_soon(self) -> None:
        self.asked, self.next_look = True, self.monotonic()

    def _tell_failure(self, error: CupolaError) -> None:
        now = self.service.clock()
        wait = self._put_off(error.retry_after if isinstance(error, ServiceError) else None)
        known = health.get(self.database)
        since = known.since if known.problem and known.since else now
        if self.failures == 1 or known.problem is None or known.problem.what != error.what:
            log.warning("%s", error)
        health.save(self.database, Health(known.checked_at, error.problem, since, now + wait))

    def _put_off(self, retry_after: float | None) -> float:
        self.failures += 1
        wait = poll.after_failure(self.pace, self.failures, retry_after, self.chance())
        self.next_look = self.monotonic() + wait
        return wait
