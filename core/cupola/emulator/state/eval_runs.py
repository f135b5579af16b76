"""Records of evaluation runs with their running totals."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TERMINAL = ("completed", "failed", "canceled")

_JSON = ("metadata", "data_source", "error")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an evaluation. Times are unix seconds."""

    id: str
    eval_id: str
    created_at: float
    name: str
    metadata: Mapping[str, str]
    model: str | None
    """The deployment that is evaluated; None where stored answers are graded."""
    data_source: Mapping[str, Any]
    """As it is shown."""
    status: str
    source: str
    """Whose rows it reads: its own id, or that of an evaluation whose runs all read the same rows."""
    total: int | None = None
    """How many rows there are; None until they have been read."""
    passed: int = 0
    failed: int = 0
    errored: int = 0
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What one model was asked in a run."""

    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


def from_row(row: sqlite3.Row) -> Run:
    """The record of a row."""
    values = {name: json.loads(row[name]) if name in _JSON and row[name] else row[name] for name in Run.__slots__}
    return Run(**values)


def add(database: sqlite3.Connection, run: Run) -> bool:
    """Keep a new record; False when there is one of that id."""
    names = Run.__slots__
    values = [getattr(run, name) for name in names]
    columns = [
        json.dumps(value) if name in _JSON and value is not None else value
        for name, value in zip(names, values, strict=True)
    ]
    sql = f"INSERT OR IGNORE INTO eval_runs ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    return database.execute(sql, columns).rowcount == 1


def find(database: sqlite3.Connection, run_id: str) -> Run | None:
    """The run of that id."""
    row = database.execute("SELECT * FROM eval_runs WHERE id = ?", (run_id,)).fetchone()
    return from_row(row) if row else None


def unfinished(database: sqlite3.Connection) -> list[Run]:
    """Runs that are still to be carried out, oldest first."""
    sql = "SELECT * FROM eval_runs WHERE status IN ('queued', 'in_progress') ORDER BY seq"
    return [from_row(row) for row in database.execute(sql)]


def ids_of(database: sqlite3.Connection, eval_id: str) -> list[str]:
    """Every run of an evaluation."""
    return [row["id"] for row in database.execute("SELECT id FROM eval_runs WHERE eval_id = ?", (eval_id,))]


def move(database: sqlite3.Connection, run_id: str, status: str, error: Mapping[str, Any] | None = None) -> bool:
    """Give a run its next status; False when it had ended before."""
    cursor = database.execute(
        "UPDATE eval_runs SET status = ?, error = ? WHERE id = ? AND status IN ('queued', 'in_progress')",
        (status, None if error is None else json.dumps(error), run_id),
    )
    return cursor.rowcount == 1


def set_total(database: sqlite3.Connection, run_id: str, total: int) -> None:
    """Say how many rows a run has: they have all been read."""
    database.execute("UPDATE eval_runs SET total = ? WHERE id = ?", (total, run_id))


def count(database: sqlite3.Connection, run_id: str, passed: int, failed: int, errored: int) -> None:
    """Add to a run's result counts."""
    database.execute(
        "UPDATE eval_runs SET passed = passed + ?, failed = failed + ?, errored = errored + ? WHERE id = ?",
        (passed, failed, errored, run_id),
    )


def count_criterion(database: sqlite3.Connection, run_id: str, criterion: str, passed: bool) -> None:
    """Add one verdict to a criterion's counts."""
    database.execute(
        "INSERT INTO eval_verdicts (run_id, criterion, passed, failed) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET passed = passed + excluded.passed, failed = failed + excluded.failed",
        (run_id, criterion, int(passed), int(not passed)),
    )


def verdicts(database: sqlite3.Connection, run_id: str) -> dict[str, tuple[int, int]]:
    """How many answers passed and failed, by the criterion's id."""
    rows = database.execute("SELECT criterion, passed, failed FROM eval_verdicts WHERE run_id = ?", (run_id,))
    return {row["criterion"]: (row["passed"], row["failed"]) for row in rows}


def count_usage(database: sqlite3.Connection, run_id: str, usage: Usage) -> None:
    """Add to what a model was asked."""
    database.execute(
        "INSERT INTO eval_usage (run_id, model, calls, prompt_tokens, completion_tokens, cached_tokens)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET calls = calls + excluded.calls,"
        " prompt_tokens = prompt_tokens + excluded.prompt_tokens,"
        " completion_tokens = completion_tokens + excluded.completion_tokens,"
        " cached_tokens = cached_tokens + excluded.cached_tokens",
        (run_id, usage.model, usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens),
    )


def usages(database: sqlite3.Connection, run_id: str) -> list[Usage]:
    """What each model was asked in a run."""
    rows = database.execute("SELECT * FROM eval_usage WHERE run_id = ? ORDER BY model", (run_id,))
    return [Usage(**{name: row[name] for name in Usage.__slots__}) for row in rows]


def remove(database: sqlite3.Connection, run_id: str) -> None:
    """Forget a run with its rows, answers and items."""
    database.execute("DELETE FROM eval_rows WHERE source = ?", (run_id,))
    for table in ("eval_answers", "eval_items", "eval_verdicts", "eval_usage"):
        database.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))
    database.execute("DELETE FROM eval_runs WHERE id = ?", (run_id,))
