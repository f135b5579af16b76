"""The rows that evaluation runs read, the answers not yet graded, and the output items."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class EvalRow:
    """One row of a data source."""

    position: int
    """Counted from 0."""
    item: Mapping[str, Any]
    sample: Mapping[str, Any] | None = None
    """The answer that came with the row, if any."""


@dataclass(frozen=True, slots=True)
class OutputItem:
    """One graded row."""

    id: str
    run_id: str
    position: int
    created_at: float
    status: str
    """pass, fail or error."""
    results: Sequence[Mapping[str, Any]]
    """As they are shown, one for each criterion; empty where there was no answer to grade."""
    sample: Mapping[str, Any]
    """As it is shown."""


def add_rows(database: sqlite3.Connection, source: str, rows: Iterable[EvalRow]) -> None:
    """Keep rows of a source; those already kept stay as they are."""
    database.executemany(
        "INSERT OR IGNORE INTO eval_rows (source, position, item, sample) VALUES (?, ?, ?, ?)",
        (
            (source, row.position, json.dumps(row.item), None if row.sample is None else json.dumps(row.sample))
            for row in rows
        ),
    )


def has_rows(database: sqlite3.Connection, source: str) -> bool:
    """Whether any row of a source is kept."""
    return database.execute("SELECT 1 FROM eval_rows WHERE source = ? LIMIT 1", (source,)).fetchone() is not None


def find_item(database: sqlite3.Connection, source: str, position: int) -> Mapping[str, Any]:
    """The item of one row; empty for a row that is not kept."""
    row = database.execute(
        "SELECT item FROM eval_rows WHERE source = ? AND position = ?", (source, position)
    ).fetchone()
    item: Mapping[str, Any] = json.loads(row["item"]) if row else {}
    return item


def ungraded(database: sqlite3.Connection, run_id: str, source: str) -> Iterator[EvalRow]:
    """The rows that a run has no output item for, in order, a few hundred in memory at a time."""
    after = -1
    while True:
        rows = database.execute(
            "SELECT position, item, sample FROM eval_rows WHERE source = ? AND position > ? AND NOT EXISTS"
            " (SELECT 1 FROM eval_items WHERE run_id = ? AND eval_items.position = eval_rows.position)"
            " ORDER BY position LIMIT ?",
            (source, after, run_id, _ROWS_AT_ONCE),
        ).fetchall()
        for row in rows:
            yield EvalRow(row["position"], json.loads(row["item"]), json.loads(row["sample"] or "null"))
        if len(rows) < _ROWS_AT_ONCE:
            return
        after = rows[-1]["position"]


def keep_answer(database: sqlite3.Connection, run_id: str, position: int, sample: Mapping[str, Any]) -> None:
    """Keep an answer as soon as it is paid for, so that it is not asked for again."""
    database.execute(
        "INSERT INTO eval_answers (run_id, position, sample) VALUES (?, ?, ?)", (run_id, position, json.dumps(sample))
    )


def find_answer(database: sqlite3.Connection, run_id: str, position: int) -> Mapping[str, Any] | None:
    """The answer to a row that has been paid for but not graded, if any."""
    row = database.execute(
        "SELECT sample FROM eval_answers WHERE run_id = ? AND position = ?", (run_id, position)
    ).fetchone()
    sample: Mapping[str, Any] | None = json.loads(row["sample"]) if row else None
    return sample


def add_item(database: sqlite3.Connection, item: OutputItem) -> None:
    """Keep an output item; its answer is no longer waiting."""
    database.execute(
        "INSERT INTO eval_items (id, run_id, position, created_at, status, results, sample)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            item.id,
            item.run_id,
            item.position,
            item.created_at,
            item.status,
            json.dumps(item.results),
            json.dumps(item.sample),
        ),
    )
    database.execute("DELETE FROM eval_answers WHERE run_id = ? AND position = ?", (item.run_id, item.position))


def item_from_row(row: sqlite3.Row) -> OutputItem:
    """The record of a row."""
    values = {name: row[name] for name in OutputItem.__slots__}
    return OutputItem(**{**values, "results": json.loads(row["results"]), "sample": json.loads(row["sample"])})


def find(database: sqlite3.Connection, run_id: str, item_id: str) -> OutputItem | None:
    """The output item of that id in a run."""
    row = database.execute("SELECT * FROM eval_items WHERE run_id = ? AND id = ?", (run_id, item_id)).fetchone()
    return item_from_row(row) if row else None
