"""Checkpoints of jobs, kept after the service has dropped them. Topic: `checkpoints/JOB`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..models import Checkpoint
from .database import Database, touch


def save(database: Database, job_id: str, listed: Sequence[Checkpoint]) -> bool:
    """Store the checkpoints that the service lists now; return whether anything changed.

    Earlier ones that it lists no more stay known, marked as no longer deployable.
    """
    before = [(c.raw, deployable) for c, deployable in of_job(database, job_id)]
    with database.transaction() as connection:
        connection.execute("UPDATE checkpoints SET listed = 0 WHERE job_id = ?", (job_id,))
        connection.executemany(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
            [(c.id, job_id, c.created_at, c.step, c.model, json.dumps(dict(c.metrics)), c.raw) for c in listed],
        )
        changed = [(c.raw, deployable) for c, deployable in of_job(database, job_id)] != before
        if changed:
            touch(connection, f"checkpoints/{job_id}")
    return changed


def of_job(database: Database, job_id: str) -> list[tuple[Checkpoint, bool]]:
    """A job's checkpoints by rising step, each with whether the service still lists it."""
    return [
        (
            Checkpoint(
                row["id"],
                row["job_id"],
                row["created_at"],
                row["step"],
                row["model"],
                json.loads(row["metrics"]),
                row["raw"],
            ),
            bool(row["listed"]),
        )
        for row in database.rows("SELECT * FROM checkpoints WHERE job_id = ? ORDER BY step, created_at", (job_id,))
    ]
