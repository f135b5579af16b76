"""Leaderboards as they were last worked out, so that a screen can show them before it works them out again.

They are derived and may be dropped at any time; they stand beside the arrays they come from, under the run itself.
"""

from __future__ import annotations

from .database import Database

_OF_RUN = -1
"""The arm of rows that belong to a run as a whole."""


def keep(database: Database, run_id: int, view: int, content: str) -> None:
    """Keep the leaderboard of a run under one view of its graders; an earlier one is replaced.

    No topic moves: whoever works leaderboards out keeps them, and nothing new is known.
    """
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO boards VALUES (?, ?, ?, ?)", (run_id, _OF_RUN, _name(view), content.encode())
        )


def find(database: Database, run_id: int, view: int) -> str | None:
    """The leaderboard last kept; None if there is none."""
    rows = database.rows(
        "SELECT content FROM boards WHERE run = ? AND arm = ? AND name = ?", (run_id, _OF_RUN, _name(view))
    )
    return bytes(rows[0][0]).decode(errors="replace") if rows else None


def _name(view: int) -> str:
    return f"shown/{view}"
