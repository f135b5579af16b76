"""Splits: lists of items under the hash of their content, whether a benchmark names them or not."""

from __future__ import annotations

from collections.abc import Sequence

from .database import Database


def save(database: Database, split: str, name: str, rows: Sequence[str], now: float) -> None:
    """Store a split's rows, each an item's fields as canonical JSON; what is there already stays.

    Args:
        database: Where.
        split: The hash of the rows.
        name: Where they came from, in words.
        rows: In order.
        now: When.
    """
    with database.transaction() as connection:
        fresh = connection.execute(
            "INSERT OR IGNORE INTO splits VALUES (?, ?, ?, ?)", (split, name, len(rows), now)
        ).rowcount
        if fresh:
            connection.executemany(
                "INSERT INTO items VALUES (?, ?, ?)", ((split, place, row) for place, row in enumerate(rows))
            )
