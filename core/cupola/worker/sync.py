"""One look at the service: what is new goes into the store, each step before the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ..azure import files as service_files
from ..azure import jobs as service_jobs
from ..azure import models as service_models
from ..azure.client import Service
from ..azure.wire.measurements import points_of_event
from ..errors import NotAllowedError, NotFoundError, ServiceError, ThrottledError, UnreachableError
from ..models import Checkpoint, Job, Point
from ..store import checkpoints, events, fetched, files, jobs, points
from ..store.database import Database
from . import convergence
from .evaluations import look_at_evaluation, look_at_opened
from .job_budgets import hold
from .poll import Pace

Between = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Do nothing between two steps."""


@dataclass(slots=True)
class Memory:
    """What the running worker remembers between looks; losing it costs a few more requests and nothing else."""

    details_at: dict[str, float] = field(default_factory=dict)
    """When each job's checkpoints and results were last fetched, on the monotonic clock."""
    raw: dict[str, str] = field(default_factory=dict)
    """Each job as it was when its details were last fetched."""
    seldom_at: float | None = None


async def look(
    service: Service, database: Database, memory: Memory, pace: Pace, monotonic: float, between: Between = nothing
) -> bool:
    """Look at all jobs, in detail where something may have changed; return whether any job is moving.

    `between` is awaited between steps, so that wishes need not wait for the end of a long look.

    Raises:
        ServiceError: the service cannot be asked; or, after all else was looked at, it refused to tell of one job, or
            of its files or models.
    """
    listed = await look_at_jobs(service, database)
    await between()
    refusal: ServiceError | None = None
    for job in listed:
        if is_due(database, memory, job):
            looking = look_at_job(service, database, memory, pace, job, monotonic, between)
            refusal = await _refusal_of(looking) or refusal
            await between()
    refusal = await _refusal_of(look_at_opened(service, database, between)) or refusal
    if memory.seldom_at is None or monotonic - memory.seldom_at >= pace.seldom:
        memory.seldom_at = monotonic
        refusal = await _refusal_of(look_at_files_and_models(service, database)) or refusal
    if refusal is not None:
        raise refusal
    return any(job.phase.moving or not fetched.is_whole(database, job) for job in listed if not _rests(job))


async def look_at_jobs(service: Service, database: Database) -> list[Job]:
    """Store what the service tells of its jobs; return them as stored."""
    listed = await service_jobs.list_jobs(service)
    jobs.save(database, listed)
    # The stored record knows since when the job is as it is.
    return [jobs.get(database, job.id) or job for job in listed]


def is_due(database: Database, memory: Memory, job: Job) -> bool:
    """Whether a job's details may have changed: it moves, is new to this worker, or is not whole yet."""
    if job.phase.ended:
        return not fetched.is_whole(database, job)
    return job.phase.moving or memory.raw.get(job.id) != job.raw


async def look_at_job(
    service: Service,
    database: Database,
    memory: Memory,
    pace: Pace,
    job: Job,
    monotonic: float,
    between: Between = nothing,
) -> None:
    """Fetch a job's new events, and its checkpoints, results and auto-evals where they may have changed."""
    news = await _look_at_events(service, database, job)
    changed = memory.raw.get(job.id) != job.raw
    waited = monotonic - memory.details_at.get(job.id, float("-inf"))
    if news or changed or waited >= pace.details:
        await _look_at_checkpoints(service, database, job)
        await _look_at_results(service, database, job)
        if job.method == "reinforcement":
            await look_at_evaluation(service, database, job, between)
        memory.details_at[job.id] = monotonic
        memory.raw[job.id] = job.raw
    hold(database, job, service.clock())
    convergence.hold(database, job, service.clock())
    if job.phase.ended and service.clock() - (job.finished_at or job.as_of) >= pace.settle:
        fetched.mark(database, job)


async def look_at_files_and_models(service: Service, database: Database) -> None:
    """Store the service's files and models."""
    files.save_files(database, await service_files.list_files(service))
    files.save_models(database, await service_models.list_models(service))


async def _refusal_of(looking: Awaitable[None]) -> ServiceError | None:
    """Await it; a refusal that concerns this alone is returned, so that all else is still looked at."""
    try:
        await looking
    except (UnreachableError, ThrottledError, NotAllowedError):
        raise
    except NotFoundError:
        # Deleted since it was listed.
        return None
    except ServiceError as error:
        return error
    return None


async def _look_at_events(service: Service, database: Database, job: Job) -> int:
    new = await service_jobs.new_events(service, job.id, events.known_ids(database, job.id))
    # Points before events: an event that is known already is not read for points a second time.
    measured = [point for event in new for point in points_of_event(event)]
    if measured:
        points.save(database, job.id, measured)
    return events.save(database, job.id, new) if new else 0


async def _look_at_checkpoints(service: Service, database: Database, job: Job) -> None:
    listed = await service_jobs.checkpoints(service, job.id)
    known = {checkpoint.raw for checkpoint, _ in checkpoints.of_job(database, job.id)}
    measured = [point for checkpoint in listed if checkpoint.raw not in known for point in _points_of(checkpoint)]
    if measured:
        points.save(database, job.id, measured)
    checkpoints.save(database, job.id, listed)


async def _look_at_results(service: Service, database: Database, job: Job) -> None:
    for file_id in job.result_files:
        try:
            measured = await service_files.results(service, file_id)
        except NotFoundError:
            # Named before it is there, or deleted by somebody.
            continue
        points.save(database, job.id, measured)


def _points_of(checkpoint: Checkpoint) -> list[Point]:
    return [Point(metric, checkpoint.step, value) for metric, value in checkpoint.metrics.items()]


def _rests(job: Job) -> bool:
    return not job.phase.ended and not job.phase.moving
