"""Fresh data for one command: the running worker's, else one look of our own."""

from __future__ import annotations

import asyncio
import functools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ..errors import ServiceError, ThrottledError, UnreachableError
from ..models import Health, Job
from ..store import health, jobs
from ..store.database import Database
from .context import Context, Session
from .naming import find

if TYPE_CHECKING:
    from ..azure.client import Service


@asynccontextmanager
async def service_of(session: Session, database: Database) -> AsyncIterator[Service]:
    """A connection to the profile's resource whose calls are kept for the `@` view."""
    from ..azure.client import checked_endpoint, connect
    from ..azure.credentials import find_credential

    # Whoever has set nothing up yet lacks an address before a key.
    checked_endpoint(session.profile)
    credential = find_credential(session.profile, session.environment)
    on_call = functools.partial(health.log_call, database)
    async with connect(session.profile, credential, transport=session.transport, on_call=on_call) as service:
        yield service


def worker_runs(session: Session, context: Context) -> bool:
    """Whether the profile's worker keeps the store fresh."""
    from ..worker.process import status

    return status(session.profile.name, context.paths).running


def refreshed(session: Session, context: Context, database: Database, offline: bool, job: str | None = None) -> int:
    """See that the store is fresh: nothing to do offline or beside a worker, else one look at the list of jobs.

    Args:
        session: The profile.
        context: The command's world.
        database: The profile's store.
        offline: Ask nobody.
        job: A job as a person names it, whose details are wanted too.

    Returns:
        0, or the exit code to end with after what is known has been printed: the service could not be asked.
    """
    if offline:
        return 0
    if worker_runs(session, context):
        return 0
    try:
        asyncio.run(_looked(session, database, job))
    except ServiceError as error:
        known = health.get(database)
        health.save(database, Health(known.checked_at, error.problem, time.time()))
        if not jobs.newest(database, 1):
            raise
        return told(context, error)
    return 0


def told(context: Context, error: ServiceError) -> int:
    """Say that what follows may be old; return the exit code to end with."""
    context.say(f"cupola: {error} What follows is what was known before.")
    return error.exit_code


async def looking(
    session: Session, context: Context, database: Database, job: Job, until: Callable[[], Awaitable[bool]]
) -> None:
    """Look at one job again and again until `until` says so; for `watch` without a worker. An outage is sat out."""
    from ..worker.poll import after_failure, after_success, pace_of
    from ..worker.sync import Memory, look_at_job, look_at_jobs

    memory, pace, failures = Memory(), pace_of(session.profile), 0
    async with service_of(session, database) as service:
        while True:
            try:
                listed = {entry.id: entry for entry in await look_at_jobs(service, database)}
                job = listed.get(job.id, job)
                await look_at_job(service, database, memory, pace, job, time.monotonic())
                failures, wait = 0, after_success(pace, job.phase.moving)
            except (UnreachableError, ThrottledError) as error:
                failures += 1
                wait = after_failure(pace, failures, error.retry_after, random.random())
                if failures == 1:
                    context.say(f"cupola: {error}")
            if await until():
                return
            await asyncio.sleep(wait)


async def _looked(session: Session, database: Database, name: str | None) -> None:
    from ..worker.poll import pace_of
    from ..worker.sync import Memory, is_due, look_at_job, look_at_jobs

    async with service_of(session, database) as service:
        await look_at_jobs(service, database)
        job, memory = find(database, name) if name else None, Memory()
        if job and is_due(database, memory, job):
            await look_at_job(service, database, memory, pace_of(session.profile), job, time.monotonic())
        health.save(database, Health(checked_at=service.clock()))
