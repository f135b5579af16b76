"""Which arm of a leaderboard to take, and whether the data carries that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters, cluster_sums
from .differences import difference_interval
from .errors import StatisticsInputError
from .estimates import UNKNOWN_SCALE, Interval, Scale
from .inputs import Floats, positive, table
from .leaderboard import Pair
from .planning import ALPHA
from .verdicts import differs


class Claim(StrEnum):
    """What may be said of the picked arm."""

    BEST = "better than every other"
    NOT_INFERIOR = "cheapest that is not inferior to any other"
    NOT_SEPARABLE = "highest, but not separable from every other"


@dataclass(frozen=True, slots=True)
class Pick:
    """Rows of the leaderboard's table."""

    picked: int
    highest: int
    """The highest mean; the earliest of equals."""
    claim: Claim
    not_inferior: tuple[int, ...]
    """Every arm that is not inferior to any other, corrected for how many there are."""


def pick_best(
    values: ArrayLike,
    costs: Sequence[float],
    pairs: Sequence[Pair],
    margin: float,
    clusters: Clusters | None = None,
    scale: Scale = UNKNOWN_SCALE,
) -> Pick:
    """Pick the cheapest arm that is not inferior to any other, else the highest.

    The truly best arm is unknown and one cheap arm among many looks good by luck, so it must not be inferior to any
    of the k - 1 others, each at the one-sided level .05 / (k - 1) (Bonferroni; Dunn 1961): a pick that lies more than
    the margin below the truly best one is then claimed in at most 5% of leaderboards. The verdict column, which
    speaks of one pair at a time, keeps the 90% interval.

    Args:
        values: (arms, items), NaN where an arm has no value; every arm must have one.
        costs: of the arms (arms,), in any unit.
        pairs: of every arm against every other, from `compare_arms`, for whether the highest is better than all.
        margin: set before the run, above 0, in the score's unit.
        clusters: of the items; without it every item is its own.
        scale: of the values.

    An arm that may not be compared with another cannot be picked as not inferior, nor the highest be called best.
    Raises StatisticsInputError if lengths differ, an arm has no value, a pair is missing, or the margin is not
    above 0.
    """
    rows = table(values, "Values")
    if len(costs) != len(rows) or not rows.size or np.isnan(rows).all(axis=1).any():
        raise StatisticsInputError("Every arm needs a cost and at least one value.")
    if {frozenset((pair.first, pair.second)) for pair in pairs} != _all_pairs(len(rows)):
        raise StatisticsInputError("Every arm must be compared with every other.")
    comparable = {frozenset((pair.first, pair.second)) for pair in pairs if pair.comparison is not None}
    highest = int(np.argmax(np.nanmean(rows, axis=1)))
    level = 1 - 2 * ALPHA / max(len(rows) - 1, 1)

    eligible = _not_inferior_to_any(rows, comparable, -positive(margin, "The margin"), level, clusters, scale)
    cheapest = min(eligible, key=lambda arm: costs[arm], default=highest)
    if costs[cheapest] < costs[highest]:
        return Pick(cheapest, highest, Claim.NOT_INFERIOR, eligible)
    return Pick(
        highest, highest, Claim.BEST if _better_than_all(highest, pairs) else _fallback(highest, eligible), eligible
    )


def _fallback(highest: int, eligible: tuple[int, ...]) -> Claim:
    return Claim.NOT_INFERIOR if highest in eligible else Claim.NOT_SEPARABLE


def _all_pairs(arms: int) -> set[frozenset[int]]:
    return {frozenset((first, second)) for first in range(arms) for second in range(first)}


def _not_inferior_to_any(
    rows: Floats,
    comparable: set[frozenset[int]],
    least: float,
    level: float,
    clusters: Clusters | None,
    scale: Scale,
) -> tuple[int, ...]:
    """The arms whose interval against every other lies above `least`."""

    @cache
    def interval(first: int, second: int) -> Interval:
        # Second minus first has the same interval mirrored: each pair is worked out once, and only if it is asked for.
        if first > second:
            return interval(second, first).mirrored()
        return difference_interval(cluster_sums(rows[first] - rows[second], clusters), scale, level)

    others = {arm: [other for other in range(len(rows)) if other != arm] for arm in range(len(rows))}
    return tuple(
        arm
        for arm in others
        if all(frozenset((arm, other)) in comparable for other in others[arm])
        and all(interval(arm, other).low > least for other in others[arm])
    )


def _better_than_all(highest: int, pairs: Sequence[Pair]) -> bool:
    own = [pair.comparison for pair in pairs if highest in (pair.first, pair.second)]
    return all(comparison is not None and differs(comparison) for comparison in own)
