"""From the facts to what the pane shows of one job, of two of its steps, and of one item."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from cupola.models import EvaluationAnswer, GraderScore, Job
from cupola.statistics.outcomes import Outcome
from cupola.store.answers import Answer, AnswerState
from cupola.store.regrades import Regrade
from cupola.training.auto_evals import AutoEvals, summaries
from cupola.training.checkpoint_choice import choose, keeping
from cupola.training.step_changes import changes

from ...checkpoint_facts import CheckpointFacts
from ...views.bench.answers import AnswerView, GradeView, ItemView
from ...views.checkpoints.changes import ChangesView
from ...views.checkpoints.said import said
from ...views.checkpoints.steps import StepsView
from ...views.checkpoints.trajectory import Course

_FIELD_LENGTH = 400


def read_steps(facts: CheckpointFacts, job: Job, now: float) -> StepsView | None:
    """A job's validation passes with all that is quickly made of them; None before the first."""
    evals = facts.evals(job)
    if evals is None:
        return None
    summarised = summaries(evals)
    kept = keeping(job, facts.common.checkpoints(job.id))
    return StepsView(
        job,
        evals,
        summarised,
        choose(evals, summarised),
        kept,
        gradings=facts.gradings(job),
        order=facts.order(job),
        now=now,
    )


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
        answer = _answer(step, evals, row, column, told, tokens)
        second = [_second(grader.name, found, math.inf) for grader, found in facts.regrades(item)]
        answers.append(replace(answer, grades=(*answer.grades, *second)))
    if asked is None:
        return None
    fields = [(name, text[:_FIELD_LENGTH]) for name, text in asked.fields]
    return ItemView(column, position, total, asked.messages, tuple(fields), tuple(answers))


def _answer(
    step: int,
    evals: AutoEvals,
    row: int,
    column: int,
    told: EvaluationAnswer,
    tokens: tuple[int | None, int | None],
) -> AnswerView:
    answer = Answer(
        "",
        0,
        AnswerState.ANSWERED,
        text=said(told) or None,
        finish_reason=told.finish_reason or None,
        completion_tokens=tokens[0],
        reasoning_tokens=tokens[1],
    )
    grades = tuple(_grade(grade, evals.scale.width) for grade in told.grades)
    return AnswerView(f"step {step}", None, evals.outcome(row, column), answer, grades)


def _grade(grade: GraderScore, width: float) -> GradeView:
    errors = (grade.problem,) if grade.problem else ()
    return GradeView(grade.name, grade.score, grade.passed, width, errors, grade.problem, grade.reasons)


def _second(name: str, found: Regrade, width: float) -> GradeView:
    parts = tuple(found.parts.items())
    return GradeView(f"{name} (second)", found.reward, found.passed, width, found.errors, found.details, (), parts)


def read_course(facts: CheckpointFacts, view: StepsView, column: int) -> Course:
    """One item at every step."""
    evals = view.evals
    rows = range(len(evals.steps))
    items = [evals.items[row][column] for row in rows]
    opinions = facts.opinions(view.job)
    return Course(
        steps=evals.steps,
        outcomes=tuple(evals.outcome(row, column) for row in rows),
        rewards=tuple(evals.scores[:, column].tolist()),
        tokens=tuple(None if item is None else item.completion_tokens for item in items),
        others=tuple((one.grader.name, tuple(one.rewards[:, column].tolist())) for one in opinions),
    )
