"""How much of the way from student to teacher the student has gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .bootstrap import DRAWS, bootstrap_means, percentile_interval
from .clusters import Clusters
from .differences import estimate_difference
from .estimates import DEFAULT_SEED, LEVEL, UNKNOWN_SCALE, Estimate, Interval, Scale
from .inputs import Floats, same_length, vector


@dataclass(frozen=True, slots=True)
class GapRecovered:
    """(student after - student before) / (teacher - student before); without a clear gap there is no share of it."""

    gap: Estimate
    """Teacher minus student before."""
    gain: Estimate
    """Student after minus student before."""
    share: float | None
    """1 is the whole gap; None if the gap's interval does not lie above 0."""
    interval: Interval | None
    """Percentile interval from the bootstrap; None with `share`."""
    draws: int
    seed: int


def gap_recovered(
    teacher: ArrayLike,
    before: ArrayLike,
    after: ArrayLike,
    clusters: Clusters | None = None,
    scale: Scale = UNKNOWN_SCALE,
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = DEFAULT_SEED,
) -> GapRecovered:
    """Estimate the recovered gap from the values (items,) of three arms, on the items that all of them have.

    The interval is the percentile interval of a cluster bootstrap that draws the three arms together (Efron and
    Tibshirani 1993). A gap whose own interval does not lie above 0 is no gap to recover.

    Raises StatisticsInputError if the lengths differ, a value is off the scale, or the arms share no item.
    """
    arms = _shared(teacher, before, after)
    gap = estimate_difference(arms[0], arms[1], clusters, scale, level)
    gain = estimate_difference(arms[2], arms[1], clusters, scale, level)
    if gap.interval.low <= 0:
        return GapRecovered(gap, gain, None, None, draws, seed)
    means = bootstrap_means(arms, clusters, draws, seed)
    drawn_gap, drawn_gain = means[:, 0] - means[:, 1], means[:, 2] - means[:, 1]
    # A draw without any gap has no share of it.
    shares = np.divide(drawn_gain, drawn_gap, out=np.full(len(means), np.nan), where=drawn_gap != 0)
    return GapRecovered(gap, gain, gain.value / gap.value, percentile_interval(shares, level), draws, seed)


def _shared(teacher: ArrayLike, before: ArrayLike, after: ArrayLike) -> Floats:
    arms = [vector(teacher, "Teacher"), vector(before, "Student before"), vector(after, "Student after")]
    same_length(arms[0], arms[1], "The values of teacher and student")
    same_length(arms[1], arms[2], "The values of the student before and after")
    table = np.stack(arms)
    table[:, np.isnan(table).any(axis=0)] = np.nan
    return table
