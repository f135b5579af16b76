"""What screens showed of a run: its leaderboard as last worked out, and the estimate before it began.

A leaderboard is derived and may be dropped at any time: a screen can show it before it works it out again. Both stand
beside the run's arrays, under the run itself.
"""

from __future__ import annotations

from .database import Database

_OF_RUN = -1
"""The arm of rows that belong to a run as a whole."""
_ESTIMATE = "estimate"


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
    return _content(database, run_id, _name(view))


def keep_estimate(database: Database, run_id: int, content: str) -> None:
    """Keep what was told of a run's cost; what was told when it was first begun stays."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO boards VALUES (?, ?, ?, ?)", (run_id, _OF_RUN, _ESTIMATE, content.encode())
        )


def find_estimate(database: Database, run_id: int) -> str | None:
    """What was told before a run; None if nothing was kept."""
    return _content(database, run_id, _ESTIMATE)


def _content(database: Database, run_id: int, name: str) -> str | None:
    rows = database.rows("SELECT content FROM boards WHERE run = ? AND arm = ? AND name = ?", (run_id, _OF_RUN, name))
    return bytes(rows[0][0]).decode(errors="replace") if rows else None


def _name(view: int) -> str:
    return f"shown/{view}"
