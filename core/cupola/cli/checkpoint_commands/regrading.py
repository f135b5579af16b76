"""The verb that shows stored answers to another grader."""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context
from ..grading_estimate import in_words, print_estimates
from ..output import emit
from ..text import clean
from ..workflow_commands.following import hand_over
from .subject import Subject, opened

if TYPE_CHECKING:
    from ...benchmarks.definition import GraderUse
    from ...errors import CupolaError
    from ...training.auto_evals import AutoEvals
    from ...training.regrade_cost import RegradeEstimate
    from ...training.regrading import SecondSeries, ToRegrade

_COLUMNS = ("step", "mean", "low", "high", "graded", "own_mean", "grader")


def regrade(options: argparse.Namespace, context: Context) -> int:
    """Show stored answers to a grader and print what it makes of every step, beside the job's own rewards."""
    from ...benchmarks.files import read_grader
    from ...training.regrade_cost import estimate_regrading
    from ...training.regrading import second_series, to_regrade

    use = read_grader(options.grader) if options.grader else None
    with opened(options, context) as subject:
        evals = subject.evals()
        stopped = None
        if use is not None:
            todo = to_regrade(subject.database, evals, use, options.steps, options.sample)
            takes = estimate_regrading(subject.database, use, todo)
            if options.dry_run:
                print_estimates(options, context, [(use, takes)])
                return subject.code
            _agree(options, context, use, takes)
            if options.detach:
                return _left_to_worker(options, context, subject)
            stopped = _graded(options, context, subject, use, todo)
        found = second_series(subject.database, subject.owner, evals)
        if use is not None:
            found = tuple(one for one in found if one.grader.hash == use.hash)
        rows = [row for one in found for row in _rows(evals, one)]
        emit(options, context.out, "cupola.regraded-step/1", rows, _COLUMNS, None)
        _say_disagreement(context, evals, found)
        if stopped is not None:
            context.say(f"cupola: {stopped}")
            return stopped.exit_code
        return subject.code


def _agree(options: argparse.Namespace, context: Context, use: GraderUse, takes: RegradeEstimate) -> None:
    """Ask before a model is asked."""
    if not takes.judges or not takes.calls.high:
        return
    if options.offline:
        raise UsageError("A grader that asks a model cannot be asked offline.")
    context.say(in_words(use, takes, options.max_cost))
    context.confirm(f"Show {takes.answers:,} stored answers to {clean(use.name)}?", options.yes)


def _left_to_worker(options: argparse.Namespace, context: Context, subject: Subject) -> int:
    """Start it as a workflow and return."""
    from ...benchmarks.files import read_grader
    from ...workflows.regrade.definition import Regrading
    from ...workflows.regrade.start import start

    if options.offline:
        raise UsageError("The worker asks the service; nothing can be left to it offline.")
    name = subject.job.name if subject.job is not None else subject.owner
    definition = Regrading(
        name, subject.owner, read_grader(options.grader).definition, tuple(options.steps or ()), options.sample
    )
    made = start(subject.database, definition, time.time(), hard=options.max_cost)
    hand_over(subject.session, context)
    context.say(f"Workflow {made} goes on without you. See it with `cupola checkpoint watch {made}`.")
    return 0


def _graded(
    options: argparse.Namespace, context: Context, subject: Subject, use: GraderUse, todo: list[ToRegrade]
) -> CupolaError | None:
    if not todo:
        context.say(f"{clean(use.name)} has judged these answers already.")
        return None
    return asyncio.run(_regraded(options, subject, use, todo))


async def _regraded(
    options: argparse.Namespace, subject: Subject, use: GraderUse, todo: list[ToRegrade]
) -> CupolaError | None:
    from ...azure.chat import open_chat
    from ...azure.credentials import find_credential
    from ...benchmarks.start import grading_room, post_to_endpoint
    from ...graders import PythonSandbox
    from ...training.regrading import no_model, regrade

    session, database = subject.session, subject.database
    with PythonSandbox(workers=2) as sandbox:
        if not use.judges:
            room = grading_room(database, no_model, sandbox, 0.0, post=post_to_endpoint)
            return await regrade(room, database, subject.owner, use, todo)
        credential = find_credential(session.profile, session.environment)
        async with open_chat(session.profile, credential, transport=session.transport) as chat:
            room = grading_room(database, chat.ask, sandbox, options.max_cost, post=post_to_endpoint)
            return await regrade(room, database, subject.owner, use, todo)


def _rows(evals: AutoEvals, series: SecondSeries) -> list[dict[str, Any]]:
    from ...training.auto_evals import summaries

    own = [summary.mean.value if summary.mean else None for summary in summaries(evals)]
    rows = []
    for row, (mean, share) in enumerate(zip(series.means, series.shares, strict=True)):
        if mean is None:
            continue
        rows.append(
            {
                "step": evals.steps[row],
                "run": evals.runs[row].id,
                "mean": mean.value,
                "low": _finite(mean.interval.low),
                "high": _finite(mean.interval.high),
                "graded": round(share * len(evals.keys)),
                "items": len(evals.keys),
                "own_mean": own[row],
                "grader": series.grader.name,
                "hash": series.grader.hash,
            }
        )
    return rows


def _say_disagreement(context: Context, evals: AutoEvals, found: tuple[SecondSeries, ...]) -> None:
    from ...training.reward_watches import disagreement

    for one in found:
        alarm = disagreement(evals, one.rewards, one.grader.name)
        if alarm is not None:
            context.say(f"{alarm.sentence}. {alarm.remedy}")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
