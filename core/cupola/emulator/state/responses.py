"""Records of responses that later ones may go on from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_JSON = ("input", "history", "body")


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """One kept response. Times are unix seconds."""

    id: str
    created_at: float
    input: Sequence[Mapping[str, Any]]
    """The items of its own request."""
    history: Sequence[Mapping[str, Any]]
    """Everything said up to and in it, as chat messages."""
    body: Mapping[str, Any]
    """The service's JSON of the response."""


def add(database: sqlite3.Connection, response: StoredResponse) -> None:
    """Keep a new record."""
    names = StoredResponse.__slots__
    values = [json.dumps(getattr(response, name)) if name in _JSON else getattr(response, name) for name in names]
    database.execute(f"INSERT INTO responses ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values)


def update(database: sqlite3.Connection, response_id: str, **changes: Any) -> None:
    """Change columns of a record; the keys are field names of `StoredResponse`."""
    names = [name for name in StoredResponse.__slots__ if name in changes]
    values = [json.dumps(changes[name]) if name in _JSON else changes[name] for name in names]
    sql = f"UPDATE responses SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"
    database.execute(sql, [*values, response_id])


def _from_row(row: sqlite3.Row) -> StoredResponse:
    return StoredResponse(
        **{name: json.loads(row[name]) if name in _JSON else row[name] for name in StoredResponse.__slots__}
    )


def find(database: sqlite3.Connection, response_id: str) -> StoredResponse | None:
    """The response of that id."""
    row = database.execute("SELECT * FROM responses WHERE id = ?", (response_id,)).fetchone()
    return _from_row(row) if row else None


def created_between(
    database: sqlite3.Connection, after: float | None = None, before: float | None = None
) -> Iterator[StoredResponse]:
    """The answered responses of that time, oldest first, one by one; `after` is inside it and `before` is not."""
    rows = database.execute(
        "SELECT * FROM responses WHERE (? IS NULL OR created_at >= ?) AND (? IS NULL OR created_at < ?)"
        " AND json_extract(body, '$.status') IN ('completed', 'incomplete') ORDER BY seq",
        (after, after, before, before),
    )
    yield from map(_from_row, rows)


def remove(database: sqlite3.Connection, response_id: str) -> None:
    """Forget a record."""
    database.execute("DELETE FROM responses WHERE id = ?", (response_id,))
