"""Following a workflow until it ends or asks something, and what a script should know then."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from ..context import Context, Session, session_of, store_of
from ..text import clean
from .noun import Noun, stage_row

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow

EXIT_JOB_FAILED, EXIT_WORSE, EXIT_INCONCLUSIVE, EXIT_STILL_RUNNING, EXIT_LIMIT = 5, 6, 7, 8, 9
_LOOK_SECONDS = 0.3


def watch(noun: Noun, options: argparse.Namespace, context: Context) -> int:
    """Follow one until it ends or asks something."""
    with store_of(context, session_of(context, options.profile).profile) as database:
        return followed(noun, options, context, database, noun.find(database, options.workflow).id)


def hand_over(session: Session, context: Context) -> None:
    """See to it that a worker runs; none is started where this process's own transport stands for the network."""
    from ...worker import process

    if session.transport is not None:
        return
    process.start(session.profile, session.environment, context.paths)


def started(
    noun: Noun, options: argparse.Namespace, context: Context, session: Session, database: Database, number: int
) -> int:
    """Hand a new workflow to the worker, and follow it unless it is to be left alone."""
    context.say(f"{noun.thing} {number} goes on without you: it is safe to close this.")
    hand_over(session, context)
    if options.detach:
        context.say(f"See it with `cupola {noun.word} watch {number}`.")
        return 0
    return followed(noun, options, context, database, number)


def followed(noun: Noun, options: argparse.Namespace, context: Context, database: Database, number: int) -> int:
    """Tell how a workflow goes until it ends or asks something; print it, and return the exit code."""
    from ...store import workflows
    from ...store.workflows import WorkflowState
    from ...workflows.control import find

    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    told: dict[str, str] = {}
    while (workflow := find(database, number)).state is WorkflowState.RUNNING:
        stages = workflows.stages(database, number)
        _tell(context, told, stages)
        if deadline is not None and time.monotonic() >= deadline:
            noun.end(options, context, workflow, stages)
            return EXIT_STILL_RUNNING
        time.sleep(_LOOK_SECONDS)
    stages = workflows.stages(database, number)
    _tell(context, told, stages)
    for stage in stages:
        if stage.question:
            verb = f"clean {number}" if stage.name == "clean-up" else f"resume {number} -y"
            context.say(f"{stage.name} asks: {stage.question} Answer with `cupola {noun.word} {verb}`.")
    if workflow.problem is not None:
        problem = workflow.problem
        context.say(f"cupola: {problem.what} {problem.why} {problem.remedy}".rstrip())
    return noun.end(options, context, workflow, stages)


def exit_code_of(
    workflow: Workflow, stages: Sequence[Stage], job_stages: Collection[str], verdict: Callable[[], int | None]
) -> int:
    """What a script should know of how a workflow stands.

    Args:
        workflow: As stored.
        stages: Its stages in order.
        job_stages: Those whose failure is the service's.
        verdict: The code of what it has come to; None while it has come to nothing.
    """
    from ...store.workflows import StageState, WorkflowState
    from ...workflows.decide import stopped_by_limit

    failed = next((stage for stage in stages if stage.state is StageState.FAILED), None)
    if failed is not None:
        if stopped_by_limit(workflow, failed):
            return EXIT_LIMIT
        return EXIT_JOB_FAILED if failed.name in job_stages else 1
    code = verdict()
    if code is not None:
        return code
    return 1 if workflow.state is WorkflowState.CANCELLED else EXIT_STILL_RUNNING


def stage_line(stage: Stage) -> str:
    """How far a stage is."""
    row = stage_row(stage)
    progress = f" {row['progress']}" if row["progress"] else ""
    spent = f", ${stage.spend:,.4f}" if stage.spend else ""
    taken = f", taken over from {stage.reused_from}" if stage.reused_from is not None else ""
    trouble = f": {stage.problem.what}" if stage.problem is not None else ""
    return f"{stage.name}: {stage.state.value}{progress}{spent}{taken}{trouble}"


def _tell(context: Context, told: dict[str, str], stages: Sequence[Stage]) -> None:
    """One line for each change of a stage's state; how far it is, on a terminal only."""
    for stage in stages:
        if stage.began_at is None and not stage.question:
            continue
        line = stage_line(stage)
        state = f"{stage.state} {stage.problem.what if stage.problem else ''}"
        if told.get(stage.name, "").partition("\n")[0] != state:
            context.say(line)
        elif context.err.isatty() and told[stage.name] != f"{state}\n{line}":
            context.err.write(f"\r{clean(line)}\x1b[K\r")
            context.err.flush()
        told[stage.name] = f"{state}\n{line}"
