"""Two arms compared item by item: the interval first, the p second."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters, ClusterSums, cluster_sums
from .differences import difference_interval, estimate_from_sums, paired_differences
from .estimates import DEFAULT_SEED, LEVEL, UNKNOWN_SCALE, Estimate, Interval, Scale
from .inputs import Floats
from .mcnemar import mcnemar
from .sign_flip import sign_flip


class Test(StrEnum):
    """Where a p came from."""

    __test__ = False  # pytest would collect the name

    MCNEMAR = "exact McNemar"
    SIGN_FLIP = "cluster sign flips"


@dataclass(frozen=True, slots=True)
class Comparison:
    """First minus second, on the items that both have."""

    difference: Estimate
    margin_interval: Interval
    """The 90% interval, which two one-sided tests at .05 hold against a margin."""
    won: int
    """Items on which the first scored higher."""
    lost: int
    """Items on which the second scored higher."""
    p: float
    """Two-sided, of this comparison alone."""
    p_corrected: float
    """Holm-corrected over the family that is shown; equal to `p` where there is no other."""
    family: int
    """How many comparisons the correction was over."""
    test: Test
    scale: Scale
    seed: int | None
    """The seed of the permutation's draws; None if nothing was drawn."""

    @property
    def spread(self) -> float:
        """The standard deviation of one cluster's difference; NaN with a single cluster."""
        return self.difference.standard_error * math.sqrt(self.difference.clusters)

    def turned(self) -> Comparison:
        """Return the same comparison as second minus first."""
        return replace(
            self,
            difference=replace(
                self.difference, value=-self.difference.value, interval=self.difference.interval.mirrored()
            ),
            margin_interval=self.margin_interval.mirrored(),
            won=self.lost,
            lost=self.won,
        )


MARGIN_LEVEL = 0.90
"""The confidence whose interval ends are two one-sided tests at .05. Source: Schuirmann 1987."""


def compare(
    first: ArrayLike,
    second: ArrayLike,
    clusters: Clusters | None = None,
    scale: Scale = UNKNOWN_SCALE,
    level: float = LEVEL,
    seed: int = DEFAULT_SEED,
) -> Comparison:
    """Compare two arms' values (items,) on the items that both have; NaN is no value.

    The p is exact McNemar's for passes with one item a cluster, else that of cluster sign flips; for intervals see
    `estimate_difference`. Raises StatisticsInputError if the lengths differ, a value is off the scale, or no item has
    both values.
    """
    differences = paired_differences(first, second, scale)
    return compare_differences(differences, clusters, scale, level, seed)


def compare_differences(
    differences: Floats, clusters: Clusters | None, scale: Scale, level: float, seed: int
) -> Comparison:
    """Return the comparison of two arms from their paired differences (items,)."""
    sums = cluster_sums(differences, clusters)
    won, lost = int(np.count_nonzero(differences > 0)), int(np.count_nonzero(differences < 0))
    p, test, drawn_with = _test(sums, won, lost, scale, seed)
    return Comparison(
        difference=estimate_from_sums(sums, scale, level),
        margin_interval=difference_interval(sums, scale, MARGIN_LEVEL),
        won=won,
        lost=lost,
        p=p,
        p_corrected=p,
        family=1,
        test=test,
        scale=scale,
        seed=drawn_with,
    )


def _test(sums: ClusterSums, won: int, lost: int, scale: Scale, seed: int) -> tuple[float, Test, int | None]:
    if scale.passes and sums.single:
        return mcnemar(won, lost), Test.MCNEMAR, None
    flipped = sign_flip(sums.sums, seed)
    return flipped.p, Test.SIGN_FLIP, flipped.seed
