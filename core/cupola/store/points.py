"""Measurements of jobs: one value a metric and step, the latest word counts. Topic: `points/JOB`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from ..models import Point
from .database import Database, touch

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Series: TypeAlias = "tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]"
"""Steps in rising order, and the value at each."""


def save(database: Database, job_id: str, points: Iterable[Point]) -> int:
    """Store points; return how many were new or changed."""
    with database.transaction() as connection:
        before = connection.total_changes
        connection.executemany(
            "INSERT INTO points VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
            " WHERE value IS NOT excluded.value",
            [(job_id, point.metric, point.step, point.value) for point in points],
        )
        changed = connection.total_changes - before
        if changed:
            touch(connection, f"points/{job_id}")
    return changed


def metrics(database: Database, job_id: str) -> list[str]:
    """The names of all metrics that a job has points of, in alphabetical order."""
    # A loose index scan: a plain DISTINCT would read every point.
    query = """
        WITH RECURSIVE name(metric) AS (
            SELECT min(metric) FROM points WHERE job_id = ?
            UNION ALL
            SELECT (SELECT min(metric) FROM points WHERE job_id = ? AND metric > name.metric) FROM name
            WHERE name.metric IS NOT NULL
        ) SELECT metric FROM name WHERE metric IS NOT NULL
    """
    return [row[0] for row in database.rows(query, (job_id, job_id))]


def series(database: Database, job_id: str, metric: str, from_step: int = -(2**62)) -> Series:
    """One metric's points from a step on."""
    # Imported late: faces and commands that draw no curve start faster.
    import numpy as np

    rows = database.rows(
        "SELECT step, value FROM points WHERE job_id = ? AND metric = ? AND step >= ? ORDER BY step",
        (job_id, metric, from_step),
    )
    steps = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    values = np.fromiter((row[1] for row in rows), np.float64, len(rows))
    return steps, values


def last_step(database: Database, job_id: str) -> int | None:
    """The highest step with any point, or None."""
    steps = [
        row[0]
        for name in metrics(database, job_id)
        for row in database.rows("SELECT max(step) FROM points WHERE job_id = ? AND metric = ?", (job_id, name))
    ]
    return max(steps, default=None)
