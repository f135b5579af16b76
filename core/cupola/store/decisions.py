"""The ledger of decisions: what was chosen, when, and the numbers that were on the screen. Topic: `decisions`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .database import Database, touch


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice; never changed, only followed by another."""

    id: int
    at: float
    benchmark: str
    run: int
    role: str
    """teacher, student or control."""
    arm: str
    numbers: Mapping[str, Any]
    """What was on the screen, as JSON."""
    card: str
    """The same as Markdown."""


def add(
    database: Database, at: float, benchmark: str, run: int, role: str, arm: str, numbers: Mapping[str, Any], card: str
) -> int:
    """Write a decision down; return its id."""
    with database.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO decisions (at, benchmark, run, role, arm, numbers, card) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (at, benchmark, run, role, arm, json.dumps(dict(numbers), allow_nan=False), card),
        )
        touch(connection, "decisions")
    return int(cursor.lastrowid or 0)


def newest(database: Database, benchmark: str | None = None, limit: int = 100) -> list[Decision]:
    """Decisions on one benchmark or on all, the newest first."""
    rows = database.rows(
        "SELECT * FROM decisions WHERE ? IS NULL OR benchmark = ? ORDER BY id DESC LIMIT ?",
        (benchmark, benchmark, limit),
    )
    return [_decision(row) for row in rows]


def standing(database: Database, benchmark: str) -> dict[str, Decision]:
    """The last decision for each role."""
    rows = database.rows("SELECT * FROM decisions WHERE benchmark = ? ORDER BY id", (benchmark,))
    return {row["role"]: _decision(row) for row in rows}


def _decision(row: sqlite3.Row) -> Decision:
    return Decision(**{**dict(row), "numbers": json.loads(row["numbers"])})
