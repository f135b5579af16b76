"""Whether people let stored answers of evaluations pass. Topic: `answer_labels`."""

from __future__ import annotations

from collections.abc import Iterable

from .database import Database, touch


def save(database: Database, run_id: str, item_id: str, passed: bool | None, now: float) -> None:
    """Store what a person said of an answer; None is unsure. A second thought replaces the first."""
    with database.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO answer_labels VALUES (?, ?, ?, ?)", (run_id, item_id, passed, now))
        touch(connection, "answer_labels")


def drop(database: Database, run_id: str, item_id: str) -> None:
    """Take a label back."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM answer_labels WHERE run_id = ? AND item_id = ?", (run_id, item_id))
        touch(connection, "answer_labels")


def of_runs(database: Database, runs: Iterable[str]) -> dict[tuple[str, str], bool | None]:
    """What was said of the answers of some runs, by run and item; None is unsure."""
    found: dict[tuple[str, str], bool | None] = {}
    for run_id in runs:
        for item_id, passed in database.rows("SELECT item_id, passed FROM answer_labels WHERE run_id = ?", (run_id,)):
            found[run_id, item_id] = None if passed is None else bool(passed)
    return found
