"""`/fine_tuning/jobs`: create, list, retrieve, cancel, pause, resume, delete, events, checkpoints."""

from __future__ import annotations

import shutil
import uuid

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..body import read_object
from ..dialect import new_id
from ..errors import ApiError, not_found, quota_exceeded, unexpected_state
from ..jobs.request import JobRequest, read_job_request
from ..jobs.view import render_checkpoint, render_event, render_job
from ..paging import Page, fetch_page, list_body, read_page
from ..resource import Resource
from ..service import created_status, is_dated, resource_of, service_of
from ..state import jobs, models, progress
from ..state.database import transaction
from ..state.jobs import Job
from ..training.estimate import first_estimate

MOST_JOBS = 100
MOST_QUEUED = 20


def find_job(resource: Resource, job_id: str) -> Job:
    """The job of that id. Raises ApiError."""
    job = jobs.find(resource.database, job_id)
    if job is None:
        raise not_found(f"The specified fine-tune job '{job_id}' could not be found.")
    return job


def _check_room(resource: Resource) -> None:
    if jobs.count(resource.database) >= MOST_JOBS:
        raise quota_exceeded(f"The maximum number of {MOST_JOBS} fine-tuning jobs has been reached.")
    if jobs.count(resource.database, "validating_files", "queued") >= MOST_QUEUED:
        raise ApiError(429, "tooManyRequests", f"The maximum number of {MOST_QUEUED} queued jobs has been reached.")


def _new_job(resource: Resource, wanted: JobRequest) -> Job:
    now, hexes = resource.clock.now(), uuid.uuid4().hex
    return Job(
        id=f"ftjob-{hexes}" if resource.dialect == "azure" else new_id("ftjob", resource.dialect),
        uuid=hexes,
        created_at=now,
        model=wanted.model,
        method=wanted.method,
        request=wanted.body,
        training_type=wanted.training_type,
        seed=wanted.seed,
        status="validating_files",
        stage="enqueued",
        stage_since=now,
        estimated_finish=first_estimate(resource, wanted.method, now),
    )


async def create(request: Request) -> Response:
    """`POST /fine_tuning/jobs`."""
    service, resource = service_of(request), resource_of(request)
    wanted = read_job_request(resource, await read_object(request), is_dated(request))
    _check_room(resource)
    job = _new_job(resource, wanted)
    with transaction(resource.database):
        jobs.add(resource.database, job)
        service.lifecycle.note(job, "Job enqueued. Waiting for jobs ahead to complete.")
    service.lifecycle.wake()
    location = {"Location": f"{str(request.url.replace(query='')).rstrip('/')}/{job.id}"}
    return JSONResponse(render_job(job, resource.dialect), created_status(request), headers=location)


def _metadata_filter(request: Request) -> tuple[str, list[str]]:
    where, arguments = "1", []
    for key, value in request.query_params.items():
        if key.startswith("metadata[") and key.endswith("]"):
            where += " AND EXISTS (SELECT 1 FROM json_each(request, '$.metadata') WHERE key = ? AND value = ?)"
            arguments += [key[len("metadata[") : -1], value]
    return where, arguments


async def index(request: Request) -> Response:
    """`GET /fine_tuning/jobs`, newest first."""
    resource = resource_of(request)
    where, arguments = _metadata_filter(request)
    page = read_page(request, default=20, most=100)
    rows, has_more = fetch_page(resource.database, "jobs", where, arguments, Page(page.limit, page.after))
    return JSONResponse(list_body([render_job(jobs.from_row(row), resource.dialect) for row in rows], has_more))


async def retrieve(request: Request) -> Response:
    """`GET /fine_tuning/jobs/{id}`."""
    resource = resource_of(request)
    return JSONResponse(render_job(find_job(resource, request.path_params["job_id"]), resource.dialect))


async def cancel(request: Request) -> Response:
    """`POST /fine_tuning/jobs/{id}/cancel`."""
    resource = resource_of(request)
    job = find_job(resource, request.path_params["job_id"])
    if job.status in jobs.TERMINAL:
        raise unexpected_state(f"The fine-tune job '{job.id}' cannot be cancelled: its status is '{job.status}'.")
    await service_of(request).lifecycle.cancel(job)
    return JSONResponse(render_job(find_job(resource, job.id), resource.dialect))


async def pause(request: Request) -> Response:
    """`POST /fine_tuning/jobs/{id}/pause`, once a running job has a step behind it."""
    resource = resource_of(request)
    job = find_job(resource, request.path_params["job_id"])
    if job.status != "running" or job.stage != "training" or not progress.last_step(resource.database, job.id):
        raise unexpected_state(
            f"The fine-tune job '{job.id}' cannot be paused: only a running job with at least one completed step can."
        )
    service_of(request).lifecycle.pause(job)
    return JSONResponse(render_job(find_job(resource, job.id), resource.dialect))


async def resume(request: Request) -> Response:
    """`POST /fine_tuning/jobs/{id}/resume`."""
    resource = resource_of(request)
    job = find_job(resource, request.path_params["job_id"])
    if job.status != "paused":
        raise unexpected_state(f"The fine-tune job '{job.id}' cannot be resumed: its status is '{job.status}'.")
    service_of(request).lifecycle.resume(job)
    return JSONResponse(render_job(find_job(resource, job.id), resource.dialect))


async def delete(request: Request) -> Response:
    """`DELETE /fine_tuning/jobs/{id}` on dated routes, once the job has ended; what it made stays deployable."""
    resource = resource_of(request)
    job = find_job(resource, request.path_params["job_id"])
    if job.status not in jobs.TERMINAL:
        raise unexpected_state(f"The fine-tune job '{job.id}' cannot be deleted: its status is '{job.status}'.")
    with transaction(resource.database):
        jobs.remove(resource.database, job.id)
    if not models.made_by(resource.database, job.id):
        shutil.rmtree(resource.folders.job(job.uuid), ignore_errors=True)
    return Response(status_code=204)


async def events(request: Request) -> Response:
    """`GET /fine_tuning/jobs/{id}/events`, newest first."""
    resource = resource_of(request)
    job = find_job(resource, request.path_params["job_id"])
    page = read_page(request, default=20, most=1000)
    rows, has_more = fetch_page(resource.database, "events", "job_id = ?", [job.id], Page(page.limit, page.after))
    return JSONResponse(list_body([render_event(row, resource.dialect) for row in rows], has_more))


async def checkpoints(request: Request) -> Response:
    """`GET /fine_tuning/jobs/{id}/checkpoints`, newest first."""
    resource = resource_of(request)
    job = find_job(resource, request.path_params["job_id"])
    page = read_page(request, default=10, most=100)
    rows, has_more = fetch_page(resource.database, "checkpoints", "job_id = ?", [job.id], Page(page.limit, page.after))
    data = [render_checkpoint(progress.checkpoint_from_row(row)) for row in rows]
    return JSONResponse(list_body(data, has_more, ends=True))


_JOB = "/fine_tuning/jobs/{job_id}"

ROUTES = [
    Route("/fine_tuning/jobs", create, methods=["POST"]),
    Route("/fine_tuning/jobs", index, methods=["GET"]),
    Route(_JOB, retrieve, methods=["GET"]),
    Route(f"{_JOB}/cancel", cancel, methods=["POST"]),
    Route(f"{_JOB}/pause", pause, methods=["POST"]),
    Route(f"{_JOB}/resume", resume, methods=["POST"]),
    Route(f"{_JOB}/events", events, methods=["GET"]),
    Route(f"{_JOB}/checkpoints", checkpoints, methods=["GET"]),
]

DATED_ROUTES = [Route(_JOB, delete, methods=["DELETE"])]
