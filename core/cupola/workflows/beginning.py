"""Writing a new workflow of any kind into the store, where the worker sees it."""

from __future__ import annotations

from ..store import workflows
from ..store.database import Database
from ..store.workflows import Gates, Stage, Workflow, WorkflowState
from .kinds import Kind


def begin(
    database: Database,
    kind: Kind,
    name: str,
    definition: str,
    now: float,
    *,
    soft: float | None = None,
    hard: float | None = None,
    gates: Gates = Gates.ONCE,
    place: str = "",
    branch_of: int | None = None,
    branch_at: str | None = None,
) -> int:
    """Write it with all stages of its kind before it; return its number. The fields are those of `Workflow`."""
    workflow = Workflow(
        id=0,
        kind=kind.name,
        name=name,
        state=WorkflowState.RUNNING,
        definition=definition,
        created_at=now,
        updated_at=now,
        soft=soft,
        hard=hard,
        gates=gates,
        branch_of=branch_of,
        branch_at=branch_at,
        place=place,
    )
    return workflows.add(database, workflow, [Stage(0, step, position) for position, step in enumerate(kind.names)])
