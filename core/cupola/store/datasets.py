"""Datasets: what is remembered on disk, what the service's files hold, uploads. Topics: `datasets`, `uploads`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, astuple, fields

from ..models import LocalFile, Problem, Upload, UploadState
from .database import Database, touch

_OPEN = tuple(state for state in UploadState if state.open)
_IS_OPEN = f"state IN ({', '.join('?' * len(_OPEN))})"
_COLUMNS = tuple(field.name for field in fields(Upload))


def sources(database: Database) -> list[str]:
    """The remembered files and folders, by path."""
    return [row["path"] for row in database.rows("SELECT path FROM sources ORDER BY path")]


def remember(database: Database, path: str, now: float) -> None:
    """Remember a file or folder, given as an absolute path."""
    with database.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO sources VALUES (?, ?)", (path, now))
        touch(connection, "datasets")


def forget(database: Database, path: str) -> None:
    """Remember a file or folder no more; it stays on the disk."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM sources WHERE path = ?", (path,))
        touch(connection, "datasets")


def local_files(database: Database) -> list[LocalFile]:
    """Files on disk as they were last looked at, by path."""
    return [LocalFile(**dict(row)) for row in database.rows("SELECT * FROM local_files ORDER BY path")]


def save_local_files(database: Database, files: Iterable[LocalFile]) -> None:
    """Store what was found of files on disk."""
    rows = [astuple(file) for file in files]
    with database.transaction() as connection:
        connection.executemany("INSERT OR REPLACE INTO local_files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        touch(connection, "datasets")


def contents(database: Database) -> dict[str, str]:
    """The SHA-256 of the content of those service files of which it is known, by file id."""
    return {row["file_id"]: row["sha256"] for row in database.rows("SELECT * FROM contents")}


def save_content(database: Database, file_id: str, sha256: str) -> None:
    """Store what a service file holds."""
    with database.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO contents VALUES (?, ?)", (file_id, sha256))
        touch(connection, "uploads")


def files_of_content(database: Database, sha256: str) -> list[str]:
    """Ids of the service files known to hold a content; some may have been deleted since."""
    return [row["file_id"] for row in database.rows("SELECT file_id FROM contents WHERE sha256 = ?", (sha256,))]


def want_upload(database: Database, path: str, name: str, sha256: str, size: int, purpose: str, now: float) -> Upload:
    """Write an upload down; one of the same content, name and purpose that is still open is returned instead."""
    with database.transaction() as connection:
        row = connection.execute(
            f"SELECT * FROM uploads WHERE sha256 = ? AND name = ? AND purpose = ? AND {_IS_OPEN}",
            (sha256, name, purpose, *_OPEN),
        ).fetchone()
        if row is None:
            cursor = connection.execute(
                "INSERT INTO uploads (path, name, sha256, bytes, purpose, state, created_at, updated_at, sent,"
                " part_bytes, parts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '[]')",
                (path, name, sha256, size, purpose, UploadState.WAITING, now, now),
            )
            row = connection.execute("SELECT * FROM uploads WHERE id = ?", (cursor.lastrowid,)).fetchone()
            touch(connection, "uploads")
    return _from_row(row)


def save_upload(database: Database, upload: Upload) -> bool:
    """Store how far an upload has come; False, and nothing stored, if it was cancelled meanwhile."""
    values = {**{name: getattr(upload, name) for name in _COLUMNS}, "parts": json.dumps(upload.parts)}
    values["problem"] = json.dumps(asdict(upload.problem)) if upload.problem else None
    names = [name for name in _COLUMNS if name != "id"]
    with database.transaction() as connection:
        cursor = connection.execute(
            f"UPDATE uploads SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ? AND state != ?",
            (*(values[name] for name in names), upload.id, UploadState.CANCELLED),
        )
        touch(connection, "uploads")
    return cursor.rowcount == 1


def cancel_upload(database: Database, upload_id: int, now: float) -> bool:
    """Give an open upload up; False if it is not open any more."""
    with database.transaction() as connection:
        cursor = connection.execute(
            f"UPDATE uploads SET state = ?, updated_at = ? WHERE id = ? AND {_IS_OPEN}",
            (UploadState.CANCELLED, now, upload_id, *_OPEN),
        )
        touch(connection, "uploads")
    return cursor.rowcount == 1


def upload(database: Database, upload_id: int) -> Upload | None:
    """One upload."""
    rows = database.rows("SELECT * FROM uploads WHERE id = ?", (upload_id,))
    return _from_row(rows[0]) if rows else None


def uploads(database: Database, limit: int = 200) -> list[Upload]:
    """The last uploads, newest first."""
    return [_from_row(row) for row in database.rows("SELECT * FROM uploads ORDER BY id DESC LIMIT ?", (limit,))]


def next_upload(database: Database) -> Upload | None:
    """The oldest upload that is still open, or None."""
    rows = database.rows(f"SELECT * FROM uploads WHERE {_IS_OPEN} ORDER BY id LIMIT 1", _OPEN)
    return _from_row(rows[0]) if rows else None


def _from_row(row: sqlite3.Row) -> Upload:
    values = dict(row)
    values["state"] = UploadState(values["state"])
    values["parts"] = tuple(json.loads(values["parts"]))
    values["problem"] = Problem(**json.loads(values["problem"])) if values["problem"] else None
    return Upload(**values)
