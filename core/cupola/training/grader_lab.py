"""A grader tried on stored answers: how its scores differ from an earlier version's, another grader's or people's."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..azure.wire.evaluation_answers import ToGrade, to_grade
from ..benchmarks.definition import GraderUse
from ..benchmarks.grading import GradingRoom
from ..benchmarks.lanes import LaneClosedError
from ..benchmarks.purse import BudgetSpentError
from ..errors import CupolaError, UsageError
from ..statistics.agreement import Agreement
from ..statistics.clusters import clusters_of
from ..statistics.comparison import Comparison, compare
from ..statistics.errors import StatisticsInputError
from ..statistics.estimates import DEFAULT_SEED
from ..store import evaluations, regrades
from ..store.database import Database
from ..store.grades import Grade
from ..store.regrades import Regrade
from .auto_evals import AutoEvals, Floats
from .grader_agreement import VerdictAgreement
from .lab_verdicts import PEOPLE, Bench, Verdicts, agreements
from .regrading import ToRegrade, as_benchmarked
from .reward_watches import rank_correlation

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Scored:
    """One stored answer under two graders."""

    run_id: str
    item_id: str
    step: int
    column: int
    """The item's column in the table of passes."""
    answer: str
    before: float | None
    """By the earlier version, the other grader, or the job's own where neither is given; None where it gave none."""
    after: float | None
    """By the grader in hand."""
    passed: bool | None
    problem: str
    """Why the grader in hand gave none."""
    verdicts: Verdicts = field(default_factory=Verdicts)
    """Who lets it pass."""

    @property
    def change(self) -> float:
        """After minus before; NaN where one of them is missing."""
        return math.nan if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class LabReport:
    """What came of a trial."""

    scored: tuple[Scored, ...]
    """The largest changes first, then what only one of the two could grade, then the rest."""
    comparison: Comparison | None
    """After minus before, paired by answer, clustered by prompt; None without two scores of one answer."""
    rank: float
    """Spearman's correlation of the two; NaN where one is constant."""
    calibration: Agreement | None
    """Against labels, of the answers that have one; None without."""
    stopped: CupolaError | None
    agreements: tuple[VerdictAgreement, ...] = ()
    """Of the grader in hand with people, the job's own grader and second ones, on pass and fail."""

    @property
    def changed(self) -> int:
        """Answers whose score changed."""
        return sum(abs(one.change) > 1e-9 for one in self.scored if not math.isnan(one.change))

    @property
    def failed(self) -> int:
        """Answers that the grader in hand could not grade."""
        return sum(one.after is None for one in self.scored)


def sampled(
    evals: AutoEvals,
    count: int,
    step: int | None = None,
    seed: int = DEFAULT_SEED,
    steps: Sequence[int] | None = None,
) -> list[tuple[int, int]]:
    """Rows and columns of stored answers, spread over all steps (or of one, or some), the same for a seed.

    Half are drawn from the lower half of the job's own scores and half from the upper, so that both kinds are seen.
    """
    rows = [row for row, own in enumerate(evals.steps) if (step is None or own == step) and (not steps or own in steps)]
    places = [(row, column) for row in rows for column in range(len(evals.keys)) if evals.places[row, column] >= 0]
    rng = random.Random(seed)
    rng.shuffle(places)
    places.sort(key=lambda place: np.nan_to_num(evals.scores[place], nan=-math.inf))
    halves = places[: len(places) // 2], places[len(places) // 2 :]
    drawn = [place for half, share in zip(halves, (count // 2, count - count // 2), strict=True)
             for place in rng.sample(half, min(share, len(half)))]  # fmt: skip
    return sorted(drawn)


async def lab(
    room: GradingRoom,
    database: Database,
    evals: AutoEvals,
    use: GraderUse,
    places: Sequence[tuple[int, int]],
    against: GraderUse | None = None,
    labels: Mapping[str, bool] | None = None,
) -> LabReport:
    """Grade stored answers by a grader, and by another where one is given; nothing is stored but paid calls.

    Args:
        room: What graders need; its budget bounds what model graders may spend.
        database: The store.
        evals: Whose answers.
        use: The grader in hand.
        places: Rows and columns of `evals`.
        against: An earlier version or another grader; the job's own scores if None.
        labels: Whether people let an answer pass, by item id.
    """
    waiting, found = iter(places), list[Scored]()
    stopped: CupolaError | None = None

    async def work() -> None:
        nonlocal stopped
        for row, column in waiting:
            item = evals.items[row][column]
            answer = to_grade(evaluations.raw_item(database, item.run_id, item.id) or "{}") if item else None
            if item is None or answer is None or stopped is not None:
                continue
            one = ToRegrade(item.run_id, item.id)
            try:
                grade = await _graded(room, use, one, answer)
                before = item.score if against is None else (await _graded(room, against, one, answer)).reward
            except (LaneClosedError, BudgetSpentError) as error:
                stopped = stopped or error
                return
            found.append(
                Scored(item.run_id, item.id, evals.steps[row], column, answer.text, before, grade.reward,
                       grade.passed, grade.details)
            )  # fmt: skip

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return reported(database, evals, use, found, labels, stopped)


def known_scores(
    database: Database, evals: AutoEvals, use: GraderUse, places: Sequence[tuple[int, int]]
) -> list[Scored]:
    """Stored answers with what a grader has made of them before, as a second one: none is asked now."""
    found = []
    known: dict[str, dict[str, Regrade]] = {}
    for row, column in places:
        item, run = evals.items[row][column], evals.runs[row].id
        if run not in known:
            known[run] = {one.item_id: one for one in regrades.of_run(database, run, use.hash)}
        answer = to_grade(evaluations.raw_item(database, run, item.id) or "{}") if item else None
        if item is None or answer is None:
            continue
        one = known[run].get(item.id)
        reward, passed, problem = (one.reward, one.passed, one.details) if one else (None, None, "")
        found.append(Scored(run, item.id, evals.steps[row], column, answer.text, item.score, reward, passed, problem))
    return found


def reported(
    database: Database,
    evals: AutoEvals,
    use: GraderUse,
    found: Sequence[Scored],
    labels: Mapping[str, bool] | None = None,
    stopped: CupolaError | None = None,
) -> LabReport:
    """What scores come to, with all verdicts that the store has by now; `labels` come on top of those stored there."""
    bench = Bench(database, evals, use, labels or {})
    judged = [
        replace(one, verdicts=bench.verdicts(one.run_id, one.item_id, one.step, one.column, one.after, one.passed))
        for one in found
    ]
    return _report(evals, judged, stopped)


def read_labels(path: Path) -> dict[str, bool]:
    """Labels from JSON Lines of `{"item": ID, "passed": true}`.

    Raises:
        UsageError: the file cannot be read, or a line is something else.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read.", str(error)[:200]) from error
    found: dict[str, bool] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path.name} is not JSON Lines.", f"Line {number:,}: {str(error)[:200]}") from error
        item, passed = (value.get("item"), value.get("passed")) if isinstance(value, dict) else (None, None)
        if not isinstance(item, str) or not isinstance(passed, bool):
            raise UsageError(
                f"Line {number:,} of {path.name} is no label.", remedy='Write {"item": ID, "passed": true}.'
            )
        found[item] = passed
    return found


async def _graded(room: GradingRoom, use: GraderUse, one: ToRegrade, answer: ToGrade) -> Grade:
    return await room.grade(use, *as_benchmarked(one, answer))


def _report(evals: AutoEvals, found: list[Scored], stopped: CupolaError | None) -> LabReport:
    before, after = (_column([getattr(one, name) for one in found]) for name in ("before", "after"))
    both = np.isfinite(before) & np.isfinite(after)
    prompts = [(int(evals.clusters.codes[one.column]), one.verdicts) for one in found]
    agreed = agreements(prompts)
    people = next((one.whole for one in agreed if one.name == PEOPLE), None)
    return LabReport(
        scored=tuple(sorted(found, key=_rank)),
        comparison=_compared(evals, found, before, after) if both.any() else None,
        rank=rank_correlation(before[both], after[both]) if both.any() else math.nan,
        calibration=people,
        stopped=stopped,
        agreements=agreed,
    )


def _compared(evals: AutoEvals, found: Sequence[Scored], before: Floats, after: Floats) -> Comparison | None:
    clusters = clusters_of([int(evals.clusters.codes[one.column]) for one in found])
    try:
        return compare(after, before, clusters)
    except StatisticsInputError:
        return None


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _rank(one: Scored) -> tuple[int, float, int, str]:
    if not math.isnan(one.change):
        return (0 if abs(one.change) > 1e-9 else 2, -abs(one.change), one.step, one.item_id)
    return 1, 0.0, one.step, one.item_id
