"""Records of checkpoints that are copied to other resources."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckpointCopy:
    """One copy of a checkpoint. Times are unix seconds."""

    checkpoint_id: str
    destination: str
    """The resource id of the account that it goes to."""
    region: str
    started_at: float


def add(database: sqlite3.Connection, copy: CheckpointCopy) -> None:
    """Begin a copy; a second one to the same destination begins anew."""
    names = CheckpointCopy.__slots__
    database.execute(
        f"INSERT OR REPLACE INTO checkpoint_copies ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        [getattr(copy, name) for name in names],
    )


def of_checkpoint(database: sqlite3.Connection, checkpoint_id: str) -> list[CheckpointCopy]:
    """The copies of a checkpoint, oldest first."""
    rows = database.execute(
        "SELECT * FROM checkpoint_copies WHERE checkpoint_id = ? ORDER BY started_at, destination", (checkpoint_id,)
    )
    return [CheckpointCopy(**{name: row[name] for name in CheckpointCopy.__slots__}) for row in rows]
