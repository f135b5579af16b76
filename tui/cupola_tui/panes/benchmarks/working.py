"""A leaderboard with all that rests on it, worked out where no key waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.frontier import frontier
from cupola.benchmarks.leaderboard import Leaderboard, leaderboard
from cupola.benchmarks.noise import noise_of
from cupola.benchmarks.outcomes import views_of
from cupola.benchmarks.power import need_for, sight_of
from cupola.benchmarks.roles import Proposal, propose
from cupola.benchmarks.table import Table
from cupola.errors import CupolaError
from cupola.models import Problem
from cupola.store.benchmarks import Run

from ...benchmark_facts import BenchmarkFacts, Known
from ...views.bench import numbers


@dataclass(frozen=True, slots=True)
class Task:
    """What a leaderboard is worked out from."""

    run: Run
    benchmark: Benchmark
    """That of the run."""
    table: Table
    """The results as they were read; another reading is another table."""
    view: int
    """The place of the graders' view among all."""
    today: date

    @property
    def key(self) -> tuple[int, int]:
        """The run and the view: what a person asked to see."""
        return self.run.id, self.view

    def same(self, other: Task) -> bool:
        """Whether both come to the same."""
        return self.key == other.key and self.table is other.table and self.today == other.today


@dataclass(frozen=True, slots=True)
class Worked:
    """What came of a task."""

    task: Task
    board: Leaderboard | None = None
    """None if the results cannot be judged."""
    proposals: tuple[Proposal, ...] = ()
    notes: tuple[str, ...] = ()
    dominated: frozenset[int] = frozenset()
    problem: Problem | None = None


def task_of(facts: BenchmarkFacts, known: Known, view: int, now: float) -> Task | None:
    """What there is to work out for a benchmark, `view` counted on beyond the last; None before it has results."""
    table = None if known.run is None else facts.table(known.run)
    if known.run is None or table is None:
        return None
    benchmark = known.shown
    return Task(known.run, benchmark, table, view % len(views_of(benchmark)), datetime.fromtimestamp(now, UTC).date())


def work_out(task: Task) -> Worked:
    """Work a leaderboard out. Touches nothing but the task, and so may run in a thread of its own."""
    try:
        board = leaderboard(task.run, task.benchmark, task.table, views_of(task.benchmark)[task.view])
        proposals = propose(board, task.today)
        notes = _notes(board)
    except CupolaError as error:
        return Worked(task, problem=error.problem)
    dominated = frozenset(point.index for point in frontier(board) if point.dominated_by is not None)
    return Worked(task, board, proposals, notes, dominated)


def _notes(board: Leaderboard) -> tuple[str, ...]:
    """What could be seen at this n, and how much arms differ from themselves."""
    notes = []
    if board.pairs:
        sight = sight_of(board)
        seen = numbers.score(sight.difference, board.view.scale.width)
        notes.append(f"Smallest difference that {sight.prompts:,} prompts can show: {seen} (80% power at .05).")
        notes += _needed(board)
    for noise in noise_of(board):
        change = numbers.score(noise.floor.change.value, board.view.scale.width)
        flips = numbers.share(noise.floor.flips.value)
        notes.append(
            f"Noise floor of {noise.name}: an item's score moves by {change} on its own, {flips} of verdicts flip."
        )
    if board.few_prompts:
        notes.append("Few prompts: intervals rest on fewer than ten.")
    return tuple(notes)


def _needed(board: Leaderboard) -> list[str]:
    """What it takes to see a difference as small as the margin, where there is not enough yet."""
    need = need_for(board, board.margin)
    if not need.further:
        return []
    money = "" if need.usd is None else f", about {numbers.dollars(need.usd)} in all arms without graders"
    margin = numbers.score(board.margin, board.view.scale.width)
    return [f"To see a difference as small as the margin, {margin}: {need.further:,} more prompts{money}."]


class Shelf:
    """What was worked out of one run: a view that was looked at before shows at once."""

    def __init__(self) -> None:
        self._kept: Sequence[Worked] = ()
        """The last one first; one for each view."""

    def keep(self, worked: Worked) -> None:
        """Put down what came of a task; what there was of other runs goes."""
        task = worked.task
        others = [one for one in self._kept if one.task.run.id == task.run.id and one.task.view != task.view]
        self._kept = (worked, *others)

    def exact(self, task: Task) -> Worked | None:
        """What came of just this task."""
        return next((one for one in self._kept if one.task.same(task)), None)

    def latest(self, task: Task) -> Worked | None:
        """The best there is to show for a task: just that, the same view as it was, or another view of the run."""
        of_run = [one for one in self._kept if one.task.run.id == task.run.id]
        return next((one for one in of_run if one.task.key == task.key), of_run[0] if of_run else None)
