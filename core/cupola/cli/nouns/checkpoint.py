"""Checkpoints of reinforcement jobs and their auto-evals."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...statistics.estimates import Estimate
from ...store import checkpoints, health
from ...store.database import Database
from ...training import stored_evals
from ...training.auto_evals import AutoEvals, StepSummary, summaries
from ...training.checkpoint_choice import Choice, Keeping, choose, gain_over_base, keeping, sentences
from ...training.step_changes import Change, changes, compare_steps, counted
from ..checkpoint_commands import opening, regrading, test_verbs, watching
from ..checkpoint_commands.subject import Subject, opened
from ..context import Context
from ..dataset_commands.arguments import positive
from ..output import emit
from ..text import clean

_LIST_COLUMNS = ("step", "best", "deployable", "mean", "low", "high", "pass_rate", "tokens", "model")
_EVAL_COLUMNS = ("step", "best", "mean", "low", "high", "pass_rate", "tokens", "judged", "error", "missing")
_DIFF_COLUMNS = ("kind", "flipped", "before", "after", "asked", "answer_before", "answer_after")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    for name, run, about in (
        ("list", list_, "its checkpoints with what their auto-evals say, and which to keep"),
        ("evals", evals_, "every validation pass, the base model's included, with what became of all items"),
        ("diff", diff, "two steps held against each other item by item, flips first"),
        ("watches", watching.watches, "what the watches see: gamed rewards, a wrong learning rate, a checkpoint lost"),
        ("regrade", regrading.regrade, "show the stored answers to another grader, without sampling again"),
    ):
        verb = verbs.add_parser(name, parents=[common], help=about)
        verb.add_argument("job", help=_OF_JOB if name in ("list", "watches") else f"{_OF_JOB}; or an evaluation's id")
        verb.set_defaults(run=run)
        if name == "diff":
            verb.add_argument("--from", type=int, dest="first", metavar="STEP", help="default: the first")
            verb.add_argument("--to", type=int, dest="second", metavar="STEP", help="default: the best")
            verb.add_argument("--only", choices=("flips", "gained", "lost", "same", "unpaired"))
        if name == "regrade":
            _add_regrade(verb)
    open_ = verbs.add_parser("open", parents=[common], help="fetch any evaluation of the service, whoever made it")
    open_.add_argument("evaluation", help="its id, eval_...")
    open_.set_defaults(run=opening.open_)
    import_ = verbs.add_parser("import", parents=[common], help="read an evaluation's downloaded JSON or JSON Lines")
    import_.add_argument("file", type=Path)
    import_.set_defaults(run=opening.import_)
    test_verbs.add(verbs, common, _OF_JOB)


_OF_JOB = "its id, the beginning of its id, or its suffix (the newest of that name)"


def _add_regrade(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--grader", type=Path, metavar="JSON", help="left out: print what earlier ones made of it")
    verb.add_argument("--steps", type=int, nargs="+", metavar="STEP", help="only these")
    verb.add_argument("--sample", type=positive, metavar="ITEMS", help="at most so many items of a step, the same ones")
    verb.add_argument("--max-cost", type=float, metavar="USD", help="stop before more than this is spent")
    verb.add_argument("--dry-run", action="store_true", help="print what it would take, and ask nobody")
    verb.add_argument("--detach", action="store_true", help="leave it to the worker and return")
    verb.add_argument("-y", "--yes", action="store_true", help="do not ask")


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print a job's checkpoints."""
    with opened(options, context) as subject:
        database, code, job = subject.database, subject.code, subject.job
        if job is None:
            raise UsageError("An evaluation has no checkpoints.", remedy="`cupola checkpoint evals` shows its runs.")
        known = checkpoints.of_job(database, job.id)
        evals = stored_evals.read(database, job)
        view = _View.of(evals, keeping(job, known)) if evals else None
        rows = [
            {
                **(view.row(checkpoint.step) if view else {"step": checkpoint.step}),
                "deployable": deployable,
                "next_to_go": view is not None and checkpoint.step == view.kept.next_to_go,
                "model": checkpoint.model,
                "id": checkpoint.id,
                "created_at": checkpoint.created_at,
                "metrics": dict(checkpoint.metrics),
            }
            for checkpoint, deployable in known
        ]
        emit(
            options, context.out, "cupola.evaluated-checkpoint/1", rows, _LIST_COLUMNS, health.get(database).checked_at
        )
        if view:
            view.say(context)
    return code


def evals_(options: argparse.Namespace, context: Context) -> int:
    """Print a job's validation passes."""
    with opened(options, context) as subject:
        database, code, evals = subject.database, subject.code, subject.evals()
        view = _View.of(evals, _keeping(subject))
        rows = [
            {
                **view.row(step),
                "name": clean(run.name),
                "run": run.id,
                "eval": run.eval_id,
                "run_raw": json.loads(run.raw),
            }
            for step, run in zip(evals.steps, evals.runs, strict=True)
        ]
        emit(options, context.out, "cupola.auto-eval/1", rows, _EVAL_COLUMNS, health.get(database).checked_at)
        view.say(context)
    return code


def diff(options: argparse.Namespace, context: Context) -> int:
    """Print what changed from one step to another."""
    with opened(options, context) as subject:
        database, code, evals = subject.database, subject.code, subject.evals()
        choice = choose(evals, summaries(evals))
        first = evals.steps[0] if options.first is None else options.first
        best = choice.best if choice else evals.steps[-1]
        second = best if options.second is None else options.second
        before, after = _row_of(evals, first), _row_of(evals, second)
        every = changes(evals, before, after)
        shown = [
            change
            for change in every
            if options.only is None or (change.flipped if options.only == "flips" else change.kind == options.only)
        ]
        rows = [_change_row(database, evals, change, before, after) for change in shown]
        emit(options, context.out, "cupola.step-change/1", rows, _DIFF_COLUMNS, health.get(database).checked_at)
        _say_difference(context, evals, every, before, after)
    return code


def _keeping(subject: Subject) -> Keeping:
    if subject.job is None:
        return Keeping(frozenset(), frozenset(), None)
    return keeping(subject.job, checkpoints.of_job(subject.database, subject.job.id))


def _row_of(evals: AutoEvals, step: int) -> int:
    row = evals.row_of(step)
    if row is None:
        known = ", ".join(map(str, evals.steps))
        raise UsageError(f"No validation pass at step {step} is known.", f"There are passes at: {known}.")
    return row


@dataclass(frozen=True, slots=True)
class _View:
    """A job's validation passes with what is made of them."""

    evals: AutoEvals
    summaries: tuple[StepSummary, ...]
    choice: Choice | None
    kept: Keeping

    @staticmethod
    def of(evals: AutoEvals, kept: Keeping) -> _View:
        summarised = summaries(evals)
        return _View(evals, summarised, choose(evals, summarised), kept)

    def row(self, step: int) -> dict[str, Any]:
        """What is known of a step, for JSON: numbers that do not exist are null."""
        summary = next((one for one in self.summaries if one.step == step), None)
        if summary is None:
            return {"step": step, "best": False, "cannot_be_told_from_highest": False}
        counts = summary.counts
        return {
            "step": step,
            "best": self.choice is not None and step == self.choice.best,
            "cannot_be_told_from_highest": self.choice is not None and step in self.choice.tied,
            **_estimate(summary.mean, "mean", "low", "high"),
            **_estimate(summary.passed, "pass_rate", "pass_low", "pass_high"),
            "tokens": _finite(summary.tokens),
            "reasoning_tokens": _finite(summary.reasoning),
            "items": counts.total,
            "prompts": self.evals.clusters.count,
            "judged": counts.judged,
            "passed": counts.passed,
            "failed": counts.failed,
            "refused": counts.refused,
            "filtered": counts.filtered,
            "truncated": counts.truncated,
            "error": counts.error,
            "missing": counts.missing,
        }

    def say(self, context: Context) -> None:
        """Say which checkpoint to keep, beside the data."""
        if self.choice is not None:
            gain = gain_over_base(self.evals, self.choice.best)
            for sentence in sentences(self.choice, self.summaries, self.kept, gain):
                context.say(sentence)


def _estimate(found: Estimate | None, *names: str) -> dict[str, float | None]:
    if found is None:
        return dict.fromkeys(names)
    values = found.value, found.interval.low, found.interval.high
    return {name: _finite(value) for name, value in zip(names, values, strict=True)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _change_row(database: Database, evals: AutoEvals, change: Change, before: int, after: int) -> dict[str, Any]:
    items = [evals.items[row][change.column] for row in (before, after)]
    told = [stored_evals.answer_of(database, item) if item is not None else None for item in items]
    either = told[0] or told[1]
    asked = [text for _, text in either.messages] if either else []
    return {
        "kind": str(change.kind),
        "flipped": change.flipped,
        "before": _finite(change.before),
        "after": _finite(change.after),
        "asked": asked[-1] if asked else "",
        "answer_before": told[0].text or told[0].tools if told[0] else None,
        "answer_after": told[1].text or told[1].tools if told[1] else None,
        "item": evals.keys[change.column].prompt,
        "repeat": evals.keys[change.column].repeat,
    }


def _say_difference(context: Context, evals: AutoEvals, every: tuple[Change, ...], before: int, after: int) -> None:
    found = counted(every)
    words = f"step {evals.steps[before]} to {evals.steps[after]}: {found.gained} gained, {found.lost} lost, "
    words += f"{found.same} same, {found.unpaired} not judged at both; {found.flipped} flipped between pass and fail"
    context.say(words)
    comparison = compare_steps(evals, before, after)
    if comparison is None:
        context.say("not comparable: no item is judged at both")
        return
    change = comparison.difference
    bounded = math.isfinite(change.interval.low) and math.isfinite(change.interval.high)
    ends = f"95% {change.interval.low:+.3g} to {change.interval.high:+.3g}" if bounded else "95% without bounds"
    context.say(
        f"mean {change.value:+.3g} ({ends}), paired p = {comparison.p:.2g} of this pair alone, "
        f"clustered by prompt ({change.clusters} prompts, {comparison.test.value})"
    )
