"""Starting it: what it takes, and a workflow that the worker sees."""

from __future__ import annotations

from ...store import workflows
from ...store.database import Database
from ...store.workflows import Stage, Workflow, WorkflowState
from ...training.regrade_cost import RegradeEstimate, estimate_regrading
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
    workflow = Workflow(
        id=0,
        kind=REGRADE.name,
        name=definition.name,
        state=WorkflowState.RUNNING,
        definition=to_json_text(checked(definition)),
        created_at=now,
        updated_at=now,
        hard=hard,
    )
    stages = [Stage(0, name, place) for place, name in enumerate(REGRADE.names)]
    return workflows.add(database, workflow, stages)
