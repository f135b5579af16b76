"""Wishes about files carried out: by the worker or, where none runs, by this process."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TypeVar

from ...errors import CupolaError, WorkerError
from ...models import Intent, IntentState
from ...store import intents
from ...store.database import Database
from ..context import Context, Session
from ..fresh import service_of, worker_runs

Found = TypeVar("Found")

_LOOK_SECONDS = 0.1


def obeyed(session: Session, context: Context, database: Database, intent_id: int) -> None:
    """Wait until a wish has been obeyed.

    Raises:
        CupolaError: it could not be.
    """

    def answered() -> Intent | None:
        intent = intents.get(database, intent_id)
        return intent if intent and intent.state in (IntentState.DONE, IntentState.FAILED) else None

    problem = waited(session, context, database, answered).problem
    if problem is not None:
        raise CupolaError(problem.what, problem.why, problem.remedy, problem.raw)


def waited(session: Session, context: Context, database: Database, look: Callable[[], Found | None]) -> Found:
    """Wait until something is there."""
    while (found := look()) is None:
        if worker_runs(session, context):
            time.sleep(_LOOK_SECONDS)
        else:
            _work_here(session, context, database)
    return found


def _work_here(session: Session, context: Context, database: Database) -> None:
    """Do what a worker would do with open wishes and transfers, holding its lock so that none starts meanwhile."""
    from ...worker.lock import Holder, held

    try:
        with held(context.paths.worker_lock(session.profile.name), Holder(os.getpid(), time.time())):
            asyncio.run(_work(session, database))
    except WorkerError:
        # One has started just now; it will do it.
        return


async def _work(session: Session, database: Database) -> None:
    from ...worker import downloads, uploads
    from ...worker.intents import obey_all, resolve_taken

    async with service_of(session, database) as service:
        await resolve_taken(service, database)
        await obey_all(service, database)
        await uploads.drain(service, database)
        await downloads.drain(service, database)
