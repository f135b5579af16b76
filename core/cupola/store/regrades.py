"""What other graders made of the stored answers of evaluations. Topic: `regrades/OWNER`, a job or an evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .database import Database, Stored, touch


@dataclass(frozen=True, slots=True)
class SecondGrader:
    """A grader that stored answers were shown to."""

    hash: str
    """Of its definition."""
    name: str
    definition: Mapping[str, Any]
    """In the service's JSON."""
    threshold: float | None
    """From which reward on an answer passes."""
    added_at: float


@dataclass(frozen=True, slots=True)
class Regrade:
    """One grader's verdict on one stored answer. An error is never a score: the reward is then None."""

    grader: str
    """The grader's hash."""
    run_id: str
    item_id: str
    reward: float | None
    passed: bool | None
    errors: tuple[str, ...] = ()
    """The service's names of what went wrong."""
    details: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    """The rewards of a multi grader's parts."""
    calls: tuple[tuple[str, int], ...] = ()
    """Requests and numbers of the model calls in the journal that this rests on."""
    graded_at: float = 0.0


def save_grader(database: Database, grader: SecondGrader) -> None:
    """Store a grader; one that is known already stays as it is."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO second_graders VALUES (?, ?, ?, ?, ?)",
            (grader.hash, grader.name, json.dumps(dict(grader.definition)), grader.threshold, grader.added_at),
        )


def get_grader(database: Database, grader: str) -> SecondGrader | None:
    """The grader of a hash, or None."""
    rows = database.rows("SELECT * FROM second_graders WHERE hash = ?", (grader,))
    return _grader(rows[0]) if rows else None


def graders_of(database: Database, owner: str) -> list[SecondGrader]:
    """The graders that were shown answers of a job's evaluation (or of an evaluation by its id), oldest first."""
    query = (
        "SELECT * FROM second_graders WHERE hash IN (SELECT DISTINCT grader FROM regrades WHERE run_id IN"
        " (SELECT id FROM evaluation_runs WHERE job_id = ?)) ORDER BY added_at, hash"
    )
    return [_grader(row) for row in database.rows(query, (owner,))]


def graders_of_runs(database: Database, runs: Sequence[str]) -> list[SecondGrader]:
    """The graders that were shown answers of some runs, oldest first."""
    query = (
        "SELECT * FROM second_graders WHERE hash IN (SELECT DISTINCT grader FROM regrades WHERE run_id IN"
        " (SELECT value FROM json_each(?))) ORDER BY added_at, hash"
    )
    return [_grader(row) for row in database.rows(query, (json.dumps(list(runs)),))]


def save(database: Database, owner: str, found: Sequence[Regrade]) -> None:
    """Store verdicts on answers of an owner's evaluation; a later one by the same grader replaces an earlier one."""
    with database.transaction() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO regrades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(one.grader, one.run_id, one.item_id, one.reward, one.passed),
                    *(json.dumps(one.errors), one.details, json.dumps(dict(one.parts)), json.dumps(one.calls)),
                    one.graded_at,
                )
                for one in found
            ],
        )
        touch(connection, f"regrades/{owner}")


def of_run(database: Database, run_id: str, grader: str) -> list[Regrade]:
    """A grader's verdicts on the answers of one run."""
    rows = database.rows("SELECT * FROM regrades WHERE run_id = ? AND grader = ?", (run_id, grader))
    return [_regrade(row) for row in rows]


def rewards_of_run(database: Database, run_id: str, grader: str) -> dict[str, float]:
    """A grader's rewards in one run by item; without those that could not be graded."""
    query = "SELECT item_id, reward FROM regrades WHERE run_id = ? AND grader = ? AND reward IS NOT NULL"
    return {row[0]: row[1] for row in database.rows(query, (run_id, grader))}


def of_item(database: Database, run_id: str, item_id: str) -> list[tuple[SecondGrader, Regrade]]:
    """Every second grader's verdict on one answer, by the grader's name."""
    rows = database.rows("SELECT * FROM regrades WHERE run_id = ? AND item_id = ?", (run_id, item_id))
    found = [(get_grader(database, row["grader"]), _regrade(row)) for row in rows]
    return sorted(((g, one) for g, one in found if g is not None), key=lambda pair: (pair[0].name, pair[0].hash))


def _grader(row: Stored) -> SecondGrader:
    return SecondGrader(row["hash"], row["name"], json.loads(row["definition"]), row["threshold"], row["added_at"])


def _regrade(row: Stored) -> Regrade:
    return Regrade(
        grader=row["grader"],
        run_id=row["run_id"],
        item_id=row["item_id"],
        reward=row["reward"],
        passed=None if row["passed"] is None else bool(row["passed"]),
        errors=tuple(json.loads(row["errors"])),
        details=row["details"],
        parts=json.loads(row["parts"]),
        calls=tuple((str(request), int(number)) for request, number in json.loads(row["calls"])),
        graded_at=row["graded_at"],
    )
