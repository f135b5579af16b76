"""Deployments: what is wanted, what the service tells of them, when they are to go. Topic: `deployments`.

A row is written before anything is asked of the service, and each step of making or removing one is stored before the
next, so that any later worker goes on from it.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum

from ..errors import UsageError
from ..models import Problem
from .database import Database, touch

DEFAULT_FUSE_SECONDS = 4 * 3600.0


class State(StrEnum):
    """Where a deployment stands for Cupola. The service's own word is `Deployment.service_state`."""

    WANTED = "wanted"
    CREATING = "creating"
    """The service was asked, or is about to be: look before asking again."""
    PROBING = "probing"
    """The control plane is done; the data plane may still deny that it exists."""
    READY = "ready"
    REMOVING = "removing"
    GONE = "gone"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it by itself."""
        return self in (State.GONE, State.FAILED)

    @property
    def moving(self) -> bool:
        """The worker has something to do about it."""
        return self in (State.WANTED, State.CREATING, State.PROBING, State.REMOVING)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deployment to be made."""

    name: str
    model: str
    """A base model's or tuned model's id, or a checkpoint's name."""
    sku: str = "DeveloperTier"
    capacity: int = 50
    """In thousands of tokens a minute for the token tiers."""
    fuse_seconds: float | None = DEFAULT_FUSE_SECONDS
    """Removed so long after the wish; None is never."""
    idle_seconds: float | None = None
    """Removed when Cupola has not asked it for so long; None is never."""
    purpose: str = ""
    """What it is for, in words; shown, and read when orphans are looked for."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model that answers, or is to. Times are unix seconds."""

    name: str
    model: str
    sku: str
    capacity: int
    state: State
    wanted_at: float
    """When Cupola first heard of it, by a wish or from the service."""
    model_format: str = ""
    """The service's word for the publisher; "" until it is looked up."""
    model_version: str = ""
    service_state: str = ""
    """The service's own word, as it came."""
    wanted_capacity: int | None = None
    """What it is to be scaled to."""
    created_at: float | None = None
    """By the service's clock; None while the service has not told of it."""
    ready_at: float | None = None
    """When the data plane first answered."""
    gone_at: float | None = None
    last_used_at: float | None = None
    """When Cupola last asked it; what others ask is not known."""
    fuse_at: float | None = None
    """When it is to be removed."""
    idle_seconds: float | None = None
    problem: Problem | None = None
    nonce: str = ""
    """The tag under which Cupola knows it as its own work; "" for what others have made."""
    operation: str = ""
    """Where the service tells how far its long-running operation is."""
    step_at: float | None = None
    """Since when the present state holds."""
    next_at: float | None = None
    """Not to be asked about earlier."""
    purpose: str = ""
    raw: str = "{}"
    as_of: float = 0.0

    @property
    def ours(self) -> bool:
        """Cupola has made it."""
        return bool(self.nonce)

    @property
    def stands(self) -> bool:
        """The service holds it, as far as is known; it may cost by the hour."""
        return self.created_at is not None and self.state is not State.GONE

    @property
    def idle_since(self) -> float | None:
        """Since when Cupola has not asked it, readiness being the first use; None while it is not ready."""
        return None if self.ready_at is None else max(self.ready_at, self.last_used_at or 0.0)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a deployment's history."""

    name: str
    at: float
    state: State
    words: str


def is_tuned(model: str) -> bool:
    """Whether a model's name is that of a tuned model or a checkpoint."""
    return ".ft-" in model or model.startswith("ft:")


_STORED = tuple(field.name for field in fields(Deployment) if field.name != "last_used_at")
_FACES = frozenset({"fuse_at", "idle_seconds", "wanted_capacity"})
"""What people change while the worker is at work; the worker never writes it together with a step."""

_SELECT = (
    f"SELECT {', '.join(f'd.{name}' for name in _STORED)}, (SELECT MAX(sent_at) FROM answers WHERE deployment = d.name"
    " AND purpose != 'probe' AND sent_at >= d.wanted_at) AS last_used_at FROM deployments AS d"
)


def want(database: Database, wanted: Wanted, now: float) -> Deployment:
    """Wish for a deployment; one of that name and model that is there or on its way is returned as it is.

    Raises:
        UsageError: the name is taken by another model, or by one that is just being removed.
    """
    with database.transaction() as connection:
        row = connection.execute(f"{_SELECT} WHERE d.name = ?", (wanted.name,)).fetchone()
        known = _deployment(row) if row else None
        if known is not None and (known.stands or not known.state.ended):
            _check_free(known, wanted)
            if not known.state.ended:
                return known
        fresh = Deployment(
            name=wanted.name,
            model=wanted.model,
            sku=wanted.sku,
            capacity=wanted.capacity,
            state=State.WANTED,
            wanted_at=now,
            fuse_at=None if wanted.fuse_seconds is None else now + wanted.fuse_seconds,
            idle_seconds=wanted.idle_seconds,
            # What stands of a failed attempt is Cupola's still, and must be found to be so.
            nonce=known.nonce if known is not None and known.stands and known.nonce else uuid.uuid4().hex,
            step_at=now,
            purpose=wanted.purpose,
            as_of=now,
        )
        _replace(connection, fresh)
        _note(connection, fresh, now, f"Wanted: {wanted.model}, {wanted.sku}, capacity {wanted.capacity}.")
    return fresh


def want_gone(database: Database, name: str, now: float, why: str = "Removal was wanted.") -> bool:
    """Wish a deployment away; False if there is none, or it is gone or going already."""
    with database.transaction() as connection:
        row = connection.execute(f"{_SELECT} WHERE d.name = ?", (name,)).fetchone()
        known = _deployment(row) if row else None
        if known is None or known.state in (State.GONE, State.REMOVING):
            return False
        going = replace(
            known, state=State.REMOVING, operation="", step_at=now, next_at=None, problem=None, wanted_capacity=None
        )
        _replace(connection, going)
        _note(connection, going, now, why)
    return True


def want_capacity(database: Database, name: str, capacity: int, now: float) -> bool:
    """Wish for another capacity; False if there is no deployment that stands."""
    return _change(database, name, now, f"Capacity {capacity} was wanted.", wanted_capacity=capacity, problem=None)


def extend_fuse(database: Database, name: str, fuse_at: float | None, now: float | None = None) -> bool:
    """Say when a deployment is to go, None for never; False if there is none that is not gone or going."""
    return _change(database, name, now, "The fuse was set anew.", fuse_at=fuse_at)


def get(database: Database, name: str) -> Deployment | None:
    """One deployment, in any case of its name."""
    rows = database.rows(f"{_SELECT} WHERE d.name = ?", (name,))
    return _deployment(rows[0]) if rows else None


def all_deployments(database: Database) -> list[Deployment]:
    """Every deployment that is known of, those that are gone last, else by name."""
    order = " ORDER BY d.state = 'gone', d.name"
    return [_deployment(row) for row in database.rows(_SELECT + order)]


def history(database: Database, name: str, limit: int = 200) -> list[Step]:
    """What has happened to the deployments of that name, newest first."""
    query = "SELECT name, at, state, words FROM deployment_steps WHERE name = ? ORDER BY id DESC LIMIT ?"
    rows = database.rows(query, (name, limit))
    return [Step(row["name"], row["at"], State(row["state"]), row["words"]) for row in rows]


def step(
    database: Database, before: Deployment, after: Deployment, now: float, words: str = "", *, wishes: bool = False
) -> bool:
    """Store a step of the worker; False, and nothing stored, if somebody has wished otherwise meanwhile.

    `words` go into the history. What faces change (fuse, idle time, wanted capacity) stays as they left it, unless
    `wishes` says that it is not to hold any more.
    """
    if after.state is not before.state:
        after = replace(after, step_at=now)
    names = [name for name in _STORED if (wishes or name not in _FACES) and name != "name"]
    values = _values(after)
    with database.transaction() as connection:
        cursor = connection.execute(
            f"UPDATE deployments SET {', '.join(f'{name} = ?' for name in names)}"
            " WHERE name = ? AND state = ? AND nonce = ?",
            (*(values[name] for name in names), before.name, before.state, before.nonce),
        )
        if cursor.rowcount != 1:
            return False
        if words:
            _note(connection, after, now, words)
        touch(connection, "deployments")
    return True


def scaled(database: Database, name: str, capacity: int) -> None:
    """A wish for that capacity was answered, by the service's doing it or refusing it."""
    with database.transaction() as connection:
        connection.execute(
            "UPDATE deployments SET wanted_capacity = NULL WHERE name = ? AND wanted_capacity = ?", (name, capacity)
        )
        touch(connection, "deployments")


def save_new(database: Database, found: Deployment, now: float, words: str) -> bool:
    """Store a deployment that others have made, unless a row of that name is not over."""
    with database.transaction() as connection:
        row = connection.execute("SELECT state FROM deployments WHERE name = ?", (found.name,)).fetchone()
        if row is not None and not State(row["state"]).ended:
            return False
        _replace(connection, found)
        _note(connection, found, now, words)
    return True


def asked_names(database: Database) -> dict[str, float]:
    """The deployments that Cupola has ever asked, with when it last did: what is known where nothing can be listed."""
    query = "SELECT deployment, MAX(sent_at) AS at FROM answers WHERE purpose != 'probe' GROUP BY deployment"
    return {row["deployment"]: row["at"] for row in database.rows(query)}


def probe_usd(database: Database, name: str) -> float:
    """What asking whether a deployment of that name answers has cost, as far as the prices are known."""
    query = "SELECT TOTAL(usd) FROM answers WHERE purpose = 'probe' AND deployment = ?"
    return float(database.rows(query, (name,))[0][0])


def _check_free(known: Deployment, wanted: Wanted) -> None:
    if known.model.casefold() != wanted.model.casefold():
        raise UsageError(
            f"There is a deployment {known.name!r} already, of {known.model}.",
            "Cupola does not put another model in the place of one that stands.",
            "Choose another name, or remove it first.",
        )
    if known.state is State.REMOVING:
        raise UsageError(
            f"The deployment {known.name!r} is just being removed.",
            remedy="Choose another name, or ask again when it is gone.",
        )


def _change(database: Database, name: str, now: float | None, words: str, **values: object) -> bool:
    assignments = ", ".join(f"{column} = ?" for column in values)
    with database.transaction() as connection:
        cursor = connection.execute(
            f"UPDATE deployments SET {assignments} WHERE name = ? AND state NOT IN ('gone', 'removing')",
            (*values.values(), name),
        )
        if cursor.rowcount != 1:
            return False
        row = connection.execute(f"{_SELECT} WHERE d.name = ?", (name,)).fetchone()
        if now is not None:
            _note(connection, _deployment(row), now, words)
        touch(connection, "deployments")
    return True


def _replace(connection: sqlite3.Connection, deployment: Deployment) -> None:
    values = _values(deployment)
    marks = ", ".join("?" * len(_STORED))
    connection.execute(
        f"INSERT OR REPLACE INTO deployments ({', '.join(_STORED)}) VALUES ({marks})",
        tuple(values[name] for name in _STORED),
    )
    touch(connection, "deployments")


def _note(connection: sqlite3.Connection, deployment: Deployment, now: float, words: str) -> None:
    connection.execute(
        "INSERT INTO deployment_steps (name, at, state, words) VALUES (?, ?, ?, ?)",
        (deployment.name, now, deployment.state, words),
    )


def _values(deployment: Deployment) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(deployment, name) for name in _STORED}
    return {**values, "problem": json.dumps(asdict(deployment.problem)) if deployment.problem else None}


def _deployment(row: sqlite3.Row) -> Deployment:
    values = dict(row)
    values["state"] = State(values["state"])
    values["problem"] = Problem(**json.loads(values["problem"])) if values["problem"] else None
    return Deployment(**values)
