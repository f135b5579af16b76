"""A grader tried on a few training rows and the base model's answers to them, before a job is submitted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..benchmarks.calls import Request
from ..benchmarks.definition import GraderUse
from ..benchmarks.grading import GradingRoom
from ..benchmarks.hashing import canonical, digest_text
from ..benchmarks.items import Item, prompt_key
from ..errors import CupolaError
from ..graders import item_of_row
from ..statistics.estimates import DEFAULT_SEED, Estimate
from ..statistics.means import estimate_mean
from ..statistics.pass_rates import estimate_pass_rate
from ..store.answers import AnswerState

AT_ONCE = 8
_PURPOSE = "arm"
_EASY, _HARD = 0.9, 0.1


@dataclass(frozen=True, slots=True)
class Tried:
    """One row."""

    line: int
    """In the training file, from 1."""
    answer: str
    reward: float | None
    passed: bool | None
    problem: str
    """Why there is no reward."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the base model and the grader make of a sample of rows."""

    tried: tuple[Tried, ...]
    mean: Estimate | None
    passed: Estimate | None
    """None without a threshold."""
    unanswered: int
    """Rows that the base model did not answer."""
    errors: Mapping[str, int]
    """Answers that the grader could not grade, by the service's family of errors."""
    same_reward: float
    """The largest share of the graded answers with one and the same reward."""
    usd: float
    stopped: CupolaError | None

    @property
    def graded(self) -> int:
        """Answers with a reward."""
        return sum(one.reward is not None for one in self.tried)

    def sentences(self) -> list[str]:
        """What to tell a person, the gravest first."""
        said = []
        if self.stopped is not None:
            said.append(f"the dry run stopped early: {self.stopped.what}")
        failing = sum(self.errors.values())
        if failing:
            families = ", ".join(f"{count} {family.replace('_', ' ')}" for family, count in self.errors.items())
            said.append(f"the grader failed on {failing} of {failing + self.graded} answers: {families}")
        if not self.graded:
            return [*said, "no answer of the base model could be graded: do not submit before one can"]
        if self.passed is not None:
            rate = self.passed
            between = f"{1 - rate.interval.high:.0%} to {1 - rate.interval.low:.0%}"
            said.append(f"the base model fails {1 - rate.value:.0%} of {rate.items} rows (95% {between})")
            if rate.value == 0 or rate.interval.high < _HARD:
                said.append("too hard: next to nothing passes; only partial rewards could be learnt from")
            elif rate.value == 1 or rate.interval.low > _EASY:
                said.append("too easy: next to everything passes already, so that there is little to gain")
        if self.same_reward >= _EASY:
            said.append(f"{self.same_reward:.0%} of the answers have one and the same reward: nothing to tell them by")
        if self.mean is not None:
            said.append(f"mean reward of the base model {self.mean.value:.3g} over {self.graded} answers")
        return said


async def dry_run(
    room: GradingRoom,
    deployment: str,
    rows: Sequence[tuple[int, Mapping[str, Any]]],
    use: GraderUse,
    sampling: Mapping[str, Any],
) -> DryRun:
    """Ask the base model about rows and grade what it says; all calls go through the journal and the room's budget.

    Args:
        room: What graders and the base model are reached by.
        deployment: Of the base model.
        rows: Line numbers and reinforcement rows.
        use: The grader.
        sampling: Further fields of the request, such as `response_format`.
    """
    waiting, found = iter(rows), list[tuple[Tried, tuple[str, ...]]]()
    stopped: CupolaError | None = None
    spent = room.calls.purse.spent

    async def work() -> None:
        nonlocal stopped
        for line, row in waiting:
            try:
                found.append(await _tried(room, deployment, line, row, use, sampling))
            except CupolaError as error:
                stopped = stopped or error
            if stopped is not None:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    found.sort(key=lambda entry: entry[0].line)
    return _summary(found, room.calls.purse.spent - spent, stopped)


def sample_rows(
    rows: Sequence[Mapping[str, Any]], count: int, seed: int = DEFAULT_SEED
) -> list[tuple[int, Mapping[str, Any]]]:
    """Rows with their numbers from 1, drawn so that the same seed draws the same ones."""
    places = sorted(random.Random(seed).sample(range(len(rows)), min(count, len(rows))))
    return [(place + 1, rows[place]) for place in places]


async def _tried(
    room: GradingRoom,
    deployment: str,
    line: int,
    row: Mapping[str, Any],
    use: GraderUse,
    sampling: Mapping[str, Any],
) -> tuple[Tried, tuple[str, ...]]:
    messages = [dict(message) for message in row["messages"]]
    fields = item_of_row(row)
    answer = await room.calls.answer(Request(deployment, {"messages": messages, **sampling}, 0, _PURPOSE), line)
    if answer.state is not AnswerState.ANSWERED or answer.filtered:
        why = answer.problem.what if answer.problem else "The content filter stopped it."
        return Tried(line, "", None, None, why), ()
    item = Item(line, prompt_key(messages), digest_text(canonical(fields)), tuple(messages), fields)
    grade = await room.grade(use, item, answer)
    return Tried(line, answer.text or "", grade.reward, grade.passed, grade.details), grade.errors


def _summary(found: Sequence[tuple[Tried, tuple[str, ...]]], usd: float, stopped: CupolaError | None) -> DryRun:
    tried = tuple(one for one, _ in found)
    rewards = np.array([one.reward for one in tried if one.reward is not None])
    verdicts = np.array([float(one.passed) for one in tried if one.passed is not None])
    counts = np.unique(rewards, return_counts=True)[1]
    return DryRun(
        tried=tried,
        mean=estimate_mean(rewards) if rewards.size else None,
        passed=estimate_pass_rate(verdicts) if verdicts.size else None,
        unanswered=sum(one.reward is None and not errors for one, errors in found),
        errors=Counter(errors[0] for _, errors in found if errors),
        same_reward=float(counts.max() / rewards.size) if rewards.size else 0.0,
        usd=usd,
        stopped=stopped,
    )
