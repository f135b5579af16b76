"""The verbs that steer: written to the store, where the worker sees them."""

from __future__ import annotations

import argparse
import time

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..text import clean
from .running import hand_over
from .settings import changes


def pause(options: argparse.Namespace, context: Context) -> int:
    """Begin nothing more."""
    from ...workflows import control

    with store_of(context, session_of(context, options.profile).profile) as database:
        control.pause(database, options.workflow, time.time())
        context.say(
            f"Distillation {options.workflow} is paused. Go on with `cupola distill resume {options.workflow}`."
        )
    return 0


def resume(options: argparse.Namespace, context: Context) -> int:
    """Go on, or say yes."""
    from ...store import workflows
    from ...store.workflows import StageState, WorkflowState
    from ...workflows import control
    from ...workflows.distil.steps import DISTIL

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        now, number = time.time(), options.workflow
        workflow = control.find(database, number)
        if workflow.state is WorkflowState.WAITING:
            asking = [one for one in workflows.stages(database, number) if one.state is StageState.WAITING]
            context.confirm(" ".join(clean(stage.question) for stage in asking), options.yes)
            if options.max_cost is not None or options.ask_from is not None:
                soft = workflow.soft if options.ask_from is None else options.ask_from
                hard = workflow.hard if options.max_cost is None else options.max_cost
                workflows.set_budget(database, number, soft, hard, now)
            control.answer(database, number, True, now)
        else:
            control.resume(database, DISTIL, number, now, soft=options.ask_from, hard=options.max_cost)
        hand_over(session, context)
        context.say(f"Distillation {number} goes on. See it with `cupola distill watch {number}`.")
    return 0


def branch(options: argparse.Namespace, context: Context) -> int:
    """Start another with other settings."""
    from ...workflows.control import find
    from ...workflows.distil.definition import parse
    from ...workflows.distil.start import branch as branched

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        before = find(database, options.workflow)
        changed = changes(options, parse(before.definition))
        told = ", ".join(f"{name} {value}" for name, value in changed.items()) or "nothing changed"
        context.confirm(f"Branch from distillation {before.id} with {clean(told)}? Training is billed.", options.yes)
        limits = {"soft": options.ask_from, "hard": options.max_cost}
        made = branched(database, before.id, time.time(), at=options.at, **limits, **changed)
        hand_over(session, context)
        context.say(f"Distillation {made} begins. See it with `cupola distill watch {made}`.")
    return 0


def cancel(options: argparse.Namespace, context: Context) -> int:
    """Call it off."""
    from ...workflows import control

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        control.find(database, options.workflow)
        context.confirm(
            f"Call distillation {options.workflow} off? Its job is cancelled and its deployment removed.", options.yes
        )
        control.cancel(database, options.workflow, time.time())
        hand_over(session, context)
        context.say(f"Distillation {options.workflow} is called off. What was answered stays.")
    return 0


def clean_(options: argparse.Namespace, context: Context) -> int:
    """Remove its deployment, or keep it."""
    from ...store import workflows
    from ...store.workflows import StageState
    from ...workflows import control

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        control.find(database, options.workflow)
        stage = workflows.stage(database, options.workflow, "clean-up")
        if stage is None or stage.state is not StageState.WAITING:
            raise UsageError(
                f"Distillation {options.workflow} has nothing to clean up now.",
                remedy="Remove a deployment by its name: cupola deploy remove NAME",
            )
        if not options.keep:
            context.confirm(clean(stage.question), options.yes)
        control.answer(database, options.workflow, not options.keep, time.time())
        hand_over(session, context)
    return 0
