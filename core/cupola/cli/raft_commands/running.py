"""The verbs that start one and follow it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, Session, session_of, store_of
from ..output import emit, emit_one
from ..text import clean
from .reading import emit_points, workflow_row
from .settings import stored

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow
    from ...workflows.distil.estimate import StageEstimate
    from ...workflows.raft.definition import Raft

EXIT_JOB_FAILED, EXIT_WORSE, EXIT_INCONCLUSIVE, EXIT_STILL_RUNNING, EXIT_LIMIT = 5, 6, 7, 8, 9
_LOOK_SECONDS = 0.3
_MADE_STAGES = ("ask", "answer")


def run(options: argparse.Namespace, context: Context) -> int:
    """Say what it takes, ask once, start it, and follow it."""
    from ...store.workflows import Gates
    from ...workflows.raft.start import start
    from ...workflows.raft.steps import RAFT, RAFT_DATA
    from ..distill_commands.running import hand_over

    session = _session(options, context)
    with store_of(context, session.profile) as database:
        definition = stored(database, options)
        _say_estimate(options, context, database, definition)
        if options.dry_run:
            return 0
        if options.offline:
            raise UsageError("This cannot be done offline.")
        where = clean(session.profile.endpoint or "no endpoint")
        what = "Train on" if options.whole else "Write training rows of"
        context.confirm(f"{what} {clean(definition.name)} with {where}?", options.yes)
        made = start(
            database,
            definition,
            RAFT if options.whole else RAFT_DATA,
            context.paths.profile_directory(session.profile.name) / "workflows",
            time.time(),
            soft=options.ask_from,
            hard=options.max_cost,
            gates=Gates.EACH if options.each else Gates.ONCE,
        )
        context.say(f"Workflow {made} goes on without you: it is safe to close this.")
        hand_over(session, context)
        if options.detach:
            context.say(f"See it with `cupola raft watch {made}`.")
            return 0
        return followed(options, context, database, made)


def plan(options: argparse.Namespace, context: Context) -> int:
    """Print what each stage would cost."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        _say_estimate(options, context, database, stored(database, options))
    return 0


def watch(options: argparse.Namespace, context: Context) -> int:
    """Follow one until it ends or asks something."""
    from .reading import find

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        return followed(options, context, database, find(database, options.workflow).id)


def followed(options: argparse.Namespace, context: Context, database: Database, workflow_id: int) -> int:
    """Tell how it goes until it ends or asks something; print the curve, and return the exit code."""
    from ...store import workflows
    from ...store.workflows import WorkflowState
    from .reading import find

    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    told: dict[str, str] = {}
    while (workflow := find(database, workflow_id)).state is WorkflowState.RUNNING:
        _tell(context, told, workflows.stages(database, workflow_id))
        if deadline is not None and time.monotonic() > deadline:
            return EXIT_STILL_RUNNING
        time.sleep(_LOOK_SECONDS)
    stages = workflows.stages(database, workflow_id)
    _tell(context, told, stages)
    _say_end(context, workflow, stages)
    curve = _outputs(stages, "curve")
    if curve:
        emit_points(options, context, curve["points"])
    else:
        emit_one(options, context.out, "cupola.raft/1", workflow_row(workflow, stages), None, hidden=("as_of",))
    return exit_code(workflow, stages)


def exit_code(workflow: Workflow, stages: Sequence[Stage]) -> int:
    """What a script should know: how the tuned model stands to the base among the most distractors."""
    from ...store.workflows import StageState, WorkflowState
    from ...workflows.decide import stopped_by_limit

    failed = next((stage for stage in stages if stage.state is StageState.FAILED), None)
    if failed is not None:
        if stopped_by_limit(workflow, failed):
            return EXIT_LIMIT
        return EXIT_JOB_FAILED if failed.name == "watch" else 1
    if workflow.state is WorkflowState.CANCELLED:
        return 1
    curve = _outputs(stages, "curve")
    if not curve:
        return 0 if workflow.state is WorkflowState.DONE else EXIT_STILL_RUNNING
    with_documents = [
        one for one in curve["verdicts"] if one["what"] == "Tuned against base" and one["distractors"] is not None
    ]
    word = max(with_documents, key=lambda one: int(one["distractors"]))["word"]
    return {"better": 0, "worse": EXIT_WORSE}.get(word, EXIT_INCONCLUSIVE)


def _say_end(context: Context, workflow: Workflow, stages: Sequence[Stage]) -> None:
    filtered = _outputs(stages, "filter")
    if filtered:
        fates = ", ".join(f"{count:,} {fate}" for fate, count in filtered["fates"].items())
        context.say(f"Questions: {fates}. Training file: {filtered['train']['path']}")
    for sentence in _outputs(stages, "curve").get("sentences", ()):
        context.say(sentence)
    for stage in stages:
        if stage.question:
            verb = f"clean {workflow.id}" if stage.name == "clean-up" else f"resume {workflow.id} -y"
            context.say(f"{stage.name} asks: {stage.question} Answer with `cupola raft {verb}`.")
    if workflow.problem is not None:
        problem = workflow.problem
        context.say(f"cupola: {problem.what} {problem.why} {problem.remedy}".rstrip())


def _outputs(stages: Sequence[Stage], name: str) -> Mapping[str, Any]:
    return next((stage.outputs for stage in stages if stage.name == name), {})


def _tell(context: Context, told: dict[str, str], stages: Sequence[Stage]) -> None:
    """One line for each change of a stage's state."""
    from ..distill_commands.running import stage_line

    for stage in stages:
        state = f"{stage.state} {stage.problem.what if stage.problem else ''}"
        if (stage.began_at is not None or stage.question) and told.get(stage.name) != state:
            context.say(stage_line(stage))
            told[stage.name] = state


def _say_estimate(options: argparse.Namespace, context: Context, database: Database, definition: Raft) -> None:
    from ...workflows.raft.estimate import estimate_whole

    stages = [one for one in estimate_whole(database, definition).stages if options.whole or one.name in _MADE_STAGES]
    low, highs = sum(one.takes.low for one in stages), [one.takes.high for one in stages]
    known = sum(high for high in highs if high is not None)
    most = "an amount that cannot be bounded" if None in highs else f"${known:,.2f}"
    bound = "" if options.max_cost is None else f" It stops before ${options.max_cost:,.2f}."
    calls = sum(one.calls for one in stages)
    jobs = " and one training job" if options.whole else ""
    context.say(f"{clean(definition.name)}: {calls:,} calls{jobs}, ${low:,.2f} to {most}.{bound}")
    # `plan` has no such flag: it prints and does no more.
    if getattr(options, "dry_run", True):
        shown = ("stage", "calls", "low", "high", "basis")
        emit(options, context.out, "cupola.estimate/1", map(_row, stages), shown, None)


def _row(one: StageEstimate) -> dict[str, Any]:
    return {
        "stage": one.name,
        "calls": one.calls or None,
        "low": round(one.takes.low, 4),
        "high": None if one.takes.high is None else round(one.takes.high, 4),
        "basis": one.takes.words,
    }


def _session(options: argparse.Namespace, context: Context) -> Session:
    if not options.demo:
        return session_of(context, options.profile)
    from ..demo import setup
    from ..distill_commands.demo import check_profile

    check_profile(options.profile)
    return setup.start_services(context, options.speed)
