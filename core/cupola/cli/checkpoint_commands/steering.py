"""The verbs about tests of checkpoints that were started: list, pause, resume, cancel, clean up."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit, emit_one

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow

_SHOWN = ("id", "name", "state", "stage", "spent", "limit", "headline")


def find(database: Database, workflow_id: int) -> Workflow:
    """One test.

    Raises:
        UsageError: there is none of that number.
    """
    from ...workflows import control
    from ...workflows.checkpoint_test.definition import NAME

    workflow = control.find(database, workflow_id)
    if workflow.kind != NAME:
        raise UsageError(
            f"Workflow {workflow_id} is of another kind: {workflow.kind}.", remedy="See `cupola checkpoint tests`."
        )
    return workflow


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print all of them, newest first."""
    from ...store import workflows
    from ...workflows.checkpoint_test.definition import NAME

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        found = [workflow for workflow in workflows.newest(database) if workflow.kind == NAME]
        rows = [workflow_row(one, workflows.stages(database, one.id)) for one in found]
        emit(options, context.out, "cupola.checkpoint-test/1", rows, _SHOWN, None)
    return 0


def pause(options: argparse.Namespace, context: Context) -> int:
    """Begin nothing more; deployments stand until their fuses."""
    from ...workflows import control

    with store_of(context, session_of(context, options.profile).profile) as database:
        control.pause(database, find(database, options.workflow).id, time.time())
        return _told(options, context, database)


def resume(options: argparse.Namespace, context: Context) -> int:
    """Go on, or say yes to what it asks."""
    from ...store import workflows
    from ...store.workflows import WorkflowState
    from ...workflows import control
    from ...workflows.checkpoint_test.steps import CHECKPOINT_TEST
    from ..distill_commands.running import hand_over

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        workflow = find(database, options.workflow)
        if workflow.state is WorkflowState.WAITING:
            asked = [stage.question for stage in workflows.stages(database, workflow.id) if stage.question]
            context.confirm(asked[0] if asked else "Go on?", options.yes)
            control.answer(database, workflow.id, True, time.time())
        else:
            control.resume(database, CHECKPOINT_TEST, workflow.id, time.time(), hard=options.max_cost)
        hand_over(session, context)
        return _told(options, context, database)


def cancel(options: argparse.Namespace, context: Context) -> int:
    """Call it off; its deployments are removed."""
    from ...workflows import control
    from ..distill_commands.running import hand_over

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        workflow = find(database, options.workflow)
        context.confirm(f"Call test {workflow.id} off? Its deployments are removed.", options.yes)
        control.cancel(database, workflow.id, time.time())
        hand_over(session, context)
        return _told(options, context, database)


def clean_(options: argparse.Namespace, context: Context) -> int:
    """Remove the deployments that it made, or leave them until their fuses."""
    from ...store import workflows
    from ...store.workflows import StageState
    from ...workflows import control
    from ..distill_commands.running import hand_over

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        workflow = find(database, options.workflow)
        stage = workflows.stage(database, workflow.id, "clean-up")
        if stage is None or stage.state is not StageState.WAITING:
            raise UsageError(f"Test {workflow.id} has no deployments to remove now.")
        if not options.keep:
            context.confirm(stage.question, options.yes)
        control.answer(database, workflow.id, not options.keep, time.time())
        hand_over(session, context)
        return _told(options, context, database)


def workflow_row(workflow: Workflow, stages: Sequence[Stage]) -> dict[str, Any]:
    """One test as fields."""
    at = next((stage for stage in stages if not stage.state.settled), None)
    verdict = next((stage.outputs for stage in stages if stage.name == "verdict" and stage.outputs), None)
    problem = workflow.problem
    return {
        "id": workflow.id,
        "name": workflow.name,
        "state": workflow.state.value,
        "stage": at.name if at is not None else None,
        "spent": round(workflow.spent, 4),
        "limit": workflow.hard,
        "headline": verdict["headline"] if verdict else None,
        "problem": problem.what if problem is not None else None,
        "remedy": problem.remedy if problem is not None else None,
    }


def _told(options: argparse.Namespace, context: Context, database: Database) -> int:
    from ...store import workflows

    workflow = find(database, options.workflow)
    row = workflow_row(workflow, workflows.stages(database, workflow.id))
    emit_one(options, context.out, "cupola.checkpoint-test/1", row, None, hidden=("as_of",))
    return 0
