"""Records of batches and of their answered lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACTIVE = ("validating", "in_progress", "finalizing", "cancelling")

_JSON = ("metadata", "times", "errors")


@dataclass(frozen=True, slots=True)
class Batch:
    """One file of requests. Times are unix seconds."""

    id: str
    created_at: float
    input_file_id: str
    endpoint: str
    metadata: Mapping[str, str] | None
    file_seconds: int | None
    """The life of its output files; None is without end."""
    status: str
    stage_since: float
    times: Mapping[str, float]
    """When it came into each state, under the service's names such as `in_progress_at`."""
    deployment: str | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: Sequence[Mapping[str, Any]] | None = None
    """What validation found."""
    tokens: int = 0
    """The estimated tokens of its prompts, which count as enqueued while it goes on."""


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One answered line."""

    position: int
    failed: bool
    line: str
    """The output's JSON line."""


def from_row(row: sqlite3.Row) -> Batch:
    """The record of a row."""
    values = {name: row[name] for name in Batch.__slots__}
    return Batch(**{name: json.loads(value) if name in _JSON and value else value for name, value in values.items()})


def _column(name: str, value: Any) -> Any:
    return json.dumps(value) if name in _JSON and value is not None else value


def add(database: sqlite3.Connection, batch: Batch) -> None:
    """Keep a new record."""
    names = Batch.__slots__
    sql = f"INSERT INTO batches ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute(sql, [_column(name, getattr(batch, name)) for name in names])


def update(database: sqlite3.Connection, batch_id: str, **changes: Any) -> None:
    """Change columns of a record; the keys are field names of `Batch`."""
    names = [name for name in Batch.__slots__ if name in changes]
    sql = f"UPDATE batches SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"
    database.execute(sql, [*(_column(name, changes[name]) for name in names), batch_id])


def find(database: sqlite3.Connection, batch_id: str) -> Batch | None:
    """The batch of that id."""
    row = database.execute("SELECT * FROM batches WHERE id = ?", (batch_id,)).fetchone()
    return from_row(row) if row else None


def active(database: sqlite3.Connection) -> list[Batch]:
    """The batches that have not ended, oldest first."""
    sql = f"SELECT * FROM batches WHERE status IN ({', '.join('?' * len(ACTIVE))}) ORDER BY seq"
    return [from_row(row) for row in database.execute(sql, ACTIVE)]


def enqueued_tokens(database: sqlite3.Connection, deployment: str) -> int:
    """The estimated tokens of all batches of a deployment that go on."""
    sql = (
        "SELECT coalesce(sum(tokens), 0) FROM batches WHERE deployment = ? COLLATE NOCASE"
        f" AND status IN ({', '.join('?' * len(ACTIVE))})"
    )
    return int(database.execute(sql, (deployment, *ACTIVE)).fetchone()[0])


def add_answers(database: sqlite3.Connection, batch_id: str, answers: Iterable[BatchAnswer]) -> None:
    """Keep answered lines; those already known stay as they are."""
    database.executemany(
        "INSERT OR IGNORE INTO batch_answers (batch_id, position, failed, line) VALUES (?, ?, ?, ?)",
        [(batch_id, answer.position, answer.failed, answer.line) for answer in answers],
    )


def answered(database: sqlite3.Connection, batch_id: str) -> set[int]:
    """The positions of the answered lines."""
    rows = database.execute("SELECT position FROM batch_answers WHERE batch_id = ?", (batch_id,))
    return {row["position"] for row in rows}


def counts(database: sqlite3.Connection, batch_id: str) -> tuple[int, int]:
    """How many lines were answered well, and how many were refused."""
    row = database.execute(
        "SELECT count(*), coalesce(sum(failed), 0) FROM batch_answers WHERE batch_id = ?", (batch_id,)
    ).fetchone()
    return row[0] - row[1], row[1]


def lines(database: sqlite3.Connection, batch_id: str, *, failed: bool) -> Iterator[str]:
    """The output or the error lines, in no order that a client could rely on: the service promises none."""
    rows = database.execute(
        "SELECT line FROM batch_answers WHERE batch_id = ? AND failed = ? ORDER BY (position * 40503) % 65537",
        (batch_id, failed),
    )
    return (row["line"] for row in rows)


def forget_answers(database: sqlite3.Connection, batch_id: str) -> None:
    """Forget the lines once they stand in files."""
    database.execute("DELETE FROM batch_answers WHERE batch_id = ?", (batch_id,))
