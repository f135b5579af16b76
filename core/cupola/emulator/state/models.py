"""Tuned models and checkpoints of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TunedModel:
    """A model that a job made, or a checkpoint of one."""

    id: str
    created_at: float
    base: str
    """The id of the base model at its root."""
    parent: str
    """The id of the model it was tuned from."""
    job_id: str
    step: int
    listed: bool
    """Whether the model list shows it; checkpoints are deployable but not listed."""
    engine: Mapping[str, Any]
    """Weights by engine: `{"talker": reference, "reasoner": reference or None}`."""


def tuned_from_row(row: sqlite3.Row) -> TunedModel:
    """The record of a row."""
    values = dict(row)
    del values["seq"]
    return TunedModel(**{**values, "listed": bool(values["listed"]), "engine": json.loads(values["engine"])})


def add_tuned(database: sqlite3.Connection, model: TunedModel) -> None:
    """Keep a tuned model; a second time changes nothing."""
    database.execute(
        "INSERT OR IGNORE INTO tuned_models (id, created_at, base, parent, job_id, step, listed, engine)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            model.id,
            model.created_at,
            model.base,
            model.parent,
            model.job_id,
            model.step,
            model.listed,
            json.dumps(model.engine),
        ),
    )


def find_tuned(database: sqlite3.Connection, model_id: str) -> TunedModel | None:
    """The tuned model of that id, in any case."""
    row = database.execute("SELECT * FROM tuned_models WHERE id = ? COLLATE NOCASE", (model_id,)).fetchone()
    return tuned_from_row(row) if row else None


def listed_models(database: sqlite3.Connection) -> list[TunedModel]:
    """The tuned models that the model list shows, oldest first."""
    return [tuned_from_row(row) for row in database.execute("SELECT * FROM tuned_models WHERE listed ORDER BY seq")]


def made_by(database: sqlite3.Connection, job_id: str) -> int:
    """How many models and checkpoints there are of a job."""
    return int(database.execute("SELECT count(*) FROM tuned_models WHERE job_id = ?", (job_id,)).fetchone()[0])


def remove_tuned(database: sqlite3.Connection, model_id: str) -> None:
    """Forget a tuned model."""
    database.execute("DELETE FROM tuned_models WHERE id = ?", (model_id,))
