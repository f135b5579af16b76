"""The verb that tests checkpoints on held-out items, and what such a test has come to."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context
from ..output import emit, emit_one
from ..text import clean
from ..workflow_commands.estimates import in_words, print_estimate
from ..workflow_commands.following import EXIT_INCONCLUSIVE, exit_code_of, started
from ..workflow_commands.noun import Noun, outputs
from .subject import opened

if TYPE_CHECKING:
    from ...models import Job
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow
    from ...workflows.checkpoint_test.definition import CheckpointTest

_SERVICE_STAGES = ("deploy", "benchmark", "regrade", "verdict", "clean-up")
"""A failure of any of them ends with exit code 5."""
_REGRADED_SHOWN = ("step", "mean", "low", "high", "graded", "own_mean")
_ROWS_SHOWN = ("arm", "score", "low", "high", "pass_rate", "judged", "verdict", "difference", "p")


def test(options: argparse.Namespace, context: Context) -> int:
    """Say what it takes, ask once, start it, and follow it."""
    from ...workflows.checkpoint_test.of_job import store_rows
    from ...workflows.checkpoint_test.start import start

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
        return started(TESTS, options, context, subject.session, database, made)


def print_one(options: argparse.Namespace, context: Context, workflow: Workflow, stages: Sequence[Stage]) -> None:
    """Print a test: as JSON whole, else its leaderboard, or where it stands while there is none."""
    verdict, row = outputs(stages, "verdict"), TESTS.row(workflow, stages)
    if options.output in ("json", "jsonl") or options.query or not verdict:
        whole = {**row, "verdict": dict(verdict) or None}
        emit_one(options, context.out, TESTS.schema, whole, None, hidden=("as_of", "verdict"))
    else:
        second = workflow.kind == "regrade"
        schema = "cupola.regraded-row/1" if second else "cupola.checkpoint-test-row/1"
        emit(options, context.out, schema, verdict["rows"], _REGRADED_SHOWN if second else _ROWS_SHOWN, None)


def exit_code(workflow: Workflow, stages: Sequence[Stage]) -> int:
    """What a script should know: whether a step is shown to be better than what it is held against."""
    from ...store.workflows import WorkflowState

    def verdict() -> int | None:
        found = outputs(stages, "verdict")
        if not found or workflow.state is WorkflowState.CANCELLED:
            return None
        # A second grading settles nothing that could be left open.
        return 0 if found.get("settled", True) else EXIT_INCONCLUSIVE

    return exit_code_of(workflow, stages, _SERVICE_STAGES, verdict)


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
    hosted: dict[str, Any] = {"sku": options.tier, "fuse_seconds": _fuse(options.fuse)}
    hosted |= {} if options.capacity is None else {"capacity": options.capacity}
    return checked(replace(found, **hosted, remove_at_once=options.remove)), rows


def _fuse(text: str) -> float | None:
    """Seconds; a bare number is hours."""
    from ...deployments.durations import parse_duration

    return parse_duration(f"{text}h" if text.replace(".", "", 1).isdecimal() else text)


def _own(workflow: Workflow, stages: Sequence[Stage]) -> Mapping[str, Any]:
    verdict = outputs(stages, "verdict")
    return {"headline": verdict["headline"] if verdict else None}


def _end(options: argparse.Namespace, context: Context, workflow: Workflow, stages: Sequence[Stage]) -> int:
    for sentence in outputs(stages, "verdict").get("sentences", ()):
        context.say(clean(sentence))
    print_one(options, context, workflow, stages)
    return exit_code(workflow, stages)


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
    what = f" and {len(definition.checkpoints)} deployments"
    context.say(in_words(definition.name, what, takes, options.max_cost))
    if options.dry_run:
        print_estimate(options, context, takes)


TESTS = Noun(
    word="checkpoint",
    kinds=("checkpoint-test", "regrade"),
    thing="Workflow",
    listing="tests",
    called_off="What it deployed is removed.",
    schema="cupola.checkpoint-test/1",
    shown=("id", "name", "kind", "state", "stage", "spent", "limit", "headline"),
    own=_own,
    end=_end,
)
