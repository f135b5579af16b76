"""How the talk with the service goes, and the calls that were sent. Topics: `health`, `calls`."""

from __future__ import annotations

import json
from dataclasses import asdict

from ..models import Call, Health, Problem
from .database import Database, touch

CALLS_KEPT = 1_000

_SUBJECT = "service"


def save(database: Database, health: Health) -> None:
    """Store the state of the talk. Readers are woken only when a problem came, changed or went."""
    known = get(database)
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?, ?)",
            (
                _SUBJECT,
                health.checked_at,
                json.dumps(asdict(health.problem)) if health.problem else None,
                health.since,
                health.next_try,
            ),
        )
        if (known.problem, known.checked_at is None) != (health.problem, health.checked_at is None):
            touch(connection, "health")


def get(database: Database) -> Health:
    """The state of the talk; an empty record before the first try."""
    rows = database.rows("SELECT * FROM health WHERE subject = ?", (_SUBJECT,))
    if not rows:
        return Health()
    row = rows[0]
    problem = Problem(**json.loads(row["problem"])) if row["problem"] else None
    return Health(row["checked_at"], problem, row["since"], row["next_try"])


def log_call(database: Database, call: Call) -> None:
    """Keep a call for the `@` view; its id is given by the store. Old ones make room."""
    with database.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO calls (at, method, path, status, milliseconds, body, cli, request_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (call.at, call.method, call.path, call.status, call.milliseconds, call.body, call.cli, call.request_id),
        )
        connection.execute("DELETE FROM calls WHERE id <= ?", ((cursor.lastrowid or 0) - CALLS_KEPT,))


def calls(database: Database, limit: int = 200) -> list[Call]:
    """The last calls, newest first."""
    return [Call(**dict(row)) for row in database.rows("SELECT * FROM calls ORDER BY id DESC LIMIT ?", (limit,))]
