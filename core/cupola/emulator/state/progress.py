"""What training has told so far: events, steps, checkpoints and graded validation answers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One deployable moment of a job."""

    id: str
    job_id: str
    created_at: float
    step: int
    model: str
    """The model id that deploys it."""
    metrics: Mapping[str, float]


def add_event(
    database: sqlite3.Connection,
    event_id: str,
    job_id: str,
    created_at: float,
    message: str,
    *,
    level: str = "info",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Append an event; one with data is of type `metrics`."""
    database.execute(
        "INSERT INTO events (id, job_id, created_at, level, type, message, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            event_id,
            job_id,
            created_at,
            level,
            "message" if data is None else "metrics",
            message,
            None if data is None else json.dumps(data),
        ),
    )


def add_step(
    database: sqlite3.Connection, job_id: str, step: int, metrics: Mapping[str, float], tokens: int, cost: float = 0.0
) -> bool:
    """Keep a step's measurements; False when they were known already, as after a restart."""
    cursor = database.execute(
        "INSERT OR IGNORE INTO steps (job_id, step, metrics, tokens, cost) VALUES (?, ?, ?, ?, ?)",
        (job_id, step, json.dumps(metrics), tokens, cost),
    )
    return cursor.rowcount == 1


def steps(database: sqlite3.Connection, job_id: str) -> list[tuple[int, dict[str, float]]]:
    """Every step with what it measured, in order."""
    rows = database.execute("SELECT step, metrics FROM steps WHERE job_id = ? ORDER BY step", (job_id,))
    return [(row["step"], json.loads(row["metrics"])) for row in rows]


def trained_tokens(database: sqlite3.Connection, job_id: str) -> int:
    """Training tokens over all steps."""
    return int(database.execute("SELECT coalesce(sum(tokens), 0) FROM steps WHERE job_id = ?", (job_id,)).fetchone()[0])


def cost(database: sqlite3.Connection, job_id: str) -> float:
    """What all steps have cost so far, in US dollars."""
    return float(database.execute("SELECT coalesce(sum(cost), 0) FROM steps WHERE job_id = ?", (job_id,)).fetchone()[0])


def last_step(database: sqlite3.Connection, job_id: str) -> int:
    """The last step taken; 0 before the first."""
    return int(database.execute("SELECT coalesce(max(step), 0) FROM steps WHERE job_id = ?", (job_id,)).fetchone()[0])


def checkpoint_from_row(row: sqlite3.Row) -> Checkpoint:
    """The record of a row."""
    return Checkpoint(
        row["id"], row["job_id"], row["created_at"], row["step"], row["model"], json.loads(row["metrics"])
    )


def add_checkpoint(database: sqlite3.Connection, checkpoint: Checkpoint) -> bool:
    """Keep a checkpoint; False when the job already has one at that step."""
    cursor = database.execute(
        "INSERT OR IGNORE INTO checkpoints (id, job_id, created_at, step, model, metrics) VALUES (?, ?, ?, ?, ?, ?)",
        (
            checkpoint.id,
            checkpoint.job_id,
            checkpoint.created_at,
            checkpoint.step,
            checkpoint.model,
            json.dumps(checkpoint.metrics),
        ),
    )
    return cursor.rowcount == 1


def checkpoints(database: sqlite3.Connection, job_id: str) -> list[Checkpoint]:
    """A job's checkpoints, newest first."""
    rows = database.execute("SELECT * FROM checkpoints WHERE job_id = ? ORDER BY step DESC", (job_id,))
    return [checkpoint_from_row(row) for row in rows]


def remove_checkpoint(database: sqlite3.Connection, checkpoint_id: str) -> None:
    """Forget a checkpoint."""
    database.execute("DELETE FROM checkpoints WHERE id = ?", (checkpoint_id,))


def add_validation_samples(
    database: sqlite3.Connection, job_id: str, step: int, created_at: float, samples: Iterable[Mapping[str, Any]]
) -> None:
    """Keep the graded answers of one validation pass; those already known stay as they are."""
    database.executemany(
        "INSERT OR IGNORE INTO validation_samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                job_id,
                step,
                sample["row"],
                sample["sample"],
                sample["text"],
                sample["finish_reason"],
                sample["prompt_tokens"],
                sample["completion_tokens"],
                sample["reasoning_tokens"],
                sample["reward"],
                sample["error"],
                json.dumps(sample["sub_rewards"]),
                created_at,
            )
            for sample in samples
        ),
    )
