"""Deployments, the operations on them, and quota that is not free again yet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

OperationKind = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A name under which a model answers. Times are unix seconds."""

    name: str
    model: str
    """The id of the base or tuned model that answers."""
    version: str
    format: str
    sku: str
    capacity: int
    """Thousands of tokens a minute; throughput units for provisioned SKUs."""
    base: str
    """The name of the base model at the root."""
    tuned: bool
    created_at: float
    succeeded_at: float
    """From when on the control plane says Succeeded."""
    ready_at: float
    """From when on the data plane knows it; this may be later."""
    used_at: float
    modified_at: float
    deleted_at: float | None = None
    """When a delete that has begun will have ended."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What a client set and the service only repeats: tags, policies, the source account."""
    failure: str | None = None
    """Why the last operation on it ends as Failed."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation on a deployment."""

    id: str
    kind: OperationKind
    deployment: str
    started_at: float
    ends_at: float
    failure: str | None = None
    """Why it ends as Failed; None for one that succeeds."""


def _deployment(row: sqlite3.Row) -> Deployment:
    values = {name: row[name] for name in Deployment.__slots__}
    return Deployment(**{**values, "tuned": bool(row["tuned"]), "options": json.loads(row["options"])})


def _column(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, Mapping) else value


def add(database: sqlite3.Connection, deployment: Deployment) -> None:
    """Keep a deployment. Raises sqlite3.IntegrityError when the name is taken."""
    names = Deployment.__slots__
    sql = f"INSERT INTO deployments ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute(sql, [_column(getattr(deployment, name)) for name in names])


def update(database: sqlite3.Connection, name: str, **changes: Any) -> None:
    """Change columns of a deployment; the keys are field names of `Deployment`."""
    columns = [column for column in Deployment.__slots__ if column in changes]
    sql = f"UPDATE deployments SET {', '.join(f'{column} = ?' for column in columns)} WHERE name = ?"
    database.execute(sql, [*(_column(changes[column]) for column in columns), name])


def remove(database: sqlite3.Connection, name: str) -> None:
    """Forget a deployment."""
    database.execute("DELETE FROM deployments WHERE name = ?", (name,))


def find(database: sqlite3.Connection, name: str) -> Deployment | None:
    """The deployment of that name, in any case."""
    row = database.execute("SELECT * FROM deployments WHERE name = ?", (name,)).fetchone()
    return _deployment(row) if row else None


def is_untouched(database: sqlite3.Connection) -> bool:
    """Whether there has never been a deployment."""
    return database.execute("SELECT 1 FROM sqlite_sequence WHERE name = 'deployments'").fetchone() is None


def all_deployments(database: sqlite3.Connection) -> list[Deployment]:
    """Every deployment, oldest first."""
    return [_deployment(row) for row in database.execute("SELECT * FROM deployments ORDER BY seq")]


def add_operation(database: sqlite3.Connection, operation: Operation) -> None:
    """Keep an operation."""
    names = Operation.__slots__
    sql = f"INSERT INTO operations ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute(sql, [getattr(operation, name) for name in names])


def find_operation(database: sqlite3.Connection, operation_id: str) -> Operation | None:
    """The operation of that id."""
    row = database.execute("SELECT * FROM operations WHERE id = ?", (operation_id,)).fetchone()
    return Operation(**{name: row[name] for name in Operation.__slots__}) if row else None


def operation_under_way(database: sqlite3.Connection, now: float) -> Operation | None:
    """The operation that has not ended yet, if any."""
    row = database.execute("SELECT * FROM operations WHERE ends_at > ? ORDER BY ends_at LIMIT 1", (now,)).fetchone()
    return Operation(**{name: row[name] for name in Operation.__slots__}) if row else None


def hold_quota(database: sqlite3.Connection, usage: str, capacity: int, until: float) -> None:
    """Keep quota of a deleted deployment from being used again for a while."""
    database.execute("INSERT INTO quota_holds (usage, capacity, until) VALUES (?, ?, ?)", (usage, capacity, until))


def held_quota(database: sqlite3.Connection, usage: str, now: float) -> int:
    """How much of a quota belongs to deployments that are gone but not released yet."""
    row = database.execute(
        "SELECT coalesce(sum(capacity), 0) FROM quota_holds WHERE usage = ? AND until > ?", (usage, now)
    ).fetchone()
    return int(row[0])
