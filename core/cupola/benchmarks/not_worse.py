"""The verdict for a pipeline: is a candidate not worse than its baseline?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ..statistics.leaderboard import compare_arms
from ..statistics.verdicts import Verdict, Word, judge_non_inferiority, not_comparable
from .leaderboard import Leaderboard


class GateExit(IntEnum):
    """Exit codes of `cupola bench gate`."""

    NOT_WORSE = 0
    WORSE = 6
    INCONCLUSIVE = 7


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """How a candidate stands to its baseline."""

    candidate: str
    baseline: str
    verdict: Verdict
    margin: float
    """In the score's unit."""

    @property
    def exit(self) -> GateExit:
        """What the pipeline is told; a comparison that may not be made settles nothing."""
        if self.verdict.word is Word.WORSE:
            return GateExit.WORSE
        if self.verdict.word in (Word.INCONCLUSIVE, Word.NOT_COMPARABLE):
            return GateExit.INCONCLUSIVE
        return GateExit.NOT_WORSE


def gate(board: Leaderboard, candidate: str, baseline: str) -> GateVerdict:
    """Hold a candidate against a baseline; both were named before, so there is one comparison to correct for.

    Raises:
        UsageError: the benchmark has no such arm.
        StatisticsInputError: both names are one arm.
    """
    first, second = board.benchmark.arm_index(candidate), board.benchmark.arm_index(baseline)
    scores = np.stack([one.scores for one in board.judged])
    (pair,) = compare_arms(scores, board.clusters, board.view.scale, pairs=[(first, second)])
    if pair.comparison is None:
        verdict = not_comparable(pair.reasons)
    else:
        costs = [board.row_of(index).cost for index in (first, second)]
        each = sum(cost.per_answer for cost in costs if cost) if all(costs) else None
        verdict = judge_non_inferiority(pair.comparison, board.margin, each)
    return GateVerdict(candidate, baseline, verdict, board.margin)
