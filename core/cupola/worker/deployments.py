"""Deployments in the worker: wishes are carried out, fuses obeyed, and the service's list is kept in the store."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..azure import deployments as remote_deployments
from ..azure.chat import open_chat
from ..azure.control_plane import connect_control_plane
from ..azure.credentials import Credential, EntraCredential
from ..azure.wire.deployments import Remote
from ..deployments.tiers import DEVELOPER_LIFE_SECONDS, find_tier
from ..errors import CupolaError, ServiceError, StoreCorruptError, StoreError, UsageError
from ..models import Health, Problem
from ..settings import Profile
from ..store import control_plane, deployments, health, intents
from ..store.database import Database
from ..store.deployments import Deployment, State
from .deployment_steps import Desk, carry_on, patience_of, told_by
from .intents import REFRESH, is_frozen
from .poll import Pace, after_failure, pace_of

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger("cupola.worker")

_LOOK_SECONDS = 0.2
_REST_SECONDS = 5.0
_SILENCE_SECONDS = {True: 30.0, False: 120.0}
"""How long a probed deployment may say nothing, by whether it is on this machine."""

_SETTLED = ("", "succeeded", "failed", "canceled", "cancelled", "disabled")
_CLOCK_SKEW_SECONDS = 600.0


@asynccontextmanager
async def at_work(profile: Profile, credential: Credential, database: Database) -> AsyncIterator[None]:
    """Look after deployments for as long as the block lasts."""
    task = asyncio.create_task(work(profile, credential, database))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def work(
    profile: Profile,
    credential: Credential,
    database: Database,
    *,
    management: EntraCredential | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Go on until cancelled, through outages and while nobody is signed in.

    Raises:
        StoreCorruptError: the store is damaged.
    """
    on_call = functools.partial(health.log_call, database)
    failures = 0
    while True:
        problem: Problem
        try:
            async with (
                connect_control_plane(
                    profile, credential=management, transport=transport, on_call=on_call, clock=clock
                ) as plane,
                open_chat(
                    profile, credential, transport=transport, silence_seconds=_SILENCE_SECONDS[profile.is_local]
                ) as chat,
            ):
                await Keeper(Desk(plane, chat, database, patience_of(profile), clock), pace_of(profile)).go_on()
        except StoreCorruptError:
            raise
        except StoreError as error:
            # A full disk passes.
            log.error("%s", error)
            await asyncio.sleep(_REST_SECONDS)
            continue
        except UsageError as error:
            # Nothing can be asked until the profile says more, and then there is another worker.
            problem = error.problem
            _fail_wanted(database, problem, clock())
        except CupolaError as error:
            problem = error.problem
        except Exception as error:  # the rest of the worker goes on; the person is told
            log.exception("Looking after deployments has failed.")
            why = f"{type(error).__name__}: {error}"
            problem = Problem("Looking after deployments has failed.", why, "Report this.")
        failures = failures + 1 if control_plane.trouble(database).problem else 1
        wait = after_failure(pace_of(profile), failures, None, random.random())
        _leave_word(database, problem, clock(), wait)
        await _rested(database, wait)


@dataclass(slots=True)
class Keeper:
    """One connection's work. All of it may be lost at any moment."""

    desk: Desk
    pace: Pace
    monotonic: Callable[[], float] = time.monotonic
    version: int = -1
    next_look: float = 0.0
    """On the monotonic clock."""
    wake_at: float = 0.0
    """On the wall clock: when the next step or fuse is due."""
    refreshed: int = 0
    """The wish to refresh that was last obeyed."""
    quota_at: float | None = None
    rows: list[Deployment] = field(default_factory=list)

    async def go_on(self) -> None:
        """Do what is due, for ever.

        Raises:
            ServiceError: the control plane cannot be asked.
            StoreError: the store cannot be used.
        """
        while True:
            await self.turn()
            await asyncio.sleep(_LOOK_SECONDS)

    async def turn(self) -> None:
        """Do what is due now."""
        database, changed = self.desk.database, self._has_changed()
        if changed or self.desk.clock() >= self.wake_at:
            burn_fuses(database, self.desk.clock())
            for row in deployments.all_deployments(database):
                if due_at(row) <= self.desk.clock():
                    await carry_on(self.desk, row)
                    # What it has become is looked at in the next turn, and the quota it drew on in the next look.
                    self.version, self.quota_at = -1, None
            self.wake_at = wake_at(deployments.all_deployments(database))
        if self.monotonic() >= self.next_look and not is_frozen(database):
            moving = await self.look()
            self.next_look = self.monotonic() + (self.pace.moving if moving else self.pace.idle)

    async def look(self) -> bool:
        """Store the service's list, now and then its quota; return whether anything is under way there."""
        listed = await remote_deployments.list_all(self.desk.plane)
        now = self.desk.clock()
        save_listed(self.desk.database, listed, now)
        if self.quota_at is None or self.monotonic() - self.quota_at >= self.pace.seldom:
            await self._look_at_quota()
        control_plane.save_trouble(self.desk.database, Health(checked_at=now))
        return any(remote.state.lower() not in _SETTLED for remote in listed)

    async def _look_at_quota(self) -> None:
        self.quota_at = self.monotonic()
        try:
            control_plane.save_quota(self.desk.database, await remote_deployments.quota(self.desk.plane))
        except ServiceError as error:
            # A role of its own is needed to see quota; all else goes on without.
            log.info("The quota cannot be read: %s", error)

    def _has_changed(self) -> bool:
        version = self.desk.database.data_version()
        if version == self.version:
            return False
        self.version = version
        wish = intents.last_fulfilled(self.desk.database, REFRESH)
        if wish is not None and wish.id != self.refreshed:
            self.refreshed, self.next_look, self.quota_at = wish.id, self.monotonic(), None
        return True


def burn_fuses(database: Database, now: float) -> None:
    """Wish away what has reached its fuse or lain idle too long."""
    for row in deployments.all_deployments(database):
        if row.state in (State.GONE, State.REMOVING) or (row.state is State.FAILED and not row.stands):
            continue
        if row.fuse_at is not None and now >= row.fuse_at:
            deployments.want_gone(database, row.name, now, "Its fuse was reached.")
        elif (idle := idle_ends(row)) is not None and now >= idle:
            deployments.want_gone(database, row.name, now, "Cupola had not asked it for as long as was agreed.")


def idle_ends(row: Deployment) -> float | None:
    """When a ready deployment goes unless Cupola asks it before; None for never."""
    if row.state is not State.READY or row.idle_seconds is None or row.idle_since is None:
        return None
    return row.idle_since + row.idle_seconds


def due_at(row: Deployment) -> float:
    """When the next step of a deployment is due, in unix seconds; infinity for never."""
    waits = row.state is State.READY and (
        row.wanted_capacity is not None or (row.ours and row.service_state.lower() not in _SETTLED)
    )
    return (row.next_at or 0.0) if row.state.moving or waits else float("inf")


def wake_at(rows: list[Deployment]) -> float:
    """When the next step, fuse or idle end is due."""
    times = [float("inf")]
    for row in rows:
        times.append(due_at(row))
        if row.state not in (State.GONE, State.REMOVING) and (row.state is not State.FAILED or row.stands):
            times += [time_ for time_ in (row.fuse_at, idle_ends(row)) if time_ is not None]
    return min(times)


def save_listed(database: Database, listed: list[Remote], now: float) -> None:
    """Bring what rests in the store in line with the service's list; what is under way has its own steps."""
    known = {row.name.casefold(): row for row in deployments.all_deployments(database)}
    for remote in listed:
        row = known.pop(remote.name.casefold(), None)
        if row is None or row.state is State.GONE or _is_news(row, remote):
            _save_found(database, remote, row, now)
        elif row.state in (State.READY, State.FAILED) and row.stands and row.raw != remote.raw:
            words = f"The service says: {remote.state}." if remote.state != row.service_state else ""
            deployments.step(database, row, told_by(row, remote, now), now, words)
    for row in known.values():
        if row.state is State.READY or (row.state is State.FAILED and row.stands):
            gone = replace(row, state=State.GONE, gone_at=now, as_of=now, service_state="")
            deployments.step(database, row, gone, now, _why_gone(row, now))


def _is_news(row: Deployment, remote: Remote) -> bool:
    """Whether somebody has made one since ours of that name failed to be made."""
    failed_at = row.step_at or 0.0
    return row.state is State.FAILED and not row.stands and (remote.created_at or 0.0) > failed_at


def _save_found(database: Database, remote: Remote, before: Deployment | None, now: float) -> None:
    if remote.state.lower() == "deleting":
        return
    returned = before is not None and bool(before.nonce) and before.nonce == remote.nonce
    failed = remote.state.lower() in ("failed", "canceled", "cancelled", "disabled")
    made = remote.created_at or now
    bare = Deployment(
        name=remote.name,
        model=remote.model,
        sku=remote.sku,
        capacity=remote.capacity,
        state=State.FAILED if failed else State.READY,
        wanted_at=made,
        # It was not asked whether it answers; what has stood for a while does.
        ready_at=None if failed else made,
        nonce=remote.nonce,
        purpose=remote.purpose,
        step_at=now,
        fuse_at=before.fuse_at if returned and before is not None else None,
        problem=Problem("The service calls it failed.", remedy="Remove it.") if failed else None,
    )
    words = "Found at the service" + (", made by Cupola." if remote.nonce else ", made by others.")
    deployments.save_new(database, told_by(bare, remote, now), now, words)


def _why_gone(row: Deployment, now: float) -> str:
    tier = find_tier(row.sku)
    lived = now - (row.created_at or now)
    if tier is not None and tier.name == "DeveloperTier" and lived >= DEVELOPER_LIFE_SECONDS - _CLOCK_SKEW_SECONDS:
        return "The service removed it: developer deployments live for 24 hours."
    return "The service does not list it any more: others removed it, or it had lain unused for 15 days."


def _fail_wanted(database: Database, problem: Problem, now: float) -> None:
    for row in deployments.all_deployments(database):
        if row.state is State.WANTED:
            deployments.step(database, row, replace(row, state=State.FAILED, problem=problem), now, problem.what)


def _leave_word(database: Database, problem: Problem, now: float, wait: float) -> None:
    """Say what is wrong, and when it is tried again."""
    known = control_plane.trouble(database)
    since = known.since if known.problem and known.since else now
    if known.problem is None or known.problem.what != problem.what:
        log.warning("%s %s", problem.what, problem.remedy)
    control_plane.save_trouble(database, Health(known.checked_at, problem, since, now + wait))


async def _rested(database: Database, seconds: float) -> None:
    """Wait so long, or until somebody wishes something."""

    def wishes() -> tuple[object, ...]:
        refresh = intents.last_fulfilled(database, REFRESH)
        moving = [(row.name, row.state) for row in deployments.all_deployments(database) if row.state.moving]
        return (refresh.id if refresh else 0, *moving)

    before, until = wishes(), time.monotonic() + seconds
    while time.monotonic() < until and wishes() == before:
        await asyncio.sleep(min(seconds, _LOOK_SECONDS * 5))
