"""What became of every item: seven outcomes that always sum to N, and the bounds that open ones leave."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .errors import StatisticsInputError
from .estimates import Interval
from .inputs import Floats


class Outcome(StrEnum):
    """What became of one item."""

    PASS = "pass"
    FAIL = "fail"
    REFUSED = "refused"
    FILTERED = "filtered"
    TRUNCATED = "truncated"
    ERROR = "error"
    MISSING = "missing"

    @property
    def judged(self) -> bool:
        """Whether the item counts in the estimate: error and missing are not the model's doing."""
        return self not in (Outcome.ERROR, Outcome.MISSING)


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """How many items ended in each outcome."""

    passed: int
    failed: int
    refused: int
    filtered: int
    truncated: int
    error: int
    missing: int

    @property
    def total(self) -> int:
        """N: all items."""
        return self.judged + self.open

    @property
    def judged(self) -> int:
        """The items that count in the estimate; refused, filtered and truncated ones count as fail."""
        return self.passed + self.failed + self.refused + self.filtered + self.truncated

    @property
    def open(self) -> int:
        """The items left out of the estimate: error and missing."""
        return self.error + self.missing

    @property
    def pass_rate(self) -> float:
        """Passes among the judged items; NaN if none is judged."""
        return self.passed / self.judged if self.judged else math.nan

    @property
    def bounds(self) -> Interval:
        """The pass rate if every open item failed, and if every one passed; no confidence, plain arithmetic.

        With no items at all nothing is known: 0 to 1.
        """
        if not self.total:
            return Interval(0.0, 1.0, level=1.0)
        return Interval(self.passed / self.total, (self.passed + self.open) / self.total, level=1.0)


def count_outcomes(outcomes: Iterable[Outcome]) -> OutcomeCounts:
    """Count one arm's outcomes."""
    seen = Counter(outcomes)
    return OutcomeCounts(
        passed=seen[Outcome.PASS],
        failed=seen[Outcome.FAIL],
        refused=seen[Outcome.REFUSED],
        filtered=seen[Outcome.FILTERED],
        truncated=seen[Outcome.TRUNCATED],
        error=seen[Outcome.ERROR],
        missing=seen[Outcome.MISSING],
    )


_PASS_VALUE = {outcome: 0.0 if outcome.judged else math.nan for outcome in Outcome} | {Outcome.PASS: 1.0}


def pass_values(outcomes: Sequence[Outcome]) -> Floats:
    """Return 1 for a pass, 0 for what counts as fail, NaN for error and missing, as (items,)."""
    return np.array([_PASS_VALUE[outcome] for outcome in outcomes], dtype=np.float64)


def score_values(outcomes: Sequence[Outcome], scores: Sequence[float | None], lowest: float) -> Floats:
    """Return the scores as (items,), NaN for error and missing.

    A refused, filtered or truncated answer counts as fail whatever a grader made of it: it has the lowest score of
    the scale. Raises StatisticsInputError if the lengths differ or a passed or failed item has no score.
    """
    if len(outcomes) != len(scores):
        raise StatisticsInputError("Outcomes and scores must be equally long.", f"{len(outcomes)} and {len(scores)}.")
    return np.array([_score(*pair, lowest) for pair in zip(outcomes, scores, strict=True)], dtype=np.float64)


def _score(outcome: Outcome, score: float | None, lowest: float) -> float:
    if not outcome.judged:
        return math.nan
    if outcome not in (Outcome.PASS, Outcome.FAIL):
        return lowest
    if score is None or not math.isfinite(score):
        raise StatisticsInputError(
            f"An item is marked {outcome.value} but has no score.", remedy="Mark it as error or missing instead."
        )
    return score
