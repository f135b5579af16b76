"""The mean of scores and its cluster-robust interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters, ClusterSums, cluster_sums
from .errors import StatisticsInputError
from .estimates import LEVEL, UNKNOWN_SCALE, Estimate, Interval, Scale
from .inputs import Floats
from .quantiles import rare_share, student_quantile

ROUNDING = 1e-12
"""What floating-point sums may lose, as a share of their size; smaller differences are none."""


def estimate_mean(
    values: ArrayLike, clusters: Clusters | None = None, scale: Scale = UNKNOWN_SCALE, level: float = LEVEL
) -> Estimate:
    """Estimate the mean of values (items,), NaN left out, with the cluster-robust t interval, cut to the scale.

    V = G/(G-1) * sum_g (n_g * (mean_g - mean))^2 / N^2, t with G - 1 degrees of freedom: Cameron and Miller 2015;
    Miller 2024 (arXiv 2411.00640), section 2.2. Where all clusters agree V says nothing, and the interval is that of
    `constant_interval`.

    Raises StatisticsInputError if no value is left, one is off the scale, or the lengths differ.
    """
    sums = cluster_sums(values, clusters)
    check_scale(np.asarray(values, dtype=np.float64), scale)
    interval = mean_interval(sums, scale, level)
    return Estimate(sums.mean, interval, standard_error(sums), sums.items, sums.clusters)


def mean_interval(sums: ClusterSums, scale: Scale, level: float) -> Interval:
    """Return the cluster-robust t interval of the mean, cut to the scale."""
    error = standard_error(sums)
    if not error > 0:
        return constant_interval(sums.mean, sums.clusters, scale, level)
    reach = student_quantile(level, sums.clusters) * error
    return Interval(sums.mean - reach, sums.mean + reach, level).cut(scale.low, scale.high)


def constant_interval(value: float, clusters: int, scale: Scale, level: float) -> Interval:
    """Return the interval of a mean when all clusters had the same one.

    At most a share u of clusters can be different (`rare_share`), and those lie somewhere on the scale:
    value - u * (value - low) to value + u * (high - value). On a scale without ends it is unbounded.
    """
    unseen = rare_share(level, clusters)
    return Interval(value - unseen * (value - scale.low), value + unseen * (scale.high - value), level)


def standard_error(sums: ClusterSums) -> float:
    """Return the cluster-robust standard error of the mean; 0 if all clusters agree, NaN for a single cluster."""
    count = sums.clusters
    if count < 2:
        return math.nan
    residuals = sums.sums - sums.sizes * sums.mean
    if np.abs(residuals).max() <= ROUNDING * np.abs(sums.sums).max():
        return 0.0
    return math.sqrt(count / (count - 1) * float(residuals @ residuals)) / sums.items


def check_scale(values: Floats, scale: Scale) -> None:
    """Raise StatisticsInputError if a value lies off the scale, or is neither 0 nor 1 where passes are expected."""
    known = values[~np.isnan(values)]
    if scale.passes and not np.isin(known, (0.0, 1.0)).all():
        raise StatisticsInputError("A pass is 1 and a fail is 0.", "There is another value among them.")
    if known.size and not (scale.low <= known.min() and known.max() <= scale.high):
        raise StatisticsInputError(
            f"A score lies off its scale of {scale.low:g} to {scale.high:g}.",
            f"They run from {known.min():g} to {known.max():g}.",
            "Name the grader's true range.",
        )
