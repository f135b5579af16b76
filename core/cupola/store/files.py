"""Files and models that the service holds. Topics: `files`, `models`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from ..models import ServiceFile, ServiceModel
from .database import Database, touch


def save_files(database: Database, listed: Sequence[ServiceFile]) -> bool:
    """Make the stored files those that the service lists; return whether anything changed."""
    if [file.raw for file in files(database)] == [file.raw for file in _newest_first(listed)]:
        return False
    with database.transaction() as connection:
        connection.execute("DELETE FROM files")
        connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [astuple(file) for file in listed])
        touch(connection, "files")
    return True


def files(database: Database) -> list[ServiceFile]:
    """The service's files, newest first."""
    return [ServiceFile(**dict(row)) for row in database.rows("SELECT * FROM files ORDER BY created_at DESC, id")]


def save_models(database: Database, listed: Sequence[ServiceModel]) -> bool:
    """Make the stored models those that the service lists; return whether anything changed."""
    if {model.raw for model in models(database)} == {model.raw for model in listed}:
        return False
    with database.transaction() as connection:
        connection.execute("DELETE FROM models")
        connection.executemany("INSERT INTO models VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [astuple(m) for m in listed])
        touch(connection, "models")
    return True


def models(database: Database) -> list[ServiceModel]:
    """The service's models by name."""
    return [
        ServiceModel(
            **{**dict(row), "can_fine_tune": None if row["can_fine_tune"] is None else bool(row["can_fine_tune"])}
        )
        for row in database.rows("SELECT * FROM models ORDER BY id")
    ]


def _newest_first(listed: Sequence[ServiceFile]) -> list[ServiceFile]:
    return sorted(listed, key=lambda file: (-file.created_at, file.id))
