"""The training processes of the server: started with a plan, listened to, paused, ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from ..children import Child
from ..engines import Method
from ..jobs.hyperparameters import WITHOUT_EFFECT
from ..jobs.view import given_hyperparameters
from ..resource import Resource
from ..serving import resolve_model
from ..state import jobs
from ..state.jobs import Job
from ..watch import watched
from .ingest import hear
from .plan import Plan, write_plan


def plan_of(resource: Resource, job: Job) -> Plan:
    """What a job's training process is to do."""
    serving = resolve_model(resource, job.model)
    assert serving is not None
    validated = job.request.get("validation_file") is not None
    pace, clock = resource.catalogue.pace, resource.clock
    settings = (job.request.get("method") or {}).get(job.method) or {}
    given = given_hyperparameters(job)
    return Plan(
        folder=str(resource.folders.job(job.uuid)),
        engines=resource.engines,
        method=cast(Method, job.method),
        model=serving.engine,
        training_file=str(resource.folders.dataset(job.uuid, "training_file")),
        validation_file=str(resource.folders.dataset(job.uuid, "validation_file")) if validated else None,
        hyperparameters={name: value for name, value in given.items() if name not in WITHOUT_EFFECT},
        seed=job.seed,
        step_seconds=clock.real(pace[f"{job.method}_step"]),
        evaluation_seconds=clock.real(pace["reinforcement_evaluation"]),
        grader=settings.get("grader"),
        json_schema=(settings.get("response_format") or {}).get("json_schema"),
    )


class Processes:
    """The training processes that run now, by job."""

    def __init__(self, resource: Resource, ended: Callable[[Job, dict[str, Any]], None]) -> None:
        """`ended` hears of a process that ended by itself while its job goes on, with the last thing it said."""
        self._resource = resource
        self._ended = ended
        self._children: dict[str, Child] = {}
        self._listeners: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._children

    async def start(self, job: Job) -> None:
        """Start a job's training, or go on with it from its last save."""
        path = write_plan(plan_of(self._resource, job))
        child = await Child.start("cupola.emulator.training", str(path), errors=path.with_name("errors.log"))
        self._children[job.id] = child
        self._listeners[job.id] = watched(asyncio.create_task(self._listen(job.id, child)))
        now = jobs.find(self._resource.database, job.id)
        # The wish to pause may be older than the process, or have come while it was being started.
        if now is not None and now.stage in ("pausing", "preempting"):
            self.pause(job.id)

    def pause(self, job_id: str) -> None:
        """Ask a job's process to write a checkpoint and end."""
        child = self._children.get(job_id)
        if child is not None:
            child.send({"type": "pause"})

    async def stop(self, job_id: str) -> None:
        """End a job's process, if it has one."""
        child, listener = self._children.pop(job_id, None), self._listeners.pop(job_id, None)
        if listener is not None:
            listener.cancel()
        if child is not None:
            await child.stop()

    async def stop_all(self) -> None:
        """End every process."""
        await asyncio.gather(*(self.stop(job_id) for job_id in list(self._children)))

    async def _listen(self, job_id: str, child: Child) -> None:
        last: dict[str, Any] = {"type": "nothing"}
        async for message in child.messages():
            job = jobs.find(self._resource.database, job_id)
            if job is None or job.status in jobs.TERMINAL:
                break
            hear(self._resource, job, message)
            last = message
        await child.stop()
        if self._children.get(job_id) is not child:
            return
        del self._children[job_id], self._listeners[job_id]
        job = jobs.find(self._resource.database, job_id)
        if job is not None and job.status not in jobs.TERMINAL:
            self._ended(job, last)
