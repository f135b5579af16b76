"""Records of chat completions that clients asked to keep."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_JSON = ("metadata", "request", "completion")


@dataclass(frozen=True, slots=True)
class StoredCompletion:
    """One kept completion. Times are unix seconds."""

    id: str
    created_at: float
    deployment: str
    model: str
    metadata: Mapping[str, str]
    request: Mapping[str, Any]
    """The body that was asked."""
    completion: Mapping[str, Any]
    """The service's JSON of the answer."""


def from_row(row: sqlite3.Row) -> StoredCompletion:
    """The record of a row."""
    values = {name: row[name] for name in StoredCompletion.__slots__}
    return StoredCompletion(**{**values, **{name: json.loads(values[name]) for name in _JSON}})


def add(database: sqlite3.Connection, stored: StoredCompletion) -> None:
    """Keep a new record."""
    names = StoredCompletion.__slots__
    values = [json.dumps(getattr(stored, name)) if name in _JSON else getattr(stored, name) for name in names]
    sql = f"INSERT INTO stored_completions ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute(sql, values)


def find(database: sqlite3.Connection, completion_id: str) -> StoredCompletion | None:
    """The completion of that id."""
    row = database.execute("SELECT * FROM stored_completions WHERE id = ?", (completion_id,)).fetchone()
    return from_row(row) if row else None


def relabel(database: sqlite3.Connection, completion_id: str, metadata: Mapping[str, str]) -> None:
    """Replace the metadata."""
    database.execute("UPDATE stored_completions SET metadata = ? WHERE id = ?", (json.dumps(metadata), completion_id))


def remove(database: sqlite3.Connection, completion_id: str) -> None:
    """Forget a record."""
    database.execute("DELETE FROM stored_completions WHERE id = ?", (completion_id,))


def matching(metadata: Mapping[str, str], model: str | None) -> tuple[str, list[Any]]:
    """The SQL condition and arguments for completions with these metadata, of a model or a deployment of that name."""
    where, arguments = "1", list[Any]()
    for key, value in metadata.items():
        where += " AND EXISTS (SELECT 1 FROM json_each(metadata) WHERE key = ? AND value = ?)"
        arguments += [key, value]
    if model is not None:
        where += " AND (model = ? COLLATE NOCASE OR deployment = ? COLLATE NOCASE)"
        arguments += [model, model]
    return where, arguments


def select(
    database: sqlite3.Connection,
    metadata: Mapping[str, str],
    model: str | None = None,
    created_after: float | None = None,
    created_before: float | None = None,
    limit: int = 1000,
) -> list[StoredCompletion]:
    """The matching completions, oldest first."""
    where, arguments = matching(metadata, model)
    if created_after is not None:
        where, arguments = f"{where} AND created_at > ?", [*arguments, created_after]
    if created_before is not None:
        where, arguments = f"{where} AND created_at < ?", [*arguments, created_before]
    sql = f"SELECT * FROM stored_completions WHERE {where} ORDER BY seq LIMIT ?"
    return [from_row(row) for row in database.execute(sql, (*arguments, limit))]
