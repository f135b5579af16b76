"""The verbs that change one that is under way."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit_one
from .reading import find, workflow_row

if TYPE_CHECKING:
    from ...store.database import Database


def pause(options: argparse.Namespace, context: Context) -> int:
    """Begin nothing more."""
    from ...workflows import control

    with store_of(context, session_of(context, options.profile).profile) as database:
        control.pause(database, find(database, options.workflow).id, time.time())
        return _told(options, context, database)


def resume(options: argparse.Namespace, context: Context) -> int:
    """Go on, or say yes to what it asks."""
    from ...store.workflows import WorkflowState
    from ...workflows import control
    from ...workflows.known import kind_of
    from ..distill_commands.running import hand_over

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        workflow = find(database, options.workflow)
        if workflow.state is WorkflowState.WAITING:
            context.confirm(_asked(database, workflow.id), options.yes)
            control.answer(database, workflow.id, True, time.time())
        else:
            limits = {"soft": options.ask_from, "hard": options.max_cost}
            control.resume(database, kind_of(workflow.kind), workflow.id, time.time(), **limits)
        hand_over(session, context)
        return _told(options, context, database)


def cancel(options: argparse.Namespace, context: Context) -> int:
    """Call it off."""
    from ...workflows import control

    with store_of(context, session_of(context, options.profile).profile) as database:
        workflow = find(database, options.workflow)
        context.confirm(f"Call workflow {workflow.id} off?", options.yes)
        control.cancel(database, workflow.id, time.time())
        return _told(options, context, database)


def clean_(options: argparse.Namespace, context: Context) -> int:
    """Remove the deployment that it made, or leave it until its fuse."""
    from ...store import workflows
    from ...store.workflows import StageState
    from ...workflows import control
    from ..distill_commands.running import hand_over

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        workflow = find(database, options.workflow)
        stage = workflows.stage(database, workflow.id, "clean-up")
        if stage is None or stage.state is not StageState.WAITING:
            raise UsageError(f"Workflow {workflow.id} has no deployment to remove now.")
        if not options.keep:
            context.confirm(stage.question, options.yes)
        control.answer(database, workflow.id, not options.keep, time.time())
        hand_over(session, context)
        return _told(options, context, database)


def _asked(database: Database, workflow_id: int) -> str:
    from ...store import workflows

    return next((stage.question for stage in workflows.stages(database, workflow_id) if stage.question), "Go on?")


def _told(options: argparse.Namespace, context: Context, database: Database) -> int:
    from ...store import workflows

    workflow = find(database, options.workflow)
    row = workflow_row(workflow, workflows.stages(database, workflow.id))
    emit_one(options, context.out, "cupola.raft/1", row, None, hidden=("as_of",))
    return 0
