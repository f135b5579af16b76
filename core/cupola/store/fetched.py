"""Which jobs are known to their last event, point and checkpoint, so that they need not be asked about again."""

from __future__ import annotations

import hashlib

from ..models import Job
from .database import Database


def mark(database: Database, job: Job) -> None:
    """Note that everything about the job as it is now has been stored."""
    with database.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO fetched VALUES (?, ?)", (job.id, _digest(job)))


def is_whole(database: Database, job: Job) -> bool:
    """Whether everything was stored and the job has not changed since."""
    rows = database.rows("SELECT digest FROM fetched WHERE job_id = ?", (job.id,))
    return bool(rows) and rows[0]["digest"] == _digest(job)


def _digest(job: Job) -> str:
    return hashlib.sha256(job.raw.encode()).hexdigest()
