"""The verbs that start a distillation and follow it."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..context import Context, Session, session_of, store_of
from ..output import emit, emit_one
from ..text import clean
from .reading import stage_row, workflow_row
from .settings import stored

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow
    from ...workflows.distil.definition import Distillation
    from ...workflows.distil.estimate import WholeEstimate

EXIT_JOB_FAILED, EXIT_WORSE, EXIT_INCONCLUSIVE, EXIT_STILL_RUNNING, EXIT_LIMIT = 5, 6, 7, 8, 9
_LOOK_SECONDS = 0.3
_JOB_STAGES = ("watch",)


def run(options: argparse.Namespace, context: Context) -> int:
    """Say what it takes, ask once, start it, and follow it."""
    from ...store.workflows import Gates
    from ...workflows.distil.estimate import estimate_whole
    from ...workflows.distil.start import start

    session = _session(options, context)
    with store_of(context, session.profile) as database:
        definition = stored(database, options)
        takes = estimate_whole(database, definition)
        context.say(in_words(definition, takes, options.max_cost))
        if options.dry_run:
            _print_estimate(options, context, takes)
            return 0
        if options.offline:
            raise UsageError("A distillation cannot be run offline.")
        where = clean(session.profile.endpoint or "no endpoint")
        context.confirm(f"Distil {clean(definition.name)} against {where}?", options.yes)
        made = start(
            database,
            definition,
            context.paths.profile_directory(session.profile.name) / "workflows",
            time.time(),
            soft=options.ask_from,
            hard=options.max_cost,
            gates=Gates.EACH if options.each else Gates.ONCE,
        )
        context.say(f"Distillation {made} goes on without you: it is safe to close this.")
        hand_over(session, context)
        if options.detach:
            context.say(f"See it with `cupola distill watch {made}`.")
            return 0
        return followed(options, context, database, made)


def plan(options: argparse.Namespace, context: Context) -> int:
    """Print what each stage would cost."""
    from ...workflows.distil.estimate import estimate_whole

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        definition = stored(database, options)
        takes = estimate_whole(database, definition)
        context.say(in_words(definition, takes, options.max_cost))
        _print_estimate(options, context, takes)
    return 0


def watch(options: argparse.Namespace, context: Context) -> int:
    """Follow one until it ends or asks something."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        return followed(options, context, database, options.workflow)


def hand_over(session: Session, context: Context) -> None:
    """See to it that a worker runs."""
    from ...worker import process

    process.start(session.profile, session.environment, context.paths)


def in_words(definition: Distillation, takes: WholeEstimate, hard: float | None) -> str:
    """An estimate as a sentence or two."""
    most = "an amount that cannot be bounded" if takes.high is None else f"${takes.high:,.2f}"
    bound = "" if hard is None else f" It stops before ${hard:,.2f}."
    unknown = [one.takes.words for one in takes.stages if one.takes.high is None and one.takes.words]
    notes = " ".join(dict.fromkeys(unknown))
    return (
        f"{clean(definition.name)}: {sum(one.calls for one in takes.stages):,} calls and one training job,"
        f" ${takes.low:,.2f} to {most}.{bound} {notes}".rstrip()
    )


def followed(options: argparse.Namespace, context: Context, database: Database, workflow_id: int) -> int:
    """Tell how a workflow goes until it ends or asks something; print it, and return the exit code."""
    from ...store import workflows
    from ...store.workflows import WorkflowState
    from ...workflows.control import find

    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    told: dict[str, str] = {}
    while (workflow := find(database, workflow_id)).state is WorkflowState.RUNNING:
        for stage in workflows.stages(database, workflow_id):
            _tell(context, told, stage)
        if deadline is not None and time.monotonic() > deadline:
            return EXIT_STILL_RUNNING
        time.sleep(_LOOK_SECONDS)
    stages = workflows.stages(database, workflow_id)
    for stage in stages:
        _tell(context, told, stage)
    verdict = next((stage.outputs for stage in stages if stage.name == "verdict" and stage.outputs), None)
    for sentence in verdict["sentences"] if verdict else ():
        context.say(sentence)
    for stage in stages:
        if stage.question:
            context.say(f"{stage.name} asks: {stage.question} Answer with `cupola distill {_verb(stage)}`.")
    if workflow.problem is not None:
        problem = workflow.problem
        context.say(f"cupola: {problem.what} {problem.why} {problem.remedy}".rstrip())
    emit_one(options, context.out, "cupola.distillation/1", workflow_row(workflow, stages), None, hidden=("as_of",))
    return exit_code(workflow, stages)


def exit_code(workflow: Workflow, stages: list[Stage]) -> int:
    """What a script should know of how a workflow stands."""
    from ...store.workflows import StageState, WorkflowState
    from ...workflows.decide import stopped_by_limit

    failed = next((stage for stage in stages if stage.state is StageState.FAILED), None)
    if failed is not None:
        if stopped_by_limit(workflow, failed):
            return EXIT_LIMIT
        return EXIT_JOB_FAILED if failed.name in _JOB_STAGES else 1
    verdict = next((stage.outputs for stage in stages if stage.name == "verdict" and stage.outputs), None)
    if verdict is None:
        return 1 if workflow.state is WorkflowState.CANCELLED else EXIT_STILL_RUNNING
    word = verdict["to_teacher"]["word"]
    if word == "worse":
        return EXIT_WORSE
    return 0 if word in ("better", "not inferior", "same within the margin") else EXIT_INCONCLUSIVE


def _verb(stage: Stage) -> str:
    return f"clean {stage.workflow}" if stage.name == "clean-up" else f"resume {stage.workflow} -y"


def _tell(context: Context, told: dict[str, str], stage: Stage) -> None:
    """One line for each change of a stage's state; how far it is, on a terminal only."""
    line = stage_line(stage)
    state = f"{stage.state} {stage.problem.what if stage.problem else ''}"
    if stage.began_at is None and not stage.question:
        return
    if told.get(stage.name, "").partition("\n")[0] != state:
        context.say(line)
    elif context.err.isatty() and told[stage.name] != f"{state}\n{line}":
        context.err.write(f"\r{clean(line)}\x1b[K\r")
        context.err.flush()
    told[stage.name] = f"{state}\n{line}"


def stage_line(stage: Stage) -> str:
    """How far a stage is."""
    row = stage_row(stage)
    progress = f" {row['progress']}" if row["progress"] else ""
    spent = f", ${stage.spend:,.4f}" if stage.spend else ""
    taken = f", taken over from {stage.reused_from}" if stage.reused_from is not None else ""
    trouble = f": {stage.problem.what}" if stage.problem is not None else ""
    return f"{stage.name}: {stage.state.value}{progress}{spent}{taken}{trouble}"


def _session(options: argparse.Namespace, context: Context) -> Session:
    if not options.demo:
        return session_of(context, options.profile)
    from ..demo import setup
    from .demo import check_profile

    check_profile(options.profile)
    return setup.start_services(context, options.speed)


def _print_estimate(options: argparse.Namespace, context: Context, takes: WholeEstimate) -> None:
    rows = [
        {
            "stage": one.name,
            "calls": one.calls or None,
            "usd_low": round(one.takes.low, 4),
            "usd_high": None if one.takes.high is None else round(one.takes.high, 4),
            "basis": one.takes.words,
        }
        for one in takes.stages
    ]
    emit(options, context.out, "cupola.estimate/1", rows, ("stage", "calls", "usd_low", "usd_high", "basis"), None)
