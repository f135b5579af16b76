"""Fresh deployments for one command: the running worker's, else looked at here; and wishes carried to their end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ...deployments.needs import lacking
from ...errors import CupolaError, ServiceError, UsageError
from ...store import control_plane, deployments
from ...store.database import Database
from ..context import Context, Session
from ..fresh import told, worker_runs

_LOOK_SECONDS = 0.1


def looked(session: Session, context: Context, database: Database, offline: bool) -> int:
    """See that the store knows what is deployed; 0, or the exit code to end with after what is known was printed."""
    if offline:
        return 0
    if words := lacking(session.profile):
        context.say(f"cupola: {words}")
        return 0
    if worker_runs(session, context):
        trouble = control_plane.trouble(database).problem
        if trouble is not None:
            context.say(f"cupola: {trouble.what} {trouble.remedy}".rstrip())
        return 0
    try:
        asyncio.run(_look(session, database))
    except ServiceError as error:
        if not deployments.all_deployments(database):
            raise
        return told(context, error)
    return 0


def carried_out(
    session: Session, context: Context, database: Database, settled: Callable[[], bool], seconds: float
) -> bool:
    """Have the wishes in the store carried out until something holds; False if that took too long.

    Raises:
        UsageError: the profile does not say where deployments are managed.
        WorkerError: the worker could not be started.
    """
    if words := lacking(session.profile):
        raise UsageError(words)
    if context.transport is not None:
        return asyncio.run(_carried_out_here(session, database, settled, seconds))
    hand_over(session, context)
    deadline = time.monotonic() + seconds
    while not settled():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def hand_over(session: Session, context: Context) -> None:
    """See that a worker runs, which goes on when this command ends."""
    from ...worker import process

    if context.transport is None and not worker_runs(session, context):
        process.start(session.profile, session.environment, context.paths)


async def _look(session: Session, database: Database) -> None:
    from ...azure import deployments as remote_deployments
    from ...azure.control_plane import connect_control_plane
    from ...worker.deployments import save_listed

    async with connect_control_plane(
        session.profile, transport=session.transport, environment=session.environment
    ) as plane:
        save_listed(database, await remote_deployments.list_all(plane), time.time())
        try:
            control_plane.save_quota(database, await remote_deployments.quota(plane))
        except ServiceError:
            # A role of its own is needed to see quota; the list goes on without.
            return


async def _carried_out_here(session: Session, database: Database, settled: Callable[[], bool], seconds: float) -> bool:
    from ...azure.credentials import find_credential
    from ...worker.deployments import work

    credential = find_credential(session.profile, session.environment)
    working = asyncio.create_task(work(session.profile, credential, database, transport=session.transport))
    try:
        async with asyncio.timeout(seconds):
            while not settled():
                if working.done():
                    raise CupolaError("Looking after deployments has ended.", str(working.exception() or ""))
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        return False
    finally:
        working.cancel()
        await asyncio.wait([working])
    return True
