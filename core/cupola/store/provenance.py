"""How made dataset files came about, found by their content. Topic: `datasets`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .database import Database, touch


@dataclass(frozen=True, slots=True)
class Origin:
    """How one file came about."""

    name: str
    sha256: str
    bytes: int
    rows: int
    action: str
    """split, sample, convert, merge or fix."""
    at: float
    """Unix seconds."""
    inputs: Sequence[Mapping[str, object]]
    """Name, sha256 and bytes of each file that it was made from."""
    parameters: Mapping[str, object]


def save(database: Database, origin: Origin) -> None:
    """Store how a file came about."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO provenance (name, sha256, bytes, rows, action, at, inputs, parameters)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                origin.name,
                origin.sha256,
                origin.bytes,
                origin.rows,
                origin.action,
                origin.at,
                json.dumps(list(origin.inputs), ensure_ascii=False),
                json.dumps(dict(origin.parameters), ensure_ascii=False),
            ),
        )
        touch(connection, "datasets")


def origins(database: Database, sha256: str) -> list[Origin]:
    """How files of a content came about, oldest first; empty for one that was not made here."""
    rows = database.rows("SELECT * FROM provenance WHERE sha256 = ? ORDER BY id", (sha256,))
    return [
        Origin(
            row["name"],
            row["sha256"],
            row["bytes"],
            row["rows"],
            row["action"],
            row["at"],
            json.loads(row["inputs"]),
            json.loads(row["parameters"]),
        )
        for row in rows
    ]
