"""Jobs as the service last told them. Topic: `jobs`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import fields

from ..models import Job
from .database import Database, touch

_COLUMNS = tuple(field.name for field in fields(Job))
_SAVE = f"INSERT OR REPLACE INTO jobs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


def save(database: Database, jobs: Iterable[Job]) -> int:
    """Store the jobs that differ from what is known; return how many did."""
    changed = [job for job in jobs if _differs(job, get(database, job.id))]
    if changed:
        with database.transaction() as connection:
            connection.executemany(_SAVE, [_to_row(job) for job in changed])
            touch(connection, "jobs")
    return len(changed)


def get(database: Database, job_id: str) -> Job | None:
    """One job, or None if it was never seen."""
    rows = database.rows("SELECT * FROM jobs WHERE id = ?", (job_id,))
    return _from_row(rows[0]) if rows else None


def newest(database: Database, limit: int = 10_000) -> list[Job]:
    """Jobs, newest first."""
    return [_from_row(r) for r in database.rows("SELECT * FROM jobs ORDER BY created_at DESC, id LIMIT ?", (limit,))]


def _differs(job: Job, known: Job | None) -> bool:
    return known is None or job.raw != known.raw


def _to_row(job: Job) -> tuple[object, ...]:
    values: dict[str, object] = {name: getattr(job, name) for name in _COLUMNS}
    values["hyperparameters"] = json.dumps(dict(job.hyperparameters))
    values["result_files"] = json.dumps(job.result_files)
    return tuple(values[name] for name in _COLUMNS)


def _from_row(row: sqlite3.Row) -> Job:
    values = dict(row)
    values["hyperparameters"] = json.loads(values["hyperparameters"])
    values["result_files"] = tuple(json.loads(values["result_files"]))
    return Job(**values)
