"""Records of fine-tuning jobs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TERMINAL = ("succeeded", "failed", "cancelled")

_JSON = ("request", "error", "hyperparameters", "engine")


@dataclass(frozen=True, slots=True)
class Job:
    """One fine-tuning job. `status` is what clients see in OpenAI's words; `stage` is where it is behind that."""

    id: str
    uuid: str
    """32 hex digits; names the tuned model and the job's folder."""
    created_at: float
    model: str
    """The id of the model it started from: a base model or a tuned one."""
    method: str
    request: Mapping[str, Any]
    """The create body as it was accepted."""
    training_type: str
    seed: int
    status: str
    stage: str
    stage_since: float
    error: Mapping[str, Any] | None = None
    finished_at: float | None = None
    fine_tuned_model: str | None = None
    trained_tokens: int | None = None
    estimated_finish: float | None = None
    result_file: str | None = None
    eval_id: str | None = None
    hyperparameters: Mapping[str, Any] | None = None
    """Resolved by the trainer; None until it has started."""
    total_steps: int | None = None
    engine: str | None = None
    """Which tiny engine it trains: talker or reasoner; None until it has started."""
    attempts: int = 0
    """How often its training process has died under it."""
    cap_lifted: int = 0
    """1 once a reinforcement job has been resumed after it reached the cost limit; there is no second limit."""


def from_row(row: sqlite3.Row) -> Job:
    """The record of a row."""
    values = dict(row)
    del values["seq"]
    return Job(**{key: json.loads(text) if key in _JSON and text else text for key, text in values.items()})


def _column(key: str, value: Any) -> Any:
    return json.dumps(value) if key in _JSON and value is not None else value


def add(database: sqlite3.Connection, job: Job) -> None:
    """Keep a new record."""
    names = list(Job.__slots__)
    sql = f"INSERT INTO jobs ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute(sql, [_column(name, getattr(job, name)) for name in names])


def update(database: sqlite3.Connection, job_id: str, **changes: Any) -> None:
    """Change columns of a record; the keys are field names of `Job`."""
    names = [name for name in Job.__slots__ if name in changes]
    sql = f"UPDATE jobs SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"
    database.execute(sql, [*(_column(name, changes[name]) for name in names), job_id])


def find(database: sqlite3.Connection, job_id: str) -> Job | None:
    """The job of that id."""
    row = database.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return from_row(row) if row else None


def active(database: sqlite3.Connection) -> list[Job]:
    """Jobs that may still move by themselves, oldest first."""
    marks = ", ".join("?" * len(TERMINAL))
    rests = "status = 'paused' AND stage != 'preempted'"
    sql = f"SELECT * FROM jobs WHERE status NOT IN ({marks}) AND NOT ({rests}) ORDER BY seq"
    return [from_row(row) for row in database.execute(sql, TERMINAL)]


def count(database: sqlite3.Connection, *statuses: str) -> int:
    """How many jobs are in these states; in any state when none is named."""
    where = f"WHERE status IN ({', '.join('?' * len(statuses))})" if statuses else ""
    return int(database.execute(f"SELECT count(*) FROM jobs {where}", statuses).fetchone()[0])


def remove(database: sqlite3.Connection, job_id: str) -> None:
    """Forget a job with its events, steps and samples. Tuned models stay."""
    for table in ("events", "steps", "checkpoints", "validation_samples"):
        database.execute(f"DELETE FROM {table} WHERE job_id = ?", (job_id,))
    database.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
