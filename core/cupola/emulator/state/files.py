"""Records of uploaded and service-made files."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

LIVE = "(expires_at IS NULL OR expires_at > ?)"
"""An expired file is as good as deleted; takes the time as its argument."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of the resource."""

    id: str
    created_at: float
    filename: str
    purpose: str
    bytes: int
    expires_at: float | None = None
    error: str | None = None
    job_id: str | None = None
    """The job whose results this is; its content is made from the job's steps when it is asked for."""


def from_row(row: sqlite3.Row) -> StoredFile:
    """The record of a row."""
    values = dict(row)
    del values["seq"]
    return StoredFile(**values)


def add(database: sqlite3.Connection, file: StoredFile) -> None:
    """Keep a new record."""
    database.execute(
        "INSERT INTO files (id, created_at, filename, purpose, bytes, expires_at, error, job_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (file.id, file.created_at, file.filename, file.purpose, file.bytes, file.expires_at, file.error, file.job_id),
    )


def find(database: sqlite3.Connection, file_id: str, now: float) -> StoredFile | None:
    """The file of that id, unless it has expired."""
    row = database.execute(f"SELECT * FROM files WHERE id = ? AND {LIVE}", (file_id, now)).fetchone()
    return from_row(row) if row else None


def remove(database: sqlite3.Connection, file_id: str) -> None:
    """Forget a record."""
    database.execute("DELETE FROM files WHERE id = ?", (file_id,))


def expired(database: sqlite3.Connection, now: float) -> list[str]:
    """The ids of files whose time is over."""
    return [row["id"] for row in database.execute("SELECT id FROM files WHERE expires_at <= ?", (now,))]


def usage(database: sqlite3.Connection, purpose: str, now: float) -> tuple[int, int]:
    """How many files of a purpose there are, and their bytes."""
    row = database.execute(
        f"SELECT count(*), coalesce(sum(bytes), 0) FROM files WHERE purpose = ? AND {LIVE}", (purpose, now)
    ).fetchone()
    return row[0], row[1]
