"""What there is to tell a person, each told once: by a face that is open, else by a command. Topic: `notices`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..models import Problem
from . import watches
from .database import Database, touch
from .watches import Subject, Watch


@dataclass(frozen=True, slots=True)
class News:
    """Something that has happened, before it is stored."""

    sort: str
    """ended, failed, paused, checkpoint, budget, fuse, stage, waiting, ready, gone."""
    occasion: str
    """Tells this time from the next of the same sort."""
    title: str
    text: str
    """Begins with a word of Cupola's own, never with what others have named."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. Texts are hostile until cleaned."""

    id: int
    at: float
    kind: Subject
    target: str
    sort: str
    title: str
    text: str
    told_at: float | None = None
    told_by: str | None = None
    """screen, command or webhook."""
    problem: Problem | None = None
    """Why telling it has failed."""


def record(database: Database, watch: Watch, seen: Mapping[str, Any], news: Sequence[News], now: float) -> int:
    """Keep what was seen of a watched thing together with the news in it; return how many were new.

    Nothing is stored when somebody stopped watching it, or another worker was quicker.
    """
    with database.transaction() as connection:
        if not watches.saw(connection, watch, seen):
            return 0
        return _insert(connection, watch.kind, watch.target, news, now)


def add(database: Database, kind: Subject, target: str, news: Sequence[News], now: float) -> int:
    """Keep news of something that is not in the list of watches; return how many were new."""
    with database.transaction() as connection:
        return _insert(connection, kind, target, news, now)


def claim(database: Database, by: str, now: float, made_before: float | None = None) -> list[Notice]:
    """Take the untold notices to tell them, oldest first; nobody else is given them any more.

    Args:
        database: The store.
        by: Who tells: screen, command or webhook.
        now: When.
        made_before: Leave those that are younger to others.
    """
    where = "told_at IS NULL AND at <= ?"
    bound = made_before if made_before is not None else float("inf")
    # Looking costs no lock; most looks find nothing.
    if not database.rows(f"SELECT 1 FROM notices WHERE {where} LIMIT 1", (bound,)):
        return []
    with database.transaction() as connection:
        rows = connection.execute(
            f"UPDATE notices SET told_at = ?, told_by = ? WHERE {where} RETURNING *", (now, by, bound)
        ).fetchall()
        touch(connection, "notices")
    return sorted((_notice(row) for row in rows), key=lambda notice: notice.id)


def failed(database: Database, notice_id: int, problem: Problem) -> None:
    """Say that telling it has failed; it is not told again."""
    with database.transaction() as connection:
        connection.execute("UPDATE notices SET problem = ? WHERE id = ?", (json.dumps(asdict(problem)), notice_id))
        touch(connection, "notices")


def newest(database: Database, limit: int = 100) -> list[Notice]:
    """The last notices, newest first."""
    return [_notice(row) for row in database.rows("SELECT * FROM notices ORDER BY id DESC LIMIT ?", (limit,))]


def _insert(connection: sqlite3.Connection, kind: Subject, target: str, news: Sequence[News], now: float) -> int:
    new = 0
    for one in news:
        new += connection.execute(
            "INSERT OR IGNORE INTO notices (at, kind, target, sort, key, title, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (now, kind, target, one.sort, f"{kind}/{target}/{one.sort}/{one.occasion}", one.title, one.text),
        ).rowcount
    if new:
        touch(connection, "notices")
    return new


def _notice(row: sqlite3.Row) -> Notice:
    values = dict(row)
    del values["key"]
    problem = Problem(**json.loads(row["problem"])) if row["problem"] else None
    return Notice(**{**values, "kind": Subject(row["kind"]), "problem": problem})
