"""Benchmarks as plain rows, to leave one store and enter another: columns as they are stored, nested ones as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .database import Database, touch

Plain = Mapping[str, Any]

_RUNS = "SELECT id FROM runs WHERE benchmark = :benchmark AND state NOT IN ('wanted', 'running')"
_ASKED = f"SELECT request, number FROM asks WHERE run IN ({_RUNS})"
_CALLED = (
    "SELECT json_extract(call.value, '$[0]'), json_extract(call.value, '$[1]')"
    f" FROM grades, json_each(grades.calls) AS call WHERE (grades.request, grades.number) IN ({_ASKED})"
)
QUERIES: Mapping[str, str] = {
    "benchmarks": "SELECT * FROM benchmarks WHERE name = :benchmark",
    "splits": f"SELECT * FROM splits WHERE hash IN (SELECT split FROM runs WHERE id IN ({_RUNS})"
    " UNION SELECT split FROM benchmarks WHERE name = :benchmark)",
    "items": f"SELECT * FROM items WHERE split IN (SELECT split FROM runs WHERE id IN ({_RUNS})"
    " UNION SELECT split FROM benchmarks WHERE name = :benchmark) ORDER BY split, place",
    "runs": f"SELECT * FROM runs WHERE id IN ({_RUNS}) ORDER BY id",
    "asks": f"SELECT * FROM asks WHERE run IN ({_RUNS}) ORDER BY run, arm, place, repeat",
    "answers": f"SELECT * FROM answers WHERE (request, number) IN ({_ASKED} UNION {_CALLED}) ORDER BY request, number",
    "grades": f"SELECT * FROM grades WHERE (request, number) IN ({_ASKED})"
    " ORDER BY request, number, item, grader, again",
    "labels": f"SELECT * FROM labels WHERE (request, number) IN ({_ASKED}) ORDER BY request, number, item, grader",
    "decisions": f"SELECT * FROM decisions WHERE benchmark = :benchmark AND run IN ({_RUNS}) ORDER BY id",
}
"""Every part of a benchmark; runs that are under way stay where they are."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "splits": ("hash",),
    "items": ("split", "place"),
    "answers": ("request", "number"),
    "grades": ("request", "number", "item", "grader", "again"),
    "labels": ("request", "number", "item", "grader"),
}
"""Parts whose rows have the same names in every store."""

_OF_THE_STORE = {"splits": ("name", "created_at")}
"""Columns that may differ between two stores which hold the same."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What came in that was not here before."""

    runs: tuple[int, ...]
    """Their ids here."""
    answers: int
    grades: int
    decisions: int


def rows_of(database: Database, benchmark: str) -> dict[str, Iterator[dict[str, Any]]]:
    """Every part of a benchmark, row by row; the ids of what the service holds for its runs stay behind."""
    return {part: _rows(database, part, benchmark) for part in QUERIES}


def columns_of(database: Database, part: str) -> list[str]:
    """The columns of a part."""
    return [str(row["name"]) for row in database.rows(f"PRAGMA table_info({part})")]


def conflicts(database: Database, part: str, rows: Sequence[Plain]) -> int:
    """How many of these rows this store holds otherwise. An answer that never came is no conflict."""
    keys, ignored = KEYS[part], {"state", *_OF_THE_STORE.get(part, ())}
    query = f"SELECT * FROM {part} WHERE {' AND '.join(f'{key} = ?' for key in keys)}"
    found = 0
    for row in rows:
        for here in database.rows(query, tuple(row[key] for key in keys)):
            known = dict(here)
            if part == "answers" and known["state"] != "answered":
                continue
            found += any(known[name] != row[name] for name in known if name not in ignored)
    return found


def enter(database: Database, parts: Mapping[str, Sequence[Plain]]) -> Copied:
    """Store the parts of one benchmark, all or nothing; what is here already stays as it is.

    Raises:
        StoreError: a value is not of its column's kind.
    """
    with database.transaction() as connection:
        for part in ("benchmarks", "splits", "items", "labels"):
            _insert(connection, part, parts[part])
        connection.executemany(
            "DELETE FROM answers WHERE request = ? AND number = ? AND state != 'answered'",
            [(row["request"], row["number"]) for row in parts["answers"] if row["state"] == "answered"],
        )
        answered, graded = (_insert(connection, part, parts[part]) for part in ("answers", "grades"))
        ids, fresh = _enter_runs(connection, parts["runs"])
        _insert(connection, "asks", [{**row, "run": ids[row["run"]]} for row in parts["asks"]])
        decided = _enter_decisions(connection, [{**row, "run": ids[row["run"]]} for row in parts["decisions"]])
        touch(connection, "benchmarks", "runs", "decisions", "labels", *(f"run/{run_id}" for run_id in fresh))
    return Copied(tuple(fresh), answered, graded, decided)


def _enter_runs(connection: sqlite3.Connection, rows: Sequence[Plain]) -> tuple[dict[int, int], list[int]]:
    """The ids here by those there, and which are new; a run is known by its definition and when it was made."""
    ids: dict[int, int] = {}
    fresh = []
    for row in rows:
        known = connection.execute(
            "SELECT id FROM runs WHERE benchmark = ? AND digest = ? AND engine = ? AND created_at = ?",
            (row["benchmark"], row["digest"], row["engine"], row["created_at"]),
        ).fetchone()
        if known is None:
            cursor = _inserted(connection, "runs", {name: value for name, value in row.items() if name != "id"})
            ids[row["id"]] = int(cursor.lastrowid or 0)
            fresh.append(ids[row["id"]])
        else:
            ids[row["id"]] = int(known[0])
    return ids, fresh


def _enter_decisions(connection: sqlite3.Connection, rows: Sequence[Plain]) -> int:
    fresh = 0
    for row in rows:
        known = connection.execute(
            "SELECT 1 FROM decisions WHERE at = ? AND run = ? AND role = ? AND arm = ?",
            (row["at"], row["run"], row["role"], row["arm"]),
        ).fetchone()
        if known is None:
            _inserted(connection, "decisions", {name: value for name, value in row.items() if name != "id"})
            fresh += 1
    return fresh


def _insert(connection: sqlite3.Connection, part: str, rows: Sequence[Plain]) -> int:
    return sum(_inserted(connection, part, row).rowcount for row in rows)


def _inserted(connection: sqlite3.Connection, part: str, row: Plain) -> sqlite3.Cursor:
    """Insert a row unless its key is taken. The names of its columns have been checked."""
    marks = ", ".join("?" * len(row))
    return connection.execute(f"INSERT OR IGNORE INTO {part} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def _rows(database: Database, part: str, benchmark: str) -> Iterator[dict[str, Any]]:
    for row in database.connection.execute(QUERIES[part], {"benchmark": benchmark}):
        yield {**dict(row), **({"remote": "{}"} if part == "runs" else {})}
