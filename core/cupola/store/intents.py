"""Wishes: written by faces, taken and answered by the worker. Topic: `intents`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict

from ..models import Intent, IntentState, Problem
from .database import Database, touch


def wish(database: Database, kind: str, target: str, now: float, arguments: Mapping[str, object] | None = None) -> int:
    """Write a wish down; return its id. The same open wish is not written twice."""
    with database.transaction() as connection:
        return enter(connection, kind, target, now, arguments)


def enter(
    connection: sqlite3.Connection, kind: str, target: str, now: float, arguments: Mapping[str, object] | None = None
) -> int:
    """Write a wish down in a transaction that is open already; otherwise as `wish`."""
    text = json.dumps(dict(arguments or {}), sort_keys=True)
    open_wish = connection.execute(
        "SELECT id FROM intents WHERE kind = ? AND target = ? AND arguments = ? AND state = ?",
        (kind, target, text, IntentState.WANTED),
    ).fetchone()
    if open_wish:
        return int(open_wish[0])
    cursor = connection.execute(
        "INSERT INTO intents (kind, target, arguments, state, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        (kind, target, text, IntentState.WANTED, now, now),
    )
    touch(connection, "intents")
    return int(cursor.lastrowid or 0)


def take(database: Database, now: float) -> Intent | None:
    """Take the oldest wish that nobody has taken, or None. Taken wishes are never taken again."""
    with database.transaction() as connection:
        row = connection.execute(
            "SELECT * FROM intents WHERE state = ? ORDER BY id LIMIT 1", (IntentState.WANTED,)
        ).fetchone()
        if row is None:
            return None
        _set_state(connection, row["id"], IntentState.TAKEN, now, None)
    return get(database, row["id"])


def finish(database: Database, intent_id: int, now: float, problem: Problem | None = None) -> None:
    """Say that a wish was fulfilled, or why not."""
    with database.transaction() as connection:
        _set_state(connection, intent_id, IntentState.FAILED if problem else IntentState.DONE, now, problem)


def get(database: Database, intent_id: int) -> Intent | None:
    """One intent."""
    rows = database.rows("SELECT * FROM intents WHERE id = ?", (intent_id,))
    return _from_row(rows[0]) if rows else None


def newest(database: Database, limit: int = 100) -> list[Intent]:
    """The last intents, newest first."""
    return [_from_row(row) for row in database.rows("SELECT * FROM intents ORDER BY id DESC LIMIT ?", (limit,))]


def in_state(database: Database, state: IntentState) -> list[Intent]:
    """All intents in a state, oldest first. After a worker's death, TAKEN ones may or may not have been sent."""
    return [_from_row(row) for row in database.rows("SELECT * FROM intents WHERE state = ? ORDER BY id", (state,))]


def last_fulfilled(database: Database, *kinds: str) -> Intent | None:
    """The latest fulfilled intent of any of these kinds, or None."""
    marks = ", ".join("?" * len(kinds))
    rows = database.rows(
        f"SELECT * FROM intents WHERE state = ? AND kind IN ({marks}) ORDER BY id DESC LIMIT 1",
        (IntentState.DONE, *kinds),
    )
    return _from_row(rows[0]) if rows else None


def _set_state(
    connection: sqlite3.Connection, intent_id: int, state: IntentState, now: float, problem: Problem | None
) -> None:
    connection.execute(
        "UPDATE intents SET state = ?, updated_at = ?, problem = ? WHERE id = ?",
        (state, now, json.dumps(asdict(problem)) if problem else None, intent_id),
    )
    touch(connection, "intents")


def _from_row(row: sqlite3.Row) -> Intent:
    return Intent(
        id=row["id"],
        kind=row["kind"],
        target=row["target"],
        state=IntentState(row["state"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        arguments=json.loads(row["arguments"]),
        problem=Problem(**json.loads(row["problem"])) if row["problem"] else None,
    )
