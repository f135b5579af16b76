"""From the facts to what the pane shows of one job, of two of its steps, and of one item."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cupola.models import EvaluationAnswer, GraderScore, Job
from cupola.statistics.outcomes import Outcome
from cupola.store.answers import Answer, AnswerState
from cupola.training.auto_evals import AutoEvals, summaries
from cupola.training.checkpoint_choice import choose, keeping
from cupola.training.step_changes import changes

from ...checkpoint_facts import CheckpointFacts
from ...views.bench.answers import AnswerView, GradeView, ItemView
from ...views.checkpoints.changes import ChangesView
from ...views.checkpoints.steps import StepsView, short
from ...widgets.chart import Plot, Series

_FIELD_LENGTH = 400
_TRAIN = "train_mean_reward"


def read_steps(facts: CheckpointFacts, job: Job) -> StepsView | None:
    """A job's validation passes with all that is quickly made of them; None before the first."""
    evals = facts.evals(job)
    if evals is None:
        return None
    summarised = summaries(evals)
    kept = keeping(job, facts.common.checkpoints(job.id))
    return StepsView(job, evals, summarised, choose(evals, summarised), kept)


def read_plot(facts: CheckpointFacts, view: StepsView) -> Plot:
    """Train reward, validation reward with its band, and the base model's level."""
    known = [(summary.step, summary.mean) for summary in view.summaries if summary.mean is not None]
    steps = np.array([step for step, _ in known], np.int64)
    means = np.array([mean.value for _, mean in known], np.float64)
    low = np.array([mean.interval.low for _, mean in known], np.float64)
    high = np.array([mean.interval.high for _, mean in known], np.float64)
    train_steps, train = facts.common.series(view.job.id, _TRAIN)
    last = max([*steps.tolist(), *train_steps[-1:].tolist(), 1])
    band = (low, high) if np.isfinite(low).all() and np.isfinite(high).all() else None
    series = [Series("train", train_steps, train)]
    if known and known[0][0] == 0:
        level = known[0][1].value
        series.append(Series("base model", np.array([0, last], np.int64), np.array([level, level], np.float64)))
    # Last, so that it lies over the others.
    series.append(Series("valid" if band is None else "valid ░ 95%", steps, means, sparse=True, band=band))
    return Plot("reward", tuple(series), int(last))


def read_changes(view: StepsView, first: int, second: int) -> ChangesView | None:
    """One step held against another, without the p; None if a step is not there."""
    rows = view.evals.row_of(first), view.evals.row_of(second)
    if rows[0] is None or rows[1] is None:
        return None
    return ChangesView(first, second, changes(view.evals, rows[0], rows[1]))


def read_item(
    facts: CheckpointFacts, view: StepsView, chosen: Sequence[int], column: int, position: int, total: int
) -> ItemView | None:
    """One item with its answers at some steps, in their order."""
    evals = view.evals
    answers: list[AnswerView] = []
    asked: EvaluationAnswer | None = None
    for step in chosen:
        row = evals.row_of(step)
        item = evals.items[row][column] if row is not None else None
        if row is None or item is None:
            answers.append(AnswerView(f"step {step}", None, Outcome.MISSING, None))
            continue
        told = facts.answer(item)
        asked = asked or told
        tokens = item.completion_tokens, item.reasoning_tokens
        answers.append(_answer(step, evals, row, column, told, tokens))
    if asked is None:
        return None
    fields = [(name, text[:_FIELD_LENGTH]) for name, text in asked.fields]
    fields.append(("by step", _trajectory(evals, column)))
    return ItemView(column, position, total, asked.messages, tuple(fields), tuple(answers))


def _answer(
    step: int,
    evals: AutoEvals,
    row: int,
    column: int,
    told: EvaluationAnswer,
    tokens: tuple[int | None, int | None],
) -> AnswerView:
    said = "\n".join(filter(None, (told.text, told.tools))) or told.problem
    answer = Answer(
        "",
        0,
        AnswerState.ANSWERED,
        text=said or None,
        finish_reason=told.finish_reason or None,
        completion_tokens=tokens[0],
        reasoning_tokens=tokens[1],
    )
    grades = tuple(_grade(grade, evals.scale.width) for grade in told.grades)
    return AnswerView(f"step {step}", None, evals.outcomes[row][column], answer, grades)


def _grade(grade: GraderScore, width: float) -> GradeView:
    errors = (grade.problem,) if grade.problem else ()
    return GradeView(grade.name, grade.score, grade.passed, width, errors, grade.problem, grade.reasons)


def _trajectory(evals: AutoEvals, column: int) -> str:
    values = evals.scores[:, column].tolist()
    return "  ".join(
        f"{step}: {short(value) if math.isfinite(value) else '–'}"
        for step, value in zip(evals.steps, values, strict=True)
    )
