"""Starting it: what it takes, and a workflow that the worker sees."""

from __future__ import annotations

from ...store.database import Database
from ...training.regrade_cost import RegradeEstimate, estimate_regrading
from ..beginning import begin
from .definition import Regrading, checked, to_json_text
from .steps import REGRADE


def estimate(database: Database, definition: Regrading) -> RegradeEstimate:
    """What it takes beyond what is judged and what the journal answers already.

    Raises:
        UsageError: it cannot be carried out, or nothing is stored.
    """
    wanted = checked(definition)
    return estimate_regrading(database, wanted.use, wanted.todo(database, wanted.evals(database)))


def start(database: Database, definition: Regrading, now: float, *, hard: float | None = None) -> int:
    """Start it; return its number. The worker does the rest, and never spends more than `hard` dollars.

    Raises:
        UsageError: it cannot be carried out.
    """
    return begin(database, REGRADE, definition.name, to_json_text(checked(definition)), now, hard=hard)
