"""Notices in the worker: watched things are looked at when the store changes, and told of where no screen is open."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cupola_data.prices import PriceList, price_list

from ..errors import StoreCorruptError, StoreError, UsageError
from ..money.budgets import budgets_of, has_budgets
from ..money.prices import prices_of
from ..settings import Profile, read_settings
from ..settings.profile import checked
from ..store import benchmarks, checkpoints, deployments, jobs, notices, spend, watches, workflows
from ..store.database import Database, open_store
from ..store.watches import Subject, Watch
from .noticing import Look, of_deployment, of_job, of_run, of_workflow
from .spending import hold
from .telling import Telling, tell, telling_of

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger("cupola.worker")

_LOOK_SECONDS = 0.5
_FUSES_SECONDS = 10.0
"""Fuses grow short without the store's changing."""
_MONEY_SECONDS = 5.0
"""At least so long between two sums over all that was paid."""
_REST_SECONDS = 5.0


@asynccontextmanager
async def at_work(profile: Profile, path: Path, config: Path, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """Look after notices for as long as the block lasts.

    Args:
        profile: Whose budgets are held.
        path: The store; notices have a connection of their own, so that they see what the worker's other parts commit.
        config: The configuration file; it is read again when it changes.
        environment: May name a webhook; the command is given a part of it.
    """
    database = open_store(path)
    task = asyncio.create_task(work(Desk(database, profile, config, environment)))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        database.close()


async def work(desk: Desk) -> None:
    """Go on until cancelled.

    Raises:
        StoreCorruptError: the store is damaged.
    """
    while True:
        try:
            await desk.turn()
        except StoreCorruptError:
            raise
        except StoreError as error:
            log.error("%s", error)
            await asyncio.sleep(_REST_SECONDS)
        await asyncio.sleep(_LOOK_SECONDS)


@dataclass(slots=True)
class Desk:
    """A running worker's notices. Everything here may be lost at any moment."""

    database: Database
    profile: Profile
    config: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    transport: httpx2.AsyncBaseTransport | None = None
    telling: Telling = field(default_factory=Telling)
    prices: PriceList = field(default_factory=price_list)
    _changed: int | None = None
    """When the configuration was last changed, in nanoseconds; -1 for none."""
    _version: int = -1
    _fuses_at: float = float("-inf")
    _money_at: float = float("-inf")
    _money_due: bool = True

    async def turn(self) -> None:
        """Look at what is watched if something may have changed; tell what no screen has taken."""
        self._read_configuration()
        now = self.monotonic()
        version = self.database.data_version()
        moved, self._version = version != self._version, version
        if moved or now - self._fuses_at >= _FUSES_SECONDS:
            self._fuses_at = now
            for watch in watches.all_watches(self.database):
                self._look_at(watch)
            spend.note_hosting(self.database)
        self._money_due = self._money_due or moved
        if self._money_due and now - self._money_at >= _MONEY_SECONDS:
            self._money_at, self._money_due = now, False
            self._count()
        await self._tell()

    def _look_at(self, watch: Watch) -> None:
        look = self._look(watch)
        if look is None:
            return
        seen, news = look
        if dict(seen) != dict(watch.seen):
            notices.record(self.database, watch, seen, news, self.clock())

    def _look(self, watch: Watch) -> Look | None:
        """How the thing stands now; None if it is not known."""
        number = int(watch.target) if watch.target.isdecimal() else -1
        if watch.kind is Subject.JOB and (job := jobs.get(self.database, watch.target)):
            return of_job(job, [one for one, _ in checkpoints.of_job(self.database, job.id)], watch.seen)
        if watch.kind is Subject.RUN and (run := benchmarks.get_run(self.database, number)):
            return of_run(run, watch.seen)
        if watch.kind is Subject.WORKFLOW and (workflow := workflows.get(self.database, number)):
            return of_workflow(workflow, workflows.stages(self.database, workflow.id), watch.seen)
        if watch.kind is Subject.DEPLOYMENT and (one := deployments.get(self.database, watch.target)):
            return of_deployment(one, watch.seen, self.clock())
        return None

    def _count(self) -> None:
        """Hold what was spent against the profile's budgets, if it has any."""
        if has_budgets(self.profile):
            now = self.clock()
            for budget in budgets_of(self.profile, self.database, self.prices, now):
                hold(self.database, self.profile.name, budget, now)

    async def _tell(self) -> None:
        """Tell, by command or webhook, what no screen has told in its time."""
        by = self.telling.by
        if not by:
            return
        now = self.clock()
        for notice in notices.claim(self.database, by, now, made_before=now - self.telling.after_seconds):
            problem = await tell(self.telling, notice, self.environment, self.transport)
            if problem is not None:
                log.warning("Notice %d: %s %s", notice.id, problem.what, problem.why)
                notices.failed(self.database, notice.id, problem)

    def _read_configuration(self) -> None:
        """Take over what the configuration says of notices, prices and budgets, when it has changed."""
        try:
            changed = self.config.stat().st_mtime_ns
        except OSError:
            changed = -1
        if changed == self._changed:
            return
        self._changed, self._money_due = changed, True
        try:
            settings = read_settings(self.config)
            self.telling = telling_of(settings, self.environment)
            self.prices = prices_of(settings, dt.date.fromtimestamp(self.clock()))
            table = {**settings.defaults, **settings.profiles.get(self.profile.name, {})}
            budgets: dict[str, Any] = {name: value for name, value in table.items() if name.startswith("budget_")}
            self.profile = replace(self.profile, **checked(budgets, f"Profile {self.profile.name}"))
        except UsageError as error:
            # A mistake in the file must not stop what it does not concern; the commands tell of it.
            log.warning("%s", error)
