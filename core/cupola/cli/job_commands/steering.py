"""Verbs that change a job or wait for it."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence

from ...errors import ServiceError, UsageError, WorkerError
from ...models import Event, Intent, IntentState, Job, Phase
from ...store import events, intents, jobs
from ...store.database import Database
from ..context import Context, Session, session_of, store_of
from ..fresh import looking, refreshed, service_of, worker_runs
from ..naming import find
from ..output import emit, emit_one, when
from ..text import clean
from .reading import EVENT, EVENT_COLUMNS, event_row

EXIT_JOB_FAILED = 5
EXIT_STILL_RUNNING = 8

Done = Callable[[], Awaitable[bool]]

_LOOK_SECONDS = 0.1


def steer(options: argparse.Namespace, context: Context) -> int:
    """Write the wish down and wait until it is answered, by the worker or, where none runs, by this process."""
    if options.offline and not options.dry_run:
        raise UsageError(f"`{options.action}` asks the service; it cannot be done offline.")
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = refreshed(session, context, database, options.offline)
        if code:
            return code
        job = find(database, options.job)
        if options.dry_run:
            _print_request(options, context, session, database, job)
            return 0
        if options.action == "resume":
            context.say(_cost(context, database, job))
        context.confirm(f"{options.action.capitalize()} {clean(job.name)} ({job.status})?", options.yes)
        intent_id = intents.wish(database, f"job.{options.action}", job.id, time.time())
        answer = _answered(session, context, database, intent_id, options.timeout)
        if answer is None:
            context.say(f"No answer after {options.timeout:.0f} s; the wish stays written down.")
            return EXIT_STILL_RUNNING
        if answer.problem:
            raise ServiceError(answer.problem.what, answer.problem.why, answer.problem.remedy, answer.problem.raw)
        now = jobs.get(database, job.id) or job
        row = {"name": now.name, "id": now.id, "status": now.status, "phase": str(now.phase)}
        emit_one(options, context.out, "cupola.job/1", row, now.as_of, hidden=("as_of", "phase"))
    return 0


def watch(options: argparse.Namespace, context: Context) -> int:
    """Print a job's events as they come, until it ends."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        refreshed(session, context, database, options.offline)
        job_id = find(database, options.job).id
        deadline = time.monotonic() + options.timeout if options.timeout is not None else float("inf")
        shown = 0

        async def done() -> bool:
            nonlocal shown
            fresh = events.of_job(database, job_id, after=shown)
            shown += len(fresh)
            _print_events(options, context, fresh)
            job = jobs.get(database, job_id)
            return (job is not None and job.phase.ended) or time.monotonic() >= deadline

        asyncio.run(_watched(session, context, database, job_id, done))
        job = jobs.get(database, job_id)
    if job is None or not job.phase.ended:
        return EXIT_STILL_RUNNING
    context.say(f"{job.name} {job.status}." + (f" {job.error_message}" if job.error_message else ""))
    return 0 if job.phase is Phase.SUCCEEDED else EXIT_JOB_FAILED


def _print_request(
    options: argparse.Namespace, context: Context, session: Session, database: Database, job: Job
) -> None:
    """What would be sent, and what is known of the job's cost."""
    from ...azure.jobs import steer_path

    context.say(f"{options.action.capitalize()} {clean(job.name)} ({job.status}). {_cost(context, database, job)}")
    path = steer_path(job.id, options.action)
    row = {"method": "POST", "path": path, "profile": session.profile.name, "body": None}
    emit_one(options, context.out, "cupola.request/1", row, job.as_of, hidden=("as_of",))


def _cost(context: Context, database: Database, job: Job) -> str:
    """What a job has cost, and what bounds what is still to come, as sentences."""
    import datetime as dt

    from ...money.amounts import dollars
    from ...money.prices import prices_of
    from ...money.training import training_cost
    from ...training.job_budget import budget_of

    now = time.time()
    prices = prices_of(context.settings, dt.date.fromtimestamp(now))
    so_far = f"Its training has cost {dollars(training_cost(database, job, prices, now))} so far."
    budget = budget_of(job)
    if budget is None:
        return f"{so_far} Nothing bounds what is still to come: it trains to its end unless it is paused or cancelled."
    return f"{so_far} The worker pauses it when it has burnt ${budget:,.2f}."


def _print_events(options: argparse.Namespace, context: Context, fresh: Sequence[Event]) -> None:
    """Print them as they come; as JSON each on a line of its own."""
    if options.output == "table" and not options.query:
        context.out.writelines(f"{when(event.created_at)}  {clean(event.message)}\n" for event in fresh)
    elif fresh:
        output = "jsonl" if options.output == "json" else options.output
        lines = argparse.Namespace(output=output, query=options.query)
        emit(lines, context.out, EVENT, map(event_row, fresh), EVENT_COLUMNS, None)
    context.out.flush()


async def _watched(session: Session, context: Context, database: Database, job_id: str, done: Done) -> None:
    while worker_runs(session, context):
        if await done():
            return
        await asyncio.sleep(_LOOK_SECONDS * 5)
    job = jobs.get(database, job_id)
    if job is not None:
        await looking(session, context, database, job, done)


def _answered(session: Session, context: Context, database: Database, intent_id: int, seconds: float) -> Intent | None:
    """The intent once it is done or failed; None if that took too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not worker_runs(session, context):
            _obey_here(session, context, database)
        intent = intents.get(database, intent_id)
        if intent and intent.state in (IntentState.DONE, IntentState.FAILED):
            return intent
        time.sleep(_LOOK_SECONDS)
    return None


def _obey_here(session: Session, context: Context, database: Database) -> None:
    """Do what a worker would do with the open wishes, holding its lock so that none starts meanwhile."""
    from ...worker.lock import Holder, held

    try:
        with held(context.paths.worker_lock(session.profile.name), Holder(os.getpid(), time.time())):
            asyncio.run(_obey(session, database))
    except WorkerError:
        # One has started just now; it will answer.
        return


async def _obey(session: Session, database: Database) -> None:
    from ...worker.intents import obey_all, resolve_taken

    async with service_of(session, database) as service:
        await resolve_taken(service, database)
        await obey_all(service, database)
