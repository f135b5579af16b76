"""What graders and people made of answers. Topic: `labels`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .database import Database, Stored, touch


@dataclass(frozen=True, slots=True)
class Grade:
    """One grader's verdict on one answer to one item. An error is never a score: the reward is then None."""

    request: str
    """The answer's request hash."""
    number: int
    item: str
    """The hash of the item's fields, which graders may read."""
    grader: str
    """The grader's hash."""
    reward: float | None
    passed: bool | None
    again: int = 0
    """Which of several gradings of the same answer, for self-consistency."""
    label: str | None = None
    errors: tuple[str, ...] = ()
    """The service's names of what went wrong."""
    details: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    """The rewards of a multi grader's parts."""
    calls: tuple[tuple[str, int], ...] = ()
    """Requests and numbers of the model calls that this grade rests on; their replies are the reasons."""
    graded_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of an answer without knowing whose it was; None is unsure."""

    request: str
    number: int
    item: str
    grader: str
    passed: bool | None
    weight: float
    """How many answers this one stands for."""
    labelled_at: float


def save(database: Database, grades: Sequence[Grade]) -> None:
    """Store grades; a later one of the same answer by the same grader replaces an earlier one."""
    with database.transaction() as connection:
        enter(connection, grades)


def enter(connection: sqlite3.Connection, grades: Sequence[Grade]) -> None:
    """Write them in a transaction that is open already."""
    connection.executemany(
        "INSERT OR REPLACE INTO grades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(g.request, g.number, g.item, g.grader, g.again, g.reward, g.passed, g.label),
                *(_json(g.errors, "[]"), g.details, _json(g.parts, "{}"), _json(g.calls, "[]"), g.graded_at),
            )
            for g in grades
        ],
    )


def of_run(database: Database, run_id: int, graders: Iterable[str]) -> list[Grade]:
    """The grades by these graders of a run's answers."""
    wanted = tuple(graders)
    marks = ", ".join("?" * len(wanted))
    query = (
        "SELECT * FROM grades WHERE (request, number) IN (SELECT DISTINCT request, number FROM asks WHERE run = ?)"
        f" AND grader IN ({marks})"
    )
    return [grade_of(row) for row in database.rows(query, (run_id, *wanted))]


def of_answer(database: Database, request: str, number: int, item: str) -> list[Grade]:
    """Every grade of one answer to one item."""
    query = "SELECT * FROM grades WHERE request = ? AND number = ? AND item = ? ORDER BY grader, again"
    return [grade_of(row) for row in database.rows(query, (request, number, item))]


def save_label(database: Database, label: Label) -> None:
    """Store what a person said; a second thought replaces the first."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(label.request, label.number, label.item, label.grader, label.passed, label.weight),
                label.labelled_at,
            ),
        )
        touch(connection, "labels")


def drop_label(database: Database, request: str, number: int, item: str, grader: str) -> None:
    """Take a label back."""
    with database.transaction() as connection:
        connection.execute(
            "DELETE FROM labels WHERE request = ? AND number = ? AND item = ? AND grader = ?",
            (request, number, item, grader),
        )
        touch(connection, "labels")


def labels(database: Database, grader: str) -> list[Label]:
    """The labels given for a grader's question, oldest first."""
    rows = database.rows("SELECT * FROM labels WHERE grader = ? ORDER BY labelled_at", (grader,))
    return [
        Label(
            request=row["request"],
            number=row["number"],
            item=row["item"],
            grader=row["grader"],
            passed=None if row["passed"] is None else bool(row["passed"]),
            weight=row["weight"],
            labelled_at=row["labelled_at"],
        )
        for row in rows
    ]


def _json(value: Mapping[str, float] | tuple[object, ...], empty: str) -> str:
    return json.dumps(value) if value else empty


def grade_of(row: Stored) -> Grade:
    return Grade(
        request=row["request"],
        number=row["number"],
        item=row["item"],
        grader=row["grader"],
        reward=row["reward"],
        passed=None if row["passed"] is None else bool(row["passed"]),
        again=row["again"],
        label=row["label"],
        errors=tuple(json.loads(row["errors"])),
        details=row["details"],
        parts=json.loads(row["parts"]),
        calls=tuple((str(request), int(number)) for request, number in json.loads(row["calls"])),
        graded_at=row["graded_at"],
    )
