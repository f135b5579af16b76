"""Fine-tuning jobs: look, steer, submit."""

from __future__ import annotations

from collections.abc import Container

from ..errors import ServiceError, UnreachableError
from ..models import Checkpoint, Event, Job
from .client import Service, is_path_segment, path_segment
from .pages import every, pages
from .wire import jobs as wire
from .wire.reading import identifier, parse
from .wire.requests import JobRequest, job_body

_JOBS = "/fine_tuning/jobs"


async def list_jobs(service: Service) -> list[Job]:
    """All jobs of the resource, newest first; an entry whose id could not be asked about is left out."""
    as_of = service.clock()
    listed = [wire.job(entry, as_of) for entry in await every(service, _JOBS, 100)]
    return [job for job in listed if is_path_segment(job.id)]


async def get_job(service: Service, job_id: str) -> Job:
    """One job as it is now."""
    return wire.job(parse(await service.get(f"{_JOBS}/{path_segment(job_id)}")), service.clock())


async def new_events(service: Service, job_id: str, known: Container[str] = ()) -> list[Event]:
    """A job's events that are not known yet, oldest first.

    The service tells the newest first; reading stops at the first known one, so `known` must have no gaps.
    """
    found: list[Event] = []
    async for page in pages(service, f"{_JOBS}/{path_segment(job_id)}/events", 100):
        for entry in page:
            if identifier(entry) in known:
                return found[::-1]
            event = wire.event(entry, job_id)
            if event:
                found.append(event)
    return found[::-1]


async def checkpoints(service: Service, job_id: str) -> list[Checkpoint]:
    """The checkpoints that the service still holds, by rising step."""
    listed = [
        wire.checkpoint(entry, job_id)
        for entry in await every(service, f"{_JOBS}/{path_segment(job_id)}/checkpoints", 100)
    ]
    return sorted((c for c in listed if c), key=lambda c: (c.step, c.created_at))


def steer_path(job_id: str, action: str) -> str:
    """Where a wish to pause, resume or cancel a job is posted, below the route."""
    return f"{_JOBS}/{path_segment(job_id)}/{path_segment(action)}"


async def steer(service: Service, job_id: str, action: str) -> Job:
    """Pause, resume or cancel a job (`action` is that word); return the job as the service then tells it."""
    content = await service.post(steer_path(job_id, action))
    job = wire.job(parse(content), service.clock())
    return job if job.id == job_id else await get_job(service, job_id)


async def submit(service: Service, request: JobRequest, nonce: str) -> Job:
    """Submit a job exactly once: a job that carries `nonce` already is returned instead.

    Raises:
        UnreachableError: no answer came and no such job is listed either. Submitting again with the same nonce is
            safe: it looks first.
        ServiceError: the service refused the job.
    """
    found = await find_submitted(service, request, nonce)
    if found:
        return found
    try:
        return wire.job(parse(await service.post(_JOBS, job_body(request, nonce))), service.clock())
    except UnreachableError as error:
        found = await _looked_up_after(service, request, nonce, error)
        if found:
            return found
        raise UnreachableError(
            f"It is not known whether the job was created. {error.what}",
            error.why,
            "Submit it again with the same words: Cupola looks for it before it sends anything.",
            error.raw,
            status=error.status,
        ) from error


async def find_submitted(service: Service, request: JobRequest, nonce: str) -> Job | None:
    """The job that was submitted with this nonce, or None."""
    body = job_body(request, nonce)
    async for page in pages(service, _JOBS, 100):
        for entry in page:
            if identifier(entry) and wire.is_submission(entry, nonce, body):
                return wire.job(entry, service.clock())
    return None


async def _looked_up_after(service: Service, request: JobRequest, nonce: str, failure: ServiceError) -> Job | None:
    await service.sleep(min(failure.retry_after or 1.0, 5.0))
    try:
        return await find_submitted(service, request, nonce)
    except UnreachableError:
        return None
