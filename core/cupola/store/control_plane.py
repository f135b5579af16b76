"""What is known of the control plane: its quota, and how the talk with it goes. Topics: `quota`, `deployments`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from ..models import Health, Problem
from .database import Database, touch

_SUBJECT = "control plane"


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One kind of quota, as the service counts it."""

    name: str
    """Such as `OpenAI.GlobalStandard.gpt-4.1-finetune`."""
    text: str
    used: float
    limit: float
    as_of: float = 0.0

    @property
    def free(self) -> float:
        """What is left."""
        return max(0.0, self.limit - self.used)


def quota(database: Database) -> list[QuotaLine]:
    """The quota as the service last told it, by name."""
    return [QuotaLine(**dict(row)) for row in database.rows("SELECT * FROM quota ORDER BY name")]


def save_quota(database: Database, lines: Iterable[QuotaLine]) -> None:
    """Store the quota in place of what was known of it."""
    rows = [(line.name, line.text, line.used, line.limit, line.as_of) for line in lines]
    with database.transaction() as connection:
        connection.execute("DELETE FROM quota")
        connection.executemany('INSERT INTO quota (name, text, used, "limit", as_of) VALUES (?, ?, ?, ?, ?)', rows)
        touch(connection, "quota")


def trouble(database: Database) -> Health:
    """How the talk with the control plane goes; an empty record where all is well or nothing was tried."""
    rows = database.rows("SELECT * FROM health WHERE subject = ?", (_SUBJECT,))
    if not rows:
        return Health()
    row = rows[0]
    problem = Problem(**json.loads(row["problem"])) if row["problem"] else None
    return Health(row["checked_at"], problem, row["since"], row["next_try"])


def save_trouble(database: Database, health: Health) -> None:
    """Store how that talk goes. Readers are woken only when a problem came, changed or went."""
    known = trouble(database)
    problem = json.dumps(asdict(health.problem)) if health.problem else None
    values = (_SUBJECT, health.checked_at, problem, health.since, health.next_try)
    with database.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?, ?)", values)
        if (known.problem, known.checked_at is None) != (health.problem, health.checked_at is None):
            touch(connection, "deployments")
