"""Fetching the auto-evals of a reinforcement job: each run once, as it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..azure import evaluations as service_evaluations
from ..azure.client import Service, is_path_segment
from ..errors import NotFoundError
from ..models import Evaluation, EvaluationRun, Job
from ..store import evaluations, jobs
from ..store.database import Database
from ..training.evaluation_links import link


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
    try:
        listed = await service_evaluations.runs(service, evaluation.id)
    except NotFoundError:
        return
    evaluations.save_runs(database, job.id, listed)
    whole = {stored.run.id for stored in evaluations.runs_of(database, job.id) if stored.whole}
    for run in listed:
        if run.ended and run.id not in whole:
            await between()
            await _fetch(service, database, job, run)


async def _fetch(service: Service, database: Database, job: Job, run: EvaluationRun) -> None:
    try:
        found = await service_evaluations.items(service, run)
    except NotFoundError:
        return
    # A run may be called complete while its last items are still being written.
    evaluations.save_items(database, job.id, run.id, found, whole=len(found) >= run.total)


async def _evaluation_of(service: Service, database: Database, job: Job) -> Evaluation | None:
    known = evaluations.get(database, job.id)
    if known is not None and job.eval_id in (None, known.id):
        return known
    if job.eval_id and is_path_segment(job.eval_id):
        return await service_evaluations.get(service, job.eval_id, job.id, "field")
    return link(job, jobs.newest(database), await service_evaluations.list_all(service))
