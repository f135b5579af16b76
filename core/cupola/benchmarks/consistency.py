"""Self-consistency: a model grader is shown the same answers again, and how often it says the same is counted."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from ..errors import CupolaError, UsageError
from ..statistics.estimates import DEFAULT_SEED
from ..store import answers, benchmarks, grades
from ..store.answers import Answer
from ..store.benchmarks import Run
from ..store.database import Database
from .definition import Benchmark, GraderUse, from_json
from .grading import GradingRoom
from .items import Item, items_of
from .lanes import LaneClosedError
from .purse import BudgetSpentError
from .table import Kind, kind_of

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Regrading:
    """One answer to be shown to the grader again."""

    item: Item
    answer: Answer
    again: int
    """Which showing this is; the first grade was 0."""


def regradings(
    database: Database, run: Run, grader: int, count: int, times: int, seed: int = DEFAULT_SEED
) -> list[Regrading]:
    """Which answers are shown again and have not been: the same for a seed, so that it can be gone on with.

    Args:
        database: The store.
        run: Whose answers.
        grader: Which of its graders.
        count: How many answers, drawn over all arms.
        times: How often each is shown beyond the first time.
        seed: Of the draw.

    Raises:
        UsageError: the grader asks no model, so that it says the same by its nature; or numbers below 1.
    """
    benchmark = from_json(run.definition)
    use = benchmark.graders[grader]
    if not use.judges:
        raise UsageError(
            f"{use.name} asks no model: it says the same of the same answer.", remedy="Take a model grader."
        )
    if count < 1 or times < 1:
        raise UsageError("Nothing would be graded again.", remedy="Show at least one answer once more.")
    graded = {
        (grade.request, grade.number, grade.item, grade.again)
        for grade in grades.of_run(database, run.id, [use.hash])
        if grade.reward is not None
    }
    rows = [row for row in _answered(database, run, benchmark) if (*_key(*row), 0) in graded]
    chosen = random.Random(seed).sample(rows, min(count, len(rows)))
    return [
        Regrading(item, answer, again)
        for item, answer in chosen
        for again in range(1, times + 1)
        if (*_key(item, answer), again) not in graded
    ]


async def grade_again(room: GradingRoom, use: GraderUse, todo: list[Regrading]) -> CupolaError | None:
    """Grade and store them; why it stopped early, if it did. Showings that were paid for are not paid for again."""
    waiting = iter(todo)
    stopped: CupolaError | None = None

    async def work() -> None:
        nonlocal stopped
        for one in waiting:
            try:
                grade = await room.grade(use, one.item, one.answer, one.again)
            except (LaneClosedError, BudgetSpentError) as error:
                stopped = stopped or error
            if stopped is not None:
                return
            await room.calls.journal.graded(grade)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return stopped


def _answered(database: Database, run: Run, benchmark: Benchmark) -> list[tuple[Item, Answer]]:
    items = items_of(benchmark, benchmarks.items(database, run.split))
    known = {(entry.sent.request, entry.sent.number): entry.answer for entry in answers.of_run(database, run.id)}
    found: dict[tuple[str, int, str], tuple[Item, Answer]] = {}
    for ask in benchmarks.asks(database, run.id):
        answer = known.get((ask.request, ask.number))
        if answer is not None and kind_of(answer) is Kind.ANSWERED:
            found[_key(items[ask.place], answer)] = items[ask.place], answer
    return [found[key] for key in sorted(found)]


def _key(item: Item, answer: Answer) -> tuple[str, int, str]:
    return answer.request, answer.number, item.hash
