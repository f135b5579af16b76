"""What people do to workflows: pause, resume, call off, say yes, give other limits. Written to the store, no more."""

from __future__ import annotations

from dataclasses import replace

from ..errors import UsageError
from ..store import workflows
from ..store.database import Database
from ..store.workflows import StageState, Workflow, WorkflowState
from .kinds import Kind


def find(database: Database, workflow_id: int) -> Workflow:
    """One workflow.

    Raises:
        UsageError: there is none of that number.
    """
    workflow = workflows.get(database, workflow_id)
    if workflow is None:
        known = ", ".join(str(one.id) for one in workflows.newest(database, 20)) or "none yet"
        raise UsageError(f"There is no workflow {workflow_id}.", f"Known: {known}.")
    return workflow


def pause(database: Database, workflow_id: int, now: float) -> Workflow:
    """Have it ask and begin nothing more; a job under way at the service trains on.

    Raises:
        UsageError: it is not running.
    """
    workflow = find(database, workflow_id)
    before = (WorkflowState.RUNNING, WorkflowState.WAITING)
    if not workflows.move(database, workflow_id, before, WorkflowState.PAUSED, now):
        raise UsageError(f"Workflow {workflow_id} is {workflow.state.value} and cannot be paused.")
    return find(database, workflow_id)


def resume(
    database: Database,
    kind: Kind,
    workflow_id: int,
    now: float,
    *,
    soft: float | None = None,
    hard: float | None = None,
) -> Workflow:
    """Go on after a pause, or try the stage that failed again; other limits may be given.

    Raises:
        UsageError: it is done, called off, or waits for a yes.
    """
    workflow = find(database, workflow_id)
    if workflow.state not in (WorkflowState.PAUSED, WorkflowState.FAILED, WorkflowState.RUNNING):
        raise UsageError(
            f"Workflow {workflow_id} is {workflow.state.value}.",
            remedy="Say yes or no to what it asks." if workflow.state is WorkflowState.WAITING else "Branch from it.",
        )
    if soft is not None or hard is not None:
        limits = workflow.soft if soft is None else soft, workflow.hard if hard is None else hard
        workflows.set_budget(database, workflow_id, *limits, now)
    if workflow.state is WorkflowState.FAILED:
        _try_again(database, kind, workflow_id)
    stopped = (WorkflowState.PAUSED, WorkflowState.FAILED)
    waits = any(stage.state is StageState.WAITING for stage in workflows.stages(database, workflow_id))
    workflows.move(database, workflow_id, stopped, WorkflowState.WAITING if waits else WorkflowState.RUNNING, now)
    return find(database, workflow_id)


def cancel(database: Database, workflow_id: int, now: float) -> Workflow:
    """Call it off: the worker stops what is under way and removes what would go on costing.

    Raises:
        UsageError: it has ended.
    """
    workflow = find(database, workflow_id)
    open_states = (WorkflowState.RUNNING, WorkflowState.WAITING, WorkflowState.PAUSED, WorkflowState.FAILED)
    if not workflows.move(database, workflow_id, open_states, WorkflowState.CANCELLED, now):
        raise UsageError(f"Workflow {workflow_id} is {workflow.state.value} already.")
    return find(database, workflow_id)


def answer(database: Database, workflow_id: int, yes: bool, now: float) -> str:
    """Say yes or no to what it asks; return the stage that asked.

    Raises:
        UsageError: it asks nothing.
    """
    find(database, workflow_id)
    name = workflows.answer_question(database, workflow_id, yes, now)
    if name is None:
        raise UsageError(f"Workflow {workflow_id} does not wait for a yes.")
    return name


def _try_again(database: Database, kind: Kind, workflow_id: int) -> None:
    stages = {stage.name: stage for stage in workflows.stages(database, workflow_id)}
    failed = next(stage for stage in stages.values() if stage.state is StageState.FAILED)
    first = stages[kind.step(failed.name).again_from or failed.name]
    for stage in stages.values():
        if first.position <= stage.position <= failed.position:
            attempt = int(stage.notes.get("attempt", 0)) + 1
            # What it has spent stays spent.
            again = replace(
                stage, state=StageState.PENDING, notes={"attempt": attempt}, outputs={}, problem=None, finished_at=None
            )
            workflows.save_stage(database, again)
