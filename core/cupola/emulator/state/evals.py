"""Records of evaluations: what is asked of answers, and of which data."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_JSON = ("metadata", "data_source_config", "testing_criteria")


@dataclass(frozen=True, slots=True)
class Eval:
    """One evaluation. Times are unix seconds."""

    id: str
    created_at: float
    name: str
    metadata: Mapping[str, str]
    data_source_config: Mapping[str, Any]
    """As it is shown: the items' schema stands inside the schema of a row."""
    testing_criteria: Sequence[Mapping[str, Any]]
    """The graders' definitions, each with its `id`."""


def from_row(row: sqlite3.Row) -> Eval:
    """The record of a row."""
    values = {name: json.loads(row[name]) if name in _JSON else row[name] for name in Eval.__slots__}
    return Eval(**values)


_NEXT_TOUCH = "(SELECT coalesce(max(touched), 0) + 1 FROM evals)"


def add(database: sqlite3.Connection, evaluation: Eval) -> None:
    """Keep a new record; one of that id stays as it is."""
    names = Eval.__slots__
    values = [json.dumps(getattr(evaluation, name)) if name in _JSON else getattr(evaluation, name) for name in names]
    sql = f"INSERT OR IGNORE INTO evals ({', '.join(names)}, touched) VALUES ({'?, ' * len(names)}{_NEXT_TOUCH})"
    database.execute(sql, values)


def find(database: sqlite3.Connection, eval_id: str) -> Eval | None:
    """The evaluation of that id."""
    row = database.execute("SELECT * FROM evals WHERE id = ?", (eval_id,)).fetchone()
    return from_row(row) if row else None


def rename(database: sqlite3.Connection, eval_id: str, name: str, metadata: Mapping[str, str]) -> None:
    """Change what may be changed of an evaluation, and make it the last updated."""
    database.execute(
        f"UPDATE evals SET name = ?, metadata = ?, touched = {_NEXT_TOUCH} WHERE id = ?",
        (name, json.dumps(metadata), eval_id),
    )


def remove(database: sqlite3.Connection, eval_id: str) -> None:
    """Forget an evaluation. Its runs are removed one by one before."""
    database.execute("DELETE FROM eval_rows WHERE source = ?", (eval_id,))
    database.execute("DELETE FROM evals WHERE id = ?", (eval_id,))
