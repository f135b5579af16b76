"""What a person asked to be told about, and how it stood when it was last looked at. Topic: `watches`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .database import Database, touch


class Subject(StrEnum):
    """What can be watched."""

    JOB = "job"
    RUN = "run"
    """A benchmark's run."""
    WORKFLOW = "workflow"
    DEPLOYMENT = "deployment"
    BUDGET = "budget"
    """Of a profile; watched wherever one is set, without being asked."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One thing that is watched."""

    kind: Subject
    target: str
    """The job's id, the run's or workflow's number, the deployment's name."""
    name: str
    """What a person calls it. Hostile until cleaned."""
    added_at: float
    seen: Mapping[str, Any] = field(default_factory=dict)
    """What the worker last saw of it; empty until it has looked, and what it sees first is no news."""


def add(database: Database, kind: Subject, target: str, name: str, now: float) -> bool:
    """Watch a thing; False if it is watched already."""
    with database.transaction() as connection:
        cursor = connection.execute(
            "INSERT OR IGNORE INTO watches VALUES (?, ?, ?, ?, '{}')", (kind, target, name, now)
        )
        touch(connection, "watches")
    return cursor.rowcount == 1


def remove(database: Database, kind: Subject, target: str) -> bool:
    """Watch it no more; False if it was not watched."""
    with database.transaction() as connection:
        cursor = connection.execute("DELETE FROM watches WHERE kind = ? AND target = ?", (kind, target))
        touch(connection, "watches")
    return cursor.rowcount == 1


def is_watched(database: Database, kind: Subject, target: str) -> bool:
    """Whether it is watched."""
    return bool(database.rows("SELECT 1 FROM watches WHERE kind = ? AND target = ?", (kind, target)))


def all_watches(database: Database) -> list[Watch]:
    """Everything that is watched, by kind and target."""
    return [_watch(row) for row in database.rows("SELECT * FROM watches ORDER BY kind, target")]


def saw(connection: sqlite3.Connection, watch: Watch, seen: Mapping[str, Any]) -> bool:
    """Keep, inside a transaction, what was seen of it; False if it is not watched any more or was seen by another."""
    cursor = connection.execute(
        "UPDATE watches SET seen = ? WHERE kind = ? AND target = ? AND seen = ?",
        (_text(seen), watch.kind, watch.target, _text(watch.seen)),
    )
    return cursor.rowcount == 1


def _text(seen: Mapping[str, Any]) -> str:
    return json.dumps(dict(seen), allow_nan=False, sort_keys=True)


def _watch(row: sqlite3.Row) -> Watch:
    return Watch(Subject(row["kind"]), row["target"], row["name"], row["added_at"], json.loads(row["seen"]))
