"""Fetching evaluations, those of reinforcement jobs and any other that was asked for: each run once, as it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..azure import evaluations as service_evaluations
from ..azure.client import Service, is_path_segment
from ..errors import NotFoundError
from ..models import Evaluation, EvaluationRun, Job, Problem
from ..store import evaluations, jobs
from ..store.database import Database
from ..training.evaluation_links import link

EVAL_OPEN = "evaluation.open"
"""The wish to have any evaluation of the service in the store; its target is the evaluation's id."""
OPENED = "id"
"""How an evaluation was found that a person asked for."""


async def look_at_evaluation(
    service: Service, database: Database, job: Job, between: Callable[[], Awaitable[None]]
) -> None:
    """Store a job's evaluation, its runs, and the items of those that have ended and are not whole yet.

    An evaluation that is gone leaves what was stored of it. `between` is awaited between runs.
    """
    evaluation = await _evaluation_of(service, database, job)
    if evaluation is None:
        return
    evaluations.save(database, evaluation)
    await _fetch_runs(service, database, job.id, evaluation.id, between)


async def open_evaluation(service: Service, database: Database, eval_id: str) -> Problem | None:
    """Store that an evaluation of the service is wanted, whoever made it; `look_at_opened` fetches it.

    Returns what to tell if there is none. It is kept under its own id where a job's has the job's.

    Raises:
        ServiceError: the service cannot be asked.
    """
    if not is_path_segment(eval_id):
        return _none_such(eval_id)
    found = evaluations.get(database, eval_id) or await service_evaluations.get(service, eval_id, eval_id, OPENED)
    if found is None:
        return _none_such(eval_id)
    evaluations.save(database, found)
    # Asked for again, it shows the runs that have been added since.
    evaluations.save_runs(database, eval_id, await service_evaluations.runs(service, eval_id))
    return None


def _none_such(eval_id: str) -> Problem:
    return Problem(f"The service has no evaluation {eval_id!r}.", remedy="Take an id such as eval_6855836b37b8...")


async def look_at_opened(service: Service, database: Database, between: Callable[[], Awaitable[None]]) -> None:
    """Fetch the runs of opened evaluations that have ended and are not whole yet."""
    for eval_id in evaluations.by_link(database, OPENED):
        if not all(stored.whole for stored in evaluations.runs_of(database, eval_id)):
            await between()
            await _fetch_runs(service, database, eval_id, eval_id, between)


async def _fetch_runs(
    service: Service, database: Database, owner: str, eval_id: str, between: Callable[[], Awaitable[None]]
) -> None:
    try:
        listed = await service_evaluations.runs(service, eval_id)
    except NotFoundError:
        return
    evaluations.save_runs(database, owner, listed)
    whole = {stored.run.id for stored in evaluations.runs_of(database, owner) if stored.whole}
    for run in listed:
        if run.ended and run.id not in whole:
            await between()
            await _fetch(service, database, owner, run)


async def _fetch(service: Service, database: Database, owner: str, run: EvaluationRun) -> None:
    try:
        found = await service_evaluations.items(service, run)
    except NotFoundError:
        return
    # A run may be called complete while its last items are still being written.
    evaluations.save_items(database, owner, run.id, found, whole=len(found) >= run.total)


async def _evaluation_of(service: Service, database: Database, job: Job) -> Evaluation | None:
    known = evaluations.get(database, job.id)
    if known is not None and job.eval_id in (None, known.id):
        return known
    if job.eval_id and is_path_segment(job.eval_id):
        return await service_evaluations.get(service, job.eval_id, job.id, "field")
    return link(job, jobs.newest(database), await service_evaluations.list_all(service))
