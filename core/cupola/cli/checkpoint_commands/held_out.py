"""The verb that tests checkpoints on held-out items, and the one that follows such a test."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit, emit_one
from ..text import clean
from .steering import find, workflow_row
from .subject import opened

if TYPE_CHECKING:
    from ...models import Job
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow
    from ...workflows.checkpoint_test.definition import CheckpointTest
    from ...workflows.distil.estimate import StageEstimate

EXIT_FAILED, EXIT_INCONCLUSIVE, EXIT_STILL_RUNNING, EXIT_LIMIT = 5, 7, 8, 9
_LOOK_SECONDS = 0.3
_ROWS_SHOWN = ("arm", "score", "low", "high", "pass_rate", "judged", "verdict", "difference", "p")


def test(options: argparse.Namespace, context: Context) -> int:
    """Say what it takes, ask once, start it, and follow it."""
    from ...workflows.checkpoint_test.of_job import store_rows
    from ...workflows.checkpoint_test.start import start
    from ..distill_commands.running import hand_over

    with opened(options, context) as subject:
        database = subject.database
        if subject.job is None:
            raise UsageError("An evaluation has no checkpoints.", remedy="Name a job.")
        definition, rows = _definition(database, subject.job, options)
        _say_estimate(options, context, database, definition, rows)
        if options.dry_run:
            return subject.code
        if options.offline:
            raise UsageError("Checkpoints cannot be tested offline.")
        where = clean(subject.session.profile.endpoint or "no endpoint")
        steps = ", ".join(str(one.step) for one in definition.checkpoints)
        context.confirm(f"Deploy and test steps {steps} of {clean(definition.name)} at {where}?", options.yes)
        if rows is not None:
            store_rows(database, definition, rows, time.time())
        made = start(database, definition, time.time(), hard=options.max_cost)
        context.say(f"Checkpoint test {made} goes on without you: it is safe to close this.")
        hand_over(subject.session, context)
        if options.detach:
            context.say(f"See it with `cupola checkpoint watch {made}`.")
            return 0
        return followed(options, context, database, made)


def watch(options: argparse.Namespace, context: Context) -> int:
    """Follow one until it ends or asks something."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        return followed(options, context, database, find(database, options.workflow).id)


def followed(options: argparse.Namespace, context: Context, database: Database, workflow_id: int) -> int:
    """Tell how it goes until it ends or asks something; print the leaderboard, and return the exit code."""
    from ...store import workflows
    from ...store.workflows import WorkflowState

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
    print_one(options, context, workflow, stages)
    return exit_code(workflow, stages)


def print_one(options: argparse.Namespace, context: Context, workflow: Workflow, stages: Sequence[Stage]) -> None:
    """Print a test: as JSON whole, else its leaderboard, or where it stands while there is none."""
    verdict = verdict_of(stages)
    row = workflow_row(workflow, stages)
    if options.output in ("json", "jsonl") or options.query or not verdict:
        whole = {**row, "verdict": dict(verdict) or None}
        emit_one(options, context.out, "cupola.checkpoint-test/1", whole, None, hidden=("as_of", "verdict"))
    else:
        emit(options, context.out, "cupola.checkpoint-test-row/1", verdict["rows"], _ROWS_SHOWN, None)


def exit_code(workflow: Workflow, stages: Sequence[Stage]) -> int:
    """What a script should know: whether a step is shown to be better than what it is held against."""
    from ...store.workflows import StageState, WorkflowState
    from ...workflows.decide import stopped_by_limit

    failed = next((stage for stage in stages if stage.state is StageState.FAILED), None)
    if failed is not None:
        return EXIT_LIMIT if stopped_by_limit(workflow, failed) else EXIT_FAILED
    if workflow.state is WorkflowState.CANCELLED:
        return 1
    verdict = verdict_of(stages)
    if not verdict:
        return EXIT_STILL_RUNNING
    return 0 if verdict["settled"] else EXIT_INCONCLUSIVE


def verdict_of(stages: Sequence[Stage]) -> Mapping[str, Any]:
    """What the test has come to; empty while it has not."""
    return next((stage.outputs for stage in stages if stage.name == "verdict"), {})


def _definition(
    database: Database, job: Job, options: argparse.Namespace
) -> tuple[CheckpointTest, Sequence[str] | None]:
    """What the flags describe, and the rows that are not stored yet."""
    from dataclasses import replace

    from ...workflows.checkpoint_test import of_job
    from ...workflows.checkpoint_test.definition import checked

    steps, base = options.steps or (), options.base or ""
    rows: Sequence[str] | None = None
    if options.benchmark:
        found = of_job.on_benchmark(database, job, steps, options.benchmark, base)
    elif options.data is None:
        raise UsageError("On what shall they be tested?", remedy="Give --benchmark NAME or --data FILE.")
    else:
        found, rows = of_job.on_rows(database, job, steps, options.data, base)
    hosted = {"sku": options.tier, "capacity": options.capacity, "fuse_seconds": _fuse(options.fuse)}
    return checked(replace(found, **hosted, remove_at_once=options.remove)), rows


def _fuse(text: str) -> float | None:
    """Seconds; a bare number is hours."""
    from ...deployments.durations import parse_duration

    return parse_duration(f"{text}h" if text.replace(".", "", 1).isdecimal() else text)


def _say_end(context: Context, workflow: Workflow, stages: Sequence[Stage]) -> None:
    for sentence in verdict_of(stages).get("sentences", ()):
        context.say(clean(sentence))
    for stage in stages:
        if stage.question:
            verb = f"clean {workflow.id}" if stage.name == "clean-up" else f"resume {workflow.id} -y"
            context.say(f"{stage.name} asks: {stage.question} Answer with `cupola checkpoint {verb}`.")
    if workflow.problem is not None:
        problem = workflow.problem
        context.say(f"cupola: {problem.what} {problem.why} {problem.remedy}".rstrip())


def _tell(context: Context, told: dict[str, str], stages: Sequence[Stage]) -> None:
    """One line for each change of a stage's state."""
    from ..distill_commands.running import stage_line

    for stage in stages:
        state = f"{stage.state} {stage.problem.what if stage.problem else ''}"
        if (stage.began_at is not None or stage.question) and told.get(stage.name) != state:
            context.say(stage_line(stage))
            told[stage.name] = state


def _say_estimate(
    options: argparse.Namespace,
    context: Context,
    database: Database,
    definition: CheckpointTest,
    rows: Sequence[str] | None,
) -> None:
    from ...workflows.checkpoint_test.start import estimate_whole, warnings

    for warning in warnings(database, definition):
        context.say(f"warning: {warning}")
    takes = estimate_whole(database, definition, rows)
    most = "an amount that cannot be bounded" if takes.high is None else f"${takes.high:,.2f}"
    bound = "" if options.max_cost is None else f" It stops before ${options.max_cost:,.2f}."
    calls = sum(one.calls for one in takes.stages)
    count = len(definition.checkpoints)
    context.say(f"{clean(definition.name)}: {count} deployments, {calls:,} calls, ${takes.low:,.2f} to {most}.{bound}")
    if options.dry_run:
        shown = ("stage", "calls", "low", "high", "basis")
        emit(options, context.out, "cupola.estimate/1", map(_estimate_row, takes.stages), shown, None)


def _estimate_row(one: StageEstimate) -> dict[str, Any]:
    return {
        "stage": one.name,
        "calls": one.calls or None,
        "low": round(one.takes.low, 4),
        "high": None if one.takes.high is None else round(one.takes.high, 4),
        "basis": one.takes.words,
    }
