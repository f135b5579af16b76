"""The verbs that change a workflow under way: written to the store, where the worker sees them."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit_one
from ..text import clean
from .estimates import left_in_words, left_of, print_estimate
from .following import hand_over
from .noun import Noun

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow


def pause(noun: Noun, options: argparse.Namespace, context: Context) -> int:
    """Begin nothing more."""
    from ...workflows import control

    with store_of(context, session_of(context, options.profile).profile) as database:
        control.pause(database, noun.find(database, options.workflow).id, time.time())
        context.say(f"Paused. Go on with `cupola {noun.word} resume {options.workflow}`.")
        return _told(noun, options, context, database)


def resume(noun: Noun, options: argparse.Namespace, context: Context) -> int:
    """Go on, or say yes to what it asks, once it was said what is left to pay; or say no."""
    from ...store import workflows
    from ...workflows import control

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        workflow = noun.find(database, options.workflow)
        stages = workflows.stages(database, workflow.id)
        if options.no:
            control.answer(database, workflow.id, False, time.time())
            hand_over(session, context)
            return _told(noun, options, context, database)
        left = left_of(database, workflow, stages)
        hard = workflow.hard if options.max_cost is None else options.max_cost
        said = left_in_words(workflow, left, hard)
        asked = " ".join(stage.question for stage in stages if stage.question)
        if options.dry_run:
            context.say(" ".join(part for part in (said or "Nothing is left to pay.", asked) if part))
            print_estimate(options, context, left)
            return 0
        if said:
            context.say(said)
        if said or asked:
            context.confirm(asked or f"Go on with {noun.thing.lower()} {workflow.id}?", options.yes)
        _go_on(database, workflow, options)
        hand_over(session, context)
        context.say(f"See it with `cupola {noun.word} watch {workflow.id}`.")
        return _told(noun, options, context, database)


def cancel(noun: Noun, options: argparse.Namespace, context: Context) -> int:
    """Call it off."""
    from ...workflows import control

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        workflow = noun.find(database, options.workflow)
        context.confirm(f"Call {noun.thing.lower()} {workflow.id} off? {noun.called_off}", options.yes)
        control.cancel(database, workflow.id, time.time())
        hand_over(session, context)
        context.say(f"{noun.thing} {workflow.id} is called off. What was answered stays.")
        return _told(noun, options, context, database)


def clean_(noun: Noun, options: argparse.Namespace, context: Context) -> int:
    """Remove what it deployed, or leave that until its fuse."""
    from ...workflows import control

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        workflow = noun.find(database, options.workflow)
        stage = _asking_to_clean(database, noun, workflow)
        if not options.keep:
            context.confirm(clean(stage.question), options.yes)
        control.answer(database, workflow.id, not options.keep, time.time())
        hand_over(session, context)
        return _told(noun, options, context, database)


def _go_on(database: Database, workflow: Workflow, options: argparse.Namespace) -> None:
    from ...store import workflows
    from ...store.workflows import WorkflowState
    from ...workflows import control
    from ...workflows.known import kind_of

    now = time.time()
    if workflow.state is not WorkflowState.WAITING:
        limits = {"soft": options.ask_from, "hard": options.max_cost}
        control.resume(database, kind_of(workflow.kind), workflow.id, now, **limits)
        return
    if options.max_cost is not None or options.ask_from is not None:
        soft = workflow.soft if options.ask_from is None else options.ask_from
        hard = workflow.hard if options.max_cost is None else options.max_cost
        workflows.set_budget(database, workflow.id, soft, hard, now)
    control.answer(database, workflow.id, True, now)


def _asking_to_clean(database: Database, noun: Noun, workflow: Workflow) -> Stage:
    from ...store import workflows
    from ...store.workflows import StageState

    stage = workflows.stage(database, workflow.id, "clean-up")
    if stage is None or stage.state is not StageState.WAITING:
        raise UsageError(
            f"{noun.thing} {workflow.id} has nothing to clean up now.",
            remedy="Remove a deployment by its name: cupola deploy remove NAME",
        )
    return stage


def _told(noun: Noun, options: argparse.Namespace, context: Context, database: Database) -> int:
    from ...store import workflows

    workflow = noun.find(database, options.workflow)
    row = noun.row(workflow, workflows.stages(database, workflow.id))
    emit_one(options, context.out, noun.schema, row, None, hidden=("as_of",))
    return 0
