"""Records of uploads in parts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is being uploaded in parts. Times are unix seconds."""

    id: str
    created_at: float
    expires_at: float
    filename: str
    purpose: str
    bytes: int
    """How many bytes the parts are to have together."""
    status: str
    """pending, completed or cancelled; one that is pending past its time is expired."""
    file_seconds: int | None = None
    """The life of the file that it becomes; None is without end."""
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an upload."""

    id: str
    upload_id: str
    created_at: float
    bytes: int


def add(database: sqlite3.Connection, upload: Upload) -> None:
    """Keep a new record."""
    names = Upload.__slots__
    sql = f"INSERT INTO uploads ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute(sql, [getattr(upload, name) for name in names])


def find(database: sqlite3.Connection, upload_id: str) -> Upload | None:
    """The upload of that id."""
    row = database.execute("SELECT * FROM uploads WHERE id = ?", (upload_id,)).fetchone()
    return Upload(**{name: row[name] for name in Upload.__slots__}) if row else None


def settle(database: sqlite3.Connection, upload_id: str, status: str, file_id: str | None = None) -> None:
    """End an upload."""
    database.execute("UPDATE uploads SET status = ?, file_id = ? WHERE id = ?", (status, file_id, upload_id))


def add_part(database: sqlite3.Connection, part: Part) -> None:
    """Keep a part's record."""
    names = Part.__slots__
    sql = f"INSERT INTO upload_parts ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute(sql, [getattr(part, name) for name in names])


def parts(database: sqlite3.Connection, upload_id: str) -> dict[str, Part]:
    """The parts of an upload by id, in the order of their arrival."""
    rows = database.execute("SELECT * FROM upload_parts WHERE upload_id = ? ORDER BY seq", (upload_id,))
    return {row["id"]: Part(**{name: row[name] for name in Part.__slots__}) for row in rows}


def forget_parts(database: sqlite3.Connection, upload_id: str) -> Sequence[str]:
    """Forget the parts of an upload and return their ids."""
    found = list(parts(database, upload_id))
    database.execute("DELETE FROM upload_parts WHERE upload_id = ?", (upload_id,))
    return found


def expired(database: sqlite3.Connection, now: float) -> list[str]:
    """The ids of pending uploads whose time is over and which still have parts."""
    rows = database.execute(
        "SELECT DISTINCT uploads.id FROM uploads JOIN upload_parts ON upload_id = uploads.id"
        " WHERE status = 'pending' AND expires_at <= ?",
        (now,),
    )
    return [row["id"] for row in rows]
