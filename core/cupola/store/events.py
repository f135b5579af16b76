"""The log lines of jobs, each stored once. Topic: `events/JOB`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from ..models import Event
from .database import Database, touch


def save(database: Database, job_id: str, events: Iterable[Event]) -> int:
    """Store the events not known yet, given oldest first; return how many were new."""
    with database.transaction() as connection:
        known = {row[0] for row in connection.execute("SELECT id FROM events WHERE job_id = ?", (job_id,))}
        new = list({event.id: event for event in events if event.id not in known}.values())
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (e.id, job_id, e.created_at, e.level, e.message, e.type, e.data, len(known) + offset)
                for offset, e in enumerate(new)
            ],
        )
        if new:
            touch(connection, f"events/{job_id}")
    return len(new)


def of_job(database: Database, job_id: str, after: int = 0, limit: int = 1_000_000) -> list[Event]:
    """A job's events, oldest first, leaving out the first `after`."""
    return [
        _from_row(row)
        for row in database.rows(
            "SELECT * FROM events WHERE job_id = ? AND position >= ? ORDER BY position LIMIT ?", (job_id, after, limit)
        )
    ]


def newest(database: Database, job_id: str, limit: int) -> list[Event]:
    """A job's last events, newest first."""
    return [
        _from_row(row)
        for row in database.rows(
            "SELECT * FROM events WHERE job_id = ? ORDER BY position DESC LIMIT ?", (job_id, limit)
        )
    ]


def known_ids(database: Database, job_id: str) -> frozenset[str]:
    """The ids stored for a job, so that paging can stop at the first one seen before."""
    return frozenset(row[0] for row in database.rows("SELECT id FROM events WHERE job_id = ?", (job_id,)))


def _from_row(row: sqlite3.Row) -> Event:
    return Event(row["id"], row["job_id"], row["created_at"], row["level"], row["message"], row["type"], row["data"])
