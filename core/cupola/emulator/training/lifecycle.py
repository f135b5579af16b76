"""Move every job through its stages; all that is needed to go on stands in the database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import ApiError
from ..inference.client import Inference
from ..jobs.intake import take_in
from ..jobs.lines import DatasetError
from ..resource import Resource
from ..serving import resolve_model
from ..state import jobs, progress
from ..state.database import transaction
from ..state.jobs import Job
from .ingest import note
from .model_check import check_model, refusal
from .processes import Processes
from .spending import bill_sentence, limit_reached
from .tuned import forget_made_models, keep_tuned_model, tuned_engine

TICK_SECONDS = 0.02
"""How often the stages are looked at while any job is on its way."""

MOST_ATTEMPTS = 4
"""How often a training process may die before its job fails."""

MOST_RUNNING = {"developerTier": 5}
"""Simultaneous jobs by training tier."""

MOST_RUNNING_ELSEWHERE = 3
"""Simultaneous jobs of the standard and global tiers together."""

_HOLDS_SLOT = ("running", "pausing")


class Lifecycle:
    """The stages of all jobs, and the training processes of those that train."""

    def __init__(self, resource: Resource, inference: Inference) -> None:
        self._resource = resource
        self._inference = inference
        self._wake = asyncio.Event()
        self._processes = Processes(resource, self._ended)
        self._checks: dict[str, asyncio.Task[None]] = {}
        self._model_checks: dict[str, asyncio.Task[list[str]]] = {}
        self._stages: dict[str, Callable[[Job], Awaitable[None]]] = {
            "enqueued": self._enqueued,
            "preprocessing": self._preprocessing,
            "queued": self._queued,
            "importing": self._importing,
            "waiting_for_gpus": self._waiting_for_gpus,
            "training": self._training,
            "finishing": self._finishing,
            "pausing": self._training,
            "evaluating": self._evaluating,
            "preempting": self._training,
            "yielding": self._yielding,
            "preempted": self._preempted,
            "resuming": self._resuming,
        }

    # What routes ask for.

    def wake(self) -> None:
        """Look at the jobs now."""
        self._wake.set()

    def note(self, job: Job, message: str, *, level: str = "info", data: Any = None) -> None:
        """Add an event to a job."""
        note(self._resource, job, message, level=level, data=data)

    async def cancel(self, job: Job) -> None:
        """End a job that has not ended."""
        with transaction(self._resource.database):
            self._end(job, "cancelled")
            self.note(job, "Job cancelled.")
            self._bill(job)
        for check in (self._checks.pop(job.id, None), self._model_checks.pop(job.id, None)):
            if check is not None:
                check.cancel()
        await self._processes.stop(job.id)
        self.wake()

    def pause(self, job: Job) -> None:
        """Let a training job write a checkpoint and rest."""
        self._move(job, "pausing", status="pausing")
        self._processes.pause(job.id)

    def resume(self, job: Job) -> None:
        """Let a resting job go on, when there is room for it; one that rests for its cost has no limit any more."""
        lifted = int(bool(job.cap_lifted) or limit_reached(self._resource, job))
        self._move(job, "resuming", status="resuming", cap_lifted=lifted)
        self.wake()

    # The loop.

    async def run(self) -> None:
        """Move jobs until cancelled; then end every training process."""
        try:
            while True:
                self._wake.clear()
                active = jobs.active(self._resource.database)
                for seen in active:
                    # A request may have changed the job while an earlier one was awaited.
                    job = jobs.find(self._resource.database, seen.id)
                    if job is not None and job.stage in self._stages:
                        await self._stages[job.stage](job)
                # Not `wait_for`: before Python 3.12 it can swallow a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_SECONDS if active else None):
                        await self._wake.wait()
        finally:
            for check in (*self._checks.values(), *self._model_checks.values()):
                check.cancel()
            await self._processes.stop_all()

    def _passed(self, job: Job, stage: str) -> bool:
        return self._resource.clock.passed(job.stage_since) >= self._resource.catalogue.pace[stage]

    def _move(self, job: Job, stage: str, **changes: Any) -> None:
        jobs.update(self._resource.database, job.id, stage=stage, stage_since=self._resource.clock.now(), **changes)
        self._wake.set()

    def _end(self, job: Job, status: str, **changes: Any) -> None:
        self._move(job, "ended", status=status, finished_at=self._resource.clock.now(), **changes)

    def _fail(self, job: Job, code: str, message: str) -> None:
        with transaction(self._resource.database):
            self._end(job, "failed", error={"code": code, "message": message})
            self.note(job, message, level="error")

    def _bill(self, job: Job) -> int:
        tokens = progress.trained_tokens(self._resource.database, job.id)
        jobs.update(self._resource.database, job.id, trained_tokens=tokens)
        if tokens:
            self.note(job, f"Training tokens billed: {tokens}")
        if tokens and job.method == "reinforcement":
            self.note(job, bill_sentence(self._resource, job))
        return tokens

    # The stages before training.

    async def _enqueued(self, job: Job) -> None:
        if self._passed(job, "enqueued"):
            with transaction(self._resource.database):
                self._move(job, "preprocessing")
                self.note(job, "Preprocessing running for file training file.")

    async def _preprocessing(self, job: Job) -> None:
        if job.id not in self._checks:
            serving = resolve_model(self._resource, job.model)
            vision = serving is None or serving.base.vision
            check = asyncio.to_thread(take_in, self._resource.folders, job, vision=vision)
            self._checks[job.id] = asyncio.create_task(check)
            self._checks[job.id].add_done_callback(lambda _task: self.wake())
        if not (self._checks[job.id].done() and self._passed(job, "preprocessing")):
            return
        try:
            self._checks.pop(job.id).result()
        except DatasetError as error:
            self._fail(job, error.code, error.message)
            return
        with transaction(self._resource.database):
            self._move(job, "queued", status="queued")
            self.note(job, "Preprocessing completed for file training file.")
            if job.request.get("validation_file"):
                self.note(job, "Preprocessing completed for file validation file.")

    def _has_room(self, job: Job) -> bool:
        tier = job.training_type
        rivals = [
            other
            for other in jobs.active(self._resource.database)
            if other.status in _HOLDS_SLOT and (other.training_type == tier or tier not in MOST_RUNNING)
            if tier in MOST_RUNNING or other.training_type not in MOST_RUNNING
        ]
        return len(rivals) < MOST_RUNNING.get(tier, MOST_RUNNING_ELSEWHERE)

    async def _queued(self, job: Job) -> None:
        if self._has_room(job):
            with transaction(self._resource.database):
                self._move(job, "importing", status="running")
                self.note(job, "Job started.")
                self.note(job, "Data Import started.")

    async def _importing(self, job: Job) -> None:
        if self._passed(job, "importing"):
            with transaction(self._resource.database):
                self._move(job, "waiting_for_gpus")
                self.note(job, "Finetuning started.")
                self.note(job, "Job queued, waiting for GPUs.")

    async def _waiting_for_gpus(self, job: Job) -> None:
        if self._passed(job, "waiting_for_gpus"):
            self._move(job, "training")

    # Training.

    async def _training(self, job: Job) -> None:
        if job.id in self._processes:
            self._hold_back(job)
            return
        if job.attempts >= MOST_ATTEMPTS:
            self._fail(job, "internalFailure", "The job failed due to an internal error. Please try again.")
            return
        await self._processes.start(job)

    def _hold_back(self, job: Job) -> None:
        """Pause a training job that has spent its limit, or whose capacity is wanted by a dearer tier."""
        if job.stage != "training" or not progress.last_step(self._resource.database, job.id):
            return
        if limit_reached(self._resource, job):
            limit = self._resource.reinforcement_limit
            text = f"The job has reached its cost limit of ${limit:,.2f} and is paused. Resume it to go on without one."
            self.note(job, text, level="warning")
            self.pause(job)
        elif job.training_type in MOST_RUNNING and self._others_fill_up():
            self.note(job, "The job is preempted: its capacity is needed elsewhere.", level="warning")
            self._move(job, "preempting", status="pausing")
            self._processes.pause(job.id)

    def _others_fill_up(self) -> bool:
        """Whether the standard and global tiers use all of their slots, which leaves developer jobs no spare one."""
        running = [
            other
            for other in jobs.active(self._resource.database)
            if other.status in _HOLDS_SLOT and other.training_type not in MOST_RUNNING
        ]
        return len(running) >= MOST_RUNNING_ELSEWHERE

    def _ended(self, job: Job, last: dict[str, Any]) -> None:
        match last["type"]:
            case "done":
                self._move(job, "finishing", status="running")
            case "paused":
                self._move(job, "yielding" if job.stage == "preempting" else "evaluating")
            case "failed":
                self._fail(job, "invalidPayload", last["message"])
            case _:
                jobs.update(self._resource.database, job.id, attempts=job.attempts + 1)
                self._wake.set()

    # The stages after training.

    async def _finishing(self, job: Job) -> None:
        if job.id not in self._model_checks:
            engine = tuned_engine(self._resource, job, progress.last_step(self._resource.database, job.id))
            check = asyncio.create_task(check_model(self._resource, self._inference, job, engine))
            self._model_checks[job.id] = check
            check.add_done_callback(lambda _task: self.wake())
        if not (self._model_checks[job.id].done() and self._passed(job, "finishing")):
            return
        try:
            kinds = self._model_checks.pop(job.id).result()
        except ApiError as error:
            self._fail(job, error.code, error.message)
            return
        if kinds:
            self._refuse_model(job, kinds)
            return
        with transaction(self._resource.database):
            name = keep_tuned_model(self._resource, job)
            self.note(job, "Job succeeded.")
            self.note(job, "Model Evaluation Passed.")
            self.note(job, f"Completed results file: {job.result_file}")
            self._bill(job)
            self._end(job, "succeeded", fine_tuned_model=name)

    def _refuse_model(self, job: Job, kinds: list[str]) -> None:
        """End a job whose model is unsafe: nothing that it made may be deployed, and nothing is billed."""
        with transaction(self._resource.database):
            forget_made_models(self._resource, job)
            self._fail(job, "contentFilter", refusal(kinds))

    async def _yielding(self, job: Job) -> None:
        if self._passed(job, "pausing"):
            with transaction(self._resource.database):
                self._move(job, "preempted", status="paused")
                self.note(job, "Job paused. It resumes by itself when there is capacity again.")

    async def _preempted(self, job: Job) -> None:
        if not self._others_fill_up():
            self.resume(job)

    async def _evaluating(self, job: Job) -> None:
        if self._passed(job, "pausing"):
            with transaction(self._resource.database):
                self._move(job, "paused", status="paused")
                self.note(job, "Job paused.")

    async def _resuming(self, job: Job) -> None:
        if self._passed(job, "resuming") and self._has_room(job):
            with transaction(self._resource.database):
                self._move(job, "training", status="running", attempts=0)
                self.note(job, "Job resumed.")
