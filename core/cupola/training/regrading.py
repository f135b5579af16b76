"""Stored answers of an evaluation shown to another grader, without sampling again: one more series of rewards."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..azure.wire.chat import ChatReply
from ..azure.wire.evaluation_answers import ToGrade, to_grade
from ..benchmarks.definition import GraderUse
from ..benchmarks.grading import GradingRoom
from ..benchmarks.hashing import canonical, digest_text
from ..benchmarks.items import Item
from ..benchmarks.lanes import LaneClosedError
from ..benchmarks.purse import BudgetSpentError
from ..errors import CupolaError, UsageError
from ..statistics.estimates import DEFAULT_SEED, UNKNOWN_SCALE, Estimate, Scale
from ..statistics.means import estimate_mean
from ..store import evaluations, regrades
from ..store.answers import Answer, AnswerState
from ..store.database import Database
from ..store.grades import Grade
from ..store.regrades import Regrade, SecondGrader
from .auto_evals import AutoEvals, Floats

AT_ONCE = 16
_KEPT_TOGETHER = 50
"""How many verdicts are stored in one go."""


@dataclass(frozen=True, slots=True)
class ToRegrade:
    """One stored answer that the grader has not judged yet."""

    run_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class SecondSeries:
    """What a second grader makes of every step."""

    grader: SecondGrader
    rewards: Floats
    """(steps, items); NaN where nothing was graded."""
    scale: Scale
    means: tuple[Estimate | None, ...]
    """Of each step; None where nothing was graded."""
    shares: tuple[float, ...]
    """How many of each step's items were graded, from 0 to 1."""


def to_regrade(
    database: Database,
    evals: AutoEvals,
    use: GraderUse,
    steps: Sequence[int] | None = None,
    most: int | None = None,
    seed: int = DEFAULT_SEED,
) -> list[ToRegrade]:
    """What of the stored answers the grader has not judged, step by step.

    Args:
        database: The store.
        evals: Whose answers.
        use: The grader.
        steps: Only these; all if left out.
        most: At most so many items of a step, the same ones at every step, so that they stay paired.
        seed: Of the draw.
    """
    columns = list(range(len(evals.keys)))
    if most is not None and most < len(columns):
        columns = sorted(random.Random(seed).sample(columns, most))
    todo = []
    for row, run in enumerate(evals.runs):
        if steps is not None and evals.steps[row] not in steps:
            continue
        judged = {one.item_id for one in regrades.of_run(database, run.id, use.hash) if one.reward is not None}
        places = evals.places[row][columns]
        ids = evals.items[row].ids
        todo += [ToRegrade(run.id, ids[place]) for place in places[places >= 0].tolist() if ids[place] not in judged]
    return todo


async def regrade(
    room: GradingRoom,
    database: Database,
    owner: str,
    use: GraderUse,
    todo: Sequence[ToRegrade],
    progress: Callable[[int], None] = lambda done: None,
    wanted: Callable[[], bool] = lambda: True,
) -> CupolaError | None:
    """Grade and store them; return why it stopped early, if it did.

    Calls to models go through the journal and the room's budget: what was answered once is not asked again. An item
    without an answer is left out. Once it is no longer `wanted`, what has left is waited for and nothing more leaves.
    """
    regrades.save_grader(
        database, SecondGrader(use.hash, use.name, use.definition, use.threshold, added_at=room.clock())
    )
    waiting, found, done = iter(todo), list[Regrade](), 0
    stopped: CupolaError | None = None

    async def work() -> None:
        nonlocal stopped, done
        for one in waiting:
            if not wanted():
                return
            answer = to_grade(evaluations.raw_item(database, one.run_id, one.item_id) or "{}")
            if answer is not None and stopped is None:
                try:
                    found.append(_regrade(await room.grade(use, *as_benchmarked(one, answer)), one))
                except (LaneClosedError, BudgetSpentError) as error:
                    stopped = stopped or error
            if stopped is not None:
                return
            done += 1
            progress(done)
            if len(found) >= _KEPT_TOGETHER:
                regrades.save(database, owner, found)
                found.clear()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    finally:
        if found:
            regrades.save(database, owner, found)
    return stopped


def second_series(database: Database, owner: str, evals: AutoEvals) -> tuple[SecondSeries, ...]:
    """What each second grader makes of an evaluation, in the order in which they were first used."""
    return tuple(_series(database, evals, grader) for grader in regrades.graders_of(database, owner))


def _series(database: Database, evals: AutoEvals, grader: SecondGrader) -> SecondSeries:
    rewards = np.full(evals.scores.shape, np.nan)
    for row, run in enumerate(evals.runs):
        known = regrades.rewards_of_run(database, run.id, grader.hash)
        if known:
            own = np.array([known.get(item, np.nan) for item in evals.items[row].ids] + [np.nan])
            rewards[row] = own[evals.places[row]]
    told = GraderUse(grader.definition).scale
    seen = rewards[np.isfinite(rewards)]
    fits = not seen.size or (told.low <= seen.min() and seen.max() <= told.high)
    scale = told if fits else UNKNOWN_SCALE
    means = tuple(estimate_mean(row, evals.clusters, scale) if np.isfinite(row).any() else None for row in rewards)
    return SecondSeries(grader, rewards, scale, means, tuple(np.isfinite(rewards).mean(axis=1).tolist()))


def as_benchmarked(one: ToRegrade, answer: ToGrade) -> tuple[Item, Answer]:
    """A stored answer as graders of benchmarks take it."""
    fields = digest_text(canonical(answer.fields))
    item = Item(place=0, key=fields, hash=fields, messages=(), fields=answer.fields)
    tools = json.dumps(answer.tool_calls) if answer.tool_calls else None
    key = digest_text(f"{one.run_id}/{one.item_id}")
    return item, Answer(request=key, number=0, state=AnswerState.ANSWERED, text=answer.text, tools=tools)


def _regrade(grade: Grade, one: ToRegrade) -> Regrade:
    return Regrade(
        grader=grade.grader,
        run_id=one.run_id,
        item_id=one.item_id,
        reward=grade.reward,
        passed=grade.passed,
        errors=grade.errors,
        details=grade.details,
        parts=grade.parts,
        calls=grade.calls,
        graded_at=grade.graded_at,
    )


async def no_model(deployment: str, body: Mapping[str, Any], /) -> ChatReply:
    """Stands for the service where a grader asks no model.

    Raises:
        UsageError: it asks one all the same.
    """
    raise UsageError(f"{deployment} cannot be asked here.")
