"""Jobs wished for from the screen: files sent, grader tried, submitted once; from wherever a dead worker left them.

A wish stays taken while it is carried out. Everything on the way is safe to do twice: content that the service holds
is not sent again, and a job that carries the wish's nonce is found before another is created.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..azure import files as service_files
from ..azure import graders, jobs
from ..azure.client import Service
from ..datasets.writing import fingerprint as content_of
from ..errors import CupolaError, NotFoundError, ThrottledError, UnreachableError, UsageError
from ..models import Intent, IntentState, Job, UploadState
from ..store import datasets, intents
from ..store import jobs as stored_jobs
from ..store.database import Database
from ..training.job_spec import JobSpec, checked, fingerprint
from ..training.job_wish import SUBMIT, spec_of
from .poll import after_failure, pace_of

log = logging.getLogger("cupola.worker")

_LOOK_SECONDS = 0.3
_PURPOSE = "fine-tune"
_ENDED = (UploadState.DONE, UploadState.FAILED, UploadState.CANCELLED)


@dataclass(slots=True)
class Submissions:
    """Wishes for jobs, one after another, beside the polling."""

    service: Service
    database: Database
    upload: Callable[[], None]
    """Called when an upload was written down, so that it begins."""
    submitted: Callable[[], None]
    """Called when a job was submitted, so that it is looked at."""
    _task: asyncio.Task[None] | None = None
    _failures: dict[int, int] = field(default_factory=dict)

    def wake(self) -> None:
        """Go on with what is wished, unless that is under way."""
        if self._task is not None and self._task.done():
            if not self._task.cancelled() and (error := self._task.exception()) is not None:
                log.error("Submitting stopped: %s", error)
            self._task = None
        if self._task is None and wished(self.database):
            self._task = asyncio.create_task(self._drain())

    async def close(self) -> None:
        """Stop; what is wished goes on with the next worker."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _drain(self) -> None:
        while taken := wished(self.database):
            await self._answered(taken[0])

    async def _answered(self, intent: Intent) -> None:
        """Carry a wish out and answer it; an outage is sat out."""
        try:
            job = await carried_out(self.service, self.database, intent, self.upload)
        except (UnreachableError, ThrottledError) as error:
            failures = self._failures[intent.id] = self._failures.get(intent.id, 0) + 1
            pace = pace_of(self.service.profile)
            await self.service.sleep(after_failure(pace, failures, error.retry_after, random.random()))
            return
        except CupolaError as error:
            intents.finish(self.database, intent.id, self.service.clock(), error.problem)
            return
        stored_jobs.save(self.database, [job])
        intents.finish(self.database, intent.id, self.service.clock())
        self.submitted()


def wished(database: Database) -> list[Intent]:
    """Wishes for jobs that were taken and not answered yet, oldest first."""
    return [intent for intent in intents.in_state(database, IntentState.TAKEN) if intent.kind == SUBMIT]


async def carried_out(service: Service, database: Database, intent: Intent, upload: Callable[[], None]) -> Job:
    """Submit the job of a wish once.

    Raises:
        UnreachableError, ThrottledError: to be tried again; nothing is done twice.
        CupolaError: a file has changed since the yes, or the service refused a file, the grader or the job.
    """
    spec = checked(spec_of(intent.arguments))
    found = await jobs.find_submitted(service, spec.request("", None), intent.target)
    if found is not None:
        return found
    if await asyncio.to_thread(fingerprint, spec) != intent.target:
        raise UsageError("A file of the job has changed since it was agreed to.", remedy="Ask again.")
    await _try_grader(service, spec)
    training = await _at_the_service(service, database, spec.training, upload)
    validation = await _at_the_service(service, database, spec.validation, upload)
    return await jobs.submit(service, spec.request(training or "", validation), intent.target)


async def _try_grader(service: Service, spec: JobSpec) -> None:
    if spec.grader is None:
        return
    try:
        problem = await graders.validate(service, spec.grader)
    except NotFoundError:
        # This resource validates none; the job itself will tell.
        return
    if problem is not None:
        raise CupolaError(f"The service refuses the grader: {problem.what}", problem.why, problem.remedy, problem.raw)


async def _at_the_service(
    service: Service, database: Database, file: str | Path | None, begin: Callable[[], None]
) -> str | None:
    """The id of a file, once the service holds it; its upload is shown, resumed and cancelled as any other."""
    if not isinstance(file, Path):
        return file
    size = service_files.sendable(file)
    content = await asyncio.to_thread(content_of, file)
    upload = datasets.want_upload(database, str(file), file.name, content.sha256, size, _PURPOSE, service.clock())
    begin()
    while upload.state not in _ENDED:
        await service.sleep(_LOOK_SECONDS)
        upload = datasets.upload(database, upload.id) or upload
    if upload.state is not UploadState.DONE:
        problem = upload.problem
        raise CupolaError(
            f"{file.name} could not be sent. {problem.what if problem else 'The upload was cancelled.'}",
            problem.why if problem else "",
            (problem.remedy if problem else "") or "Ask again.",
        )
    return upload.file_id
