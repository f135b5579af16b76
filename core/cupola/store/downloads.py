"""Files on their way from the service to the disk. Topic: `downloads`."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

from ..models import Problem
from .database import Database, touch


class DownloadState(StrEnum):
    """How far a file has come on its way to the disk."""

    WAITING = "waiting"
    RECEIVING = "receiving"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def open(self) -> bool:
        """Something is still to be done."""
        return self in (DownloadState.WAITING, DownloadState.RECEIVING)


@dataclass(frozen=True, slots=True)
class Download:
    """A service file on its way to the disk; enough of it is stored to go on after any interruption."""

    id: int
    file_id: str
    folder: str
    """An absolute path."""
    name: str
    """Of the new file; safe, whatever the service calls it."""
    state: DownloadState
    created_at: float
    updated_at: float
    bytes: int | None = None
    """In all, as the service says; None until it has said it."""
    received: int = 0
    """Bytes that have reached the disk for good."""
    tag: str = ""
    """The service's mark of the content (ETag), where it gives one."""
    path: str | None = None
    """Where the file stands once it is whole."""
    problem: Problem | None = None


_OPEN = tuple(state for state in DownloadState if state.open)
_IS_OPEN = f"state IN ({', '.join('?' * len(_OPEN))})"
_COLUMNS = tuple(field.name for field in fields(Download) if field.name != "id")


def want_download(database: Database, file_id: str, folder: str, name: str, size: int | None, now: float) -> Download:
    """Write a download down; one of the same file into the same folder that is still open is returned instead."""
    with database.transaction() as connection:
        row = connection.execute(
            f"SELECT * FROM downloads WHERE file_id = ? AND folder = ? AND {_IS_OPEN}", (file_id, folder, *_OPEN)
        ).fetchone()
        if row is None:
            cursor = connection.execute(
                "INSERT INTO downloads (file_id, folder, name, state, created_at, updated_at, bytes, received, tag)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 0, '')",
                (file_id, folder, name, DownloadState.WAITING, now, now, size),
            )
            row = connection.execute("SELECT * FROM downloads WHERE id = ?", (cursor.lastrowid,)).fetchone()
            touch(connection, "downloads")
    return _from_row(row)


def save_download(database: Database, download: Download) -> bool:
    """Store how far a download has come; False, and nothing stored, if it was cancelled meanwhile."""
    values = {name: getattr(download, name) for name in _COLUMNS}
    values["problem"] = json.dumps(asdict(download.problem)) if download.problem else None
    with database.transaction() as connection:
        cursor = connection.execute(
            f"UPDATE downloads SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE id = ? AND state != ?",
            (*values.values(), download.id, DownloadState.CANCELLED),
        )
        touch(connection, "downloads")
    return cursor.rowcount == 1


def cancel_download(database: Database, download_id: int, now: float) -> bool:
    """Give an open download up; False if it is not open any more."""
    with database.transaction() as connection:
        cursor = connection.execute(
            f"UPDATE downloads SET state = ?, updated_at = ? WHERE id = ? AND {_IS_OPEN}",
            (DownloadState.CANCELLED, now, download_id, *_OPEN),
        )
        touch(connection, "downloads")
    return cursor.rowcount == 1


def download(database: Database, download_id: int) -> Download | None:
    """One download."""
    rows = database.rows("SELECT * FROM downloads WHERE id = ?", (download_id,))
    return _from_row(rows[0]) if rows else None


def downloads(database: Database, limit: int = 200) -> list[Download]:
    """The last downloads, newest first."""
    return [_from_row(row) for row in database.rows("SELECT * FROM downloads ORDER BY id DESC LIMIT ?", (limit,))]


def next_download(database: Database) -> Download | None:
    """The oldest download that is still open, or None."""
    rows = database.rows(f"SELECT * FROM downloads WHERE {_IS_OPEN} ORDER BY id LIMIT 1", _OPEN)
    return _from_row(rows[0]) if rows else None


def _from_row(row: sqlite3.Row) -> Download:
    values = dict(row)
    values["state"] = DownloadState(values["state"])
    values["problem"] = Problem(**json.loads(values["problem"])) if values["problem"] else None
    return Download(**values)
