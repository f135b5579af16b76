"""Records of responses that are answered in the background: what is needed to answer them, until they have ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_JSON = ("request", "history")


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """One response that has not ended. What the client sees of it stands in the record of the same id."""

    id: str
    deployment: str
    request: Mapping[str, Any]
    """The body that was sent."""
    history: Sequence[Mapping[str, Any]]
    """What was said in the responses before it, as chat messages."""


def add(database: sqlite3.Connection, work: BackgroundWork) -> None:
    """Keep a new record."""
    names = BackgroundWork.__slots__
    values = [json.dumps(getattr(work, name)) if name in _JSON else getattr(work, name) for name in names]
    sql = f"INSERT INTO background_responses ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute(sql, values)


def find(database: sqlite3.Connection, response_id: str) -> BackgroundWork | None:
    """The work on a response; None once it has ended."""
    row = database.execute("SELECT * FROM background_responses WHERE id = ?", (response_id,)).fetchone()
    if row is None:
        return None
    names = BackgroundWork.__slots__
    return BackgroundWork(**{name: json.loads(row[name]) if name in _JSON else row[name] for name in names})


def active(database: sqlite3.Connection) -> list[str]:
    """The ids of the responses that have not ended, oldest first."""
    return [row["id"] for row in database.execute("SELECT id FROM background_responses ORDER BY seq")]


def remove(database: sqlite3.Connection, response_id: str) -> None:
    """Forget a response that has ended."""
    database.execute("DELETE FROM background_responses WHERE id = ?", (response_id,))
