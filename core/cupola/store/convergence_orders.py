"""Jobs that a person wants paused once their reward stands still: each holds for one pause. Topic: `intents`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import intents
from .database import Database, Stored, touch


@dataclass(frozen=True, slots=True)
class Order:
    """A person's yes, given beforehand."""

    job_id: str
    asked_at: float
    looked: int | None = None
    """The last step that has been looked at for it."""
    met_at: float | None = None
    """When the pause was wished for; it then holds no more."""
    why: str = ""
    """What was seen then."""

    @property
    def stands(self) -> bool:
        """The job is still to be paused."""
        return self.met_at is None


def give(database: Database, job_id: str, now: float) -> None:
    """Want a job paused once it has converged; given again after it was met, it holds for another time."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO convergence_orders VALUES (?, ?, NULL, NULL, '') ON CONFLICT (job_id) DO UPDATE SET"
            " asked_at = excluded.asked_at, met_at = NULL, why = '' WHERE met_at IS NOT NULL",
            (job_id, now),
        )
        touch(connection, "intents")


def withdraw(database: Database, job_id: str) -> bool:
    """Want it no more; False if it was not wanted."""
    with database.transaction() as connection:
        cursor = connection.execute("DELETE FROM convergence_orders WHERE job_id = ? AND met_at IS NULL", (job_id,))
        touch(connection, "intents")
    return cursor.rowcount == 1


def get(database: Database, job_id: str) -> Order | None:
    """The order for a job, met or not; None if there never was one."""
    rows = database.rows("SELECT * FROM convergence_orders WHERE job_id = ?", (job_id,))
    return _order(rows[0]) if rows else None


def looked(database: Database, job_id: str, step: int) -> None:
    """Keep that the passes up to a step have been looked at."""
    with database.transaction() as connection:
        connection.execute("UPDATE convergence_orders SET looked = ? WHERE job_id = ?", (step, job_id))


def meet(database: Database, job_id: str, why: str, now: float, wish: str, arguments: Mapping[str, object]) -> bool:
    """Wish for the pause and have the order hold no more, both or neither; False if it does not stand.

    Args:
        database: The store.
        job_id: Whose order.
        why: What was seen.
        now: When.
        wish: The wish's kind.
        arguments: The wish's.
    """
    with database.transaction() as connection:
        cursor = connection.execute(
            "UPDATE convergence_orders SET met_at = ?, why = ? WHERE job_id = ? AND met_at IS NULL", (now, why, job_id)
        )
        if cursor.rowcount == 1:
            intents.enter(connection, wish, job_id, now, arguments)
    return cursor.rowcount == 1


def _order(row: Stored) -> Order:
    return Order(row["job_id"], row["asked_at"], row["looked"], row["met_at"], row["why"])
