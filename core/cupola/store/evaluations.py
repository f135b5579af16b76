"""Evaluations item by item, by owner: a reinforcement job, or the evaluation itself. Topic: `evaluations/OWNER`."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from ..models import Evaluation, EvaluationItem, EvaluationRun
from . import evaluation_columns
from .database import Database, touch


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run and how much of it is stored."""

    run: EvaluationRun
    items: int
    whole: bool
    """Nothing of it need be asked for again."""


def get(database: Database, job_id: str) -> Evaluation | None:
    """The evaluation of a job, or None while it is not known."""
    rows = database.rows("SELECT * FROM evaluations WHERE job_id = ?", (job_id,))
    return Evaluation(**dict(rows[0])) if rows else None


def jobs(database: Database) -> list[str]:
    """The ids of the jobs whose evaluation is known."""
    return [row["job_id"] for row in database.rows("SELECT job_id FROM evaluations WHERE job_id != id")]


def by_link(database: Database, link: str) -> list[str]:
    """The owners of the evaluations that were found so, in alphabetical order."""
    rows = database.rows("SELECT job_id FROM evaluations WHERE link = ? ORDER BY job_id", (link,))
    return [row["job_id"] for row in rows]


def others(database: Database) -> list[Evaluation]:
    """Evaluations that belong to no job: opened by id or imported, the newest first."""
    query = "SELECT * FROM evaluations WHERE job_id = id ORDER BY created_at DESC, id"
    return [Evaluation(**dict(row)) for row in database.rows(query)]


def save(database: Database, evaluation: Evaluation) -> bool:
    """Store what evaluation a job has; return whether that is news."""
    if get(database, evaluation.job_id) == evaluation:
        return False
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO evaluations VALUES (?, ?, ?, ?, ?, ?)",
            (
                evaluation.job_id,
                evaluation.id,
                evaluation.name,
                evaluation.created_at,
                evaluation.link,
                evaluation.raw,
            ),
        )
        touch(connection, f"evaluations/{evaluation.job_id}")
    return True


def save_runs(database: Database, job_id: str, runs: Sequence[EvaluationRun]) -> int:
    """Store the runs that differ from what is known, without their items; return how many did."""
    known = {stored.run.id: stored.run for stored in runs_of(database, job_id)}
    changed = [run for run in runs if known.get(run.id) != run]
    if changed:
        with database.transaction() as connection:
            for run in changed:
                connection.execute(
                    "INSERT INTO evaluation_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?) ON CONFLICT DO UPDATE SET"
                    " name = excluded.name, step = excluded.step, status = excluded.status,"
                    " total = excluded.total, raw = excluded.raw",
                    (job_id, run.id, run.eval_id, run.name, run.step, run.status, run.created_at, run.total, run.raw),
                )
            touch(connection, f"evaluations/{job_id}")
    return len(changed)


def save_items(database: Database, job_id: str, run_id: str, items: Sequence[EvaluationItem], *, whole: bool) -> None:
    """Store all items of a run, in place of what was stored of it before."""
    rows = [
        (
            item.run_id,
            item.id,
            item.place,
            item.row,
            item.prompt,
            item.outcome,
            item.score,
            item.completion_tokens,
            item.reasoning_tokens,
        )
        for item in items
    ]
    # Apart from the columns, so that a table of many steps is read without the texts.
    bodies = [(item.run_id, item.id, zlib.compress(item.raw.encode(), 3)) for item in items]
    columns = evaluation_columns.columns_of(run_id, sorted(items, key=lambda item: (item.place, item.id)))
    with database.transaction() as connection:
        connection.execute("DELETE FROM evaluation_items WHERE run_id = ?", (run_id,))
        connection.executemany("INSERT INTO evaluation_items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("DELETE FROM evaluation_bodies WHERE run_id = ?", (run_id,))
        connection.executemany("INSERT INTO evaluation_bodies VALUES (?, ?, ?)", bodies)
        evaluation_columns.enter(connection, columns)
        connection.execute(
            "UPDATE evaluation_runs SET items = ?, whole = ? WHERE job_id = ? AND id = ?",
            (len(rows), int(whole), job_id, run_id),
        )
        touch(connection, f"evaluations/{job_id}")


def runs_of(database: Database, job_id: str) -> list[StoredRun]:
    """A job's runs by rising step, then by creation; those whose name tells no step come last."""
    query = "SELECT * FROM evaluation_runs WHERE job_id = ? ORDER BY step IS NULL, step, created_at, id"
    return [_stored(row) for row in database.rows(query, (job_id,))]


def items_of(database: Database, run_id: str) -> list[EvaluationItem]:
    """A run's items in the order of the data source, without their JSON, which `raw_item` has."""
    query = (
        "SELECT id, run_id, place, row, prompt, outcome, score, completion_tokens, reasoning_tokens, '{}'"
        " FROM evaluation_items WHERE run_id = ? ORDER BY place, id"
    )
    return [EvaluationItem._make(row) for row in database.rows(query, (run_id,))]


def columns_of(database: Database, run_id: str) -> evaluation_columns.RunColumns:
    """A run's items as columns, in the order of the data source."""
    stored = evaluation_columns.read(database, run_id)
    return stored or evaluation_columns.columns_of(run_id, items_of(database, run_id))


def item_of(database: Database, run_id: str, item_id: str) -> EvaluationItem | None:
    """One item without its JSON, or None."""
    query = (
        "SELECT id, run_id, place, row, prompt, outcome, score, completion_tokens, reasoning_tokens, '{}'"
        " FROM evaluation_items WHERE run_id = ? AND id = ?"
    )
    rows = database.rows(query, (run_id, item_id))
    return EvaluationItem._make(rows[0]) if rows else None


def raw_item(database: Database, run_id: str, item_id: str) -> str | None:
    """The service's JSON of one item, or None."""
    rows = database.rows("SELECT raw FROM evaluation_bodies WHERE run_id = ? AND id = ?", (run_id, item_id))
    return zlib.decompress(rows[0]["raw"]).decode() if rows else None


def _stored(row: sqlite3.Row) -> StoredRun:
    names = ("id", "eval_id", "name", "step", "status", "created_at", "total", "raw")
    return StoredRun(EvaluationRun(**{name: row[name] for name in names}), row["items"], bool(row["whole"]))
