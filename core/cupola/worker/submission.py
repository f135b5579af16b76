"""Submitting a job: look for it, upload its files, create it, remember it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..azure import files, jobs
from ..azure.client import Service
from ..models import Job
from ..store import intents
from ..store import jobs as stored_jobs
from ..store.database import Database
from ..training.job_spec import JobSpec
from . import uploads
from .intents import REFRESH


async def submitted(
    service: Service, database: Database, spec: JobSpec, nonce: str, say: Callable[[str], None]
) -> tuple[Job, bool]:
    """Submit a job once for each nonce; return it, and whether it is new.

    Raises:
        CupolaError: a file or the job was refused, or the service cannot be reached.
    """
    job = await jobs.find_submitted(service, spec.request("", None), nonce)
    new = job is None
    if job is None:
        training = await _at_the_service(service, database, spec.training, say)
        validation = await _at_the_service(service, database, spec.validation, say)
        job = await jobs.submit(service, spec.request(training or "", validation), nonce)
    stored_jobs.save(database, [job])
    # The worker, if one runs, looks at once.
    intents.wish(database, REFRESH, "", time.time())
    return job, new


async def _at_the_service(
    service: Service, database: Database, file: str | Path | None, say: Callable[[str], None]
) -> str | None:
    if not isinstance(file, Path):
        return file
    files.sendable(file)
    say(f"Uploading {file.name} ({file.stat().st_size:,} bytes), unless the service has it already ...")
    there = await uploads.at_the_service(service, database, file)
    return (await files.processed(service, there.id)).id
