"""How much an arm differs from itself when nothing has changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters
from .differences import paired_differences
from .estimates import LEVEL, PASS_FAIL, UNKNOWN_SCALE, Estimate, Scale
from .means import estimate_mean
from .pass_rates import estimate_pass_rate


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """The same arm run twice."""

    change: Estimate
    """The mean absolute change of an item's score, in the score's unit."""
    flips: Estimate
    """The share of items that passed in one run and failed in the other."""

    def multiples(self, difference: float) -> float:
        """Return the size of a later difference in noise floors; infinite for any difference above a floor of 0."""
        if self.change.value > 0:
            return abs(difference) / self.change.value
        return math.inf if difference else 0.0


def noise_floor(
    scores: tuple[ArrayLike, ArrayLike],
    passes: tuple[ArrayLike, ArrayLike],
    clusters: Clusters | None = None,
    scale: Scale = UNKNOWN_SCALE,
    level: float = LEVEL,
) -> NoiseFloor:
    """Measure the noise from the scores and the passes (items,) of two runs of one arm, NaN where there is none.

    Raises StatisticsInputError if lengths differ, a value is off its scale, or no item was judged in both runs.
    """
    changes = np.abs(paired_differences(*scores, scale))
    flips = np.abs(paired_differences(*passes, PASS_FAIL))
    return NoiseFloor(
        change=estimate_mean(changes, clusters, Scale(0.0, scale.width), level),
        flips=estimate_pass_rate(flips, clusters, level),
    )
