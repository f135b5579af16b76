"""The mean of scores and its cluster-robust interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters, ClusterSums, cluster_sums
from .effective import effective_scores
from .errors import StatisticsInputError
from .estimates import LEVEL, UNKNOWN_SCALE, Estimate, Interval, Scale
from .inputs import Floats
from .products import inner
from .quantiles import rare_share, student_quantile
from .wilson import wilson_interval

ROUNDING = 1e-12
"""What floating-point sums may lose, as a share of their size; smaller differences are none."""
_NO_SKEWNESS = 1e-6
"""Below this the transformation loses more to rounding than it corrects."""


def estimate_mean(
    values: ArrayLike, clusters: Clusters | None = None, scale: Scale = UNKNOWN_SCALE, level: float = LEVEL
) -> Estimate:
    """Estimate the mean of values (items,), NaN left out, with its cluster-robust interval, cut to the scale.

    The standard error is sqrt(V), V = G/(G-1) * sum_g (n_g * (mean_g - mean))^2 / N^2: Cameron and Miller 2015; Miller
    2024 (arXiv 2411.00640), section 2.2. For the interval see `bounded_interval` on a scale with two ends, else
    `mean_interval`.

    Raises StatisticsInputError if no value is left, one is off the scale, or the lengths differ.
    """
    sums = cluster_sums(values, clusters)
    check_scale(np.asarray(values, dtype=np.float64), scale)
    interval = bounded_interval(sums, scale, level) if math.isfinite(scale.width) else mean_interval(sums, scale, level)
    return Estimate(sums.mean, interval, standard_error(sums), sums.items, sums.clusters)


def mean_interval(sums: ClusterSums, scale: Scale, level: float) -> Interval:
    """Return the interval of the mean: Student's t with G - 1 degrees of freedom, freed of skewness, cut to the scale.

    With the clusters' skewness g, T = W + g W^2 / 3 + g^2 W^3 / 27 + g / (6 G) of W = (mean - true mean) / (sqrt(G) se)
    is nearly symmetric, and since it grows with W the limits +-t / sqrt(G) of T turn back into limits of the mean.
    Without skewness this is the plain t interval. With it the plain one covers only 90% at 10 clusters of scores
    whose mean lies a tenth from the end of their scale. Source: Hall 1992, "On the removal of skewness by
    transformation". Where all clusters agree, see `constant_interval`.
    """
    error = standard_error(sums)
    if not error > 0:
        return constant_interval(sums.mean, sums.clusters, scale, level)
    root = math.sqrt(sums.clusters)
    limit = student_quantile(level, sums.clusters) / root
    skewness = _skewness(_residuals(sums))
    above, below = (_untransformed(side * limit, skewness, sums.clusters) * error * root for side in (1, -1))
    return Interval(sums.mean - above, sums.mean - below, level).cut(scale.low, scale.high)


def bounded_interval(sums: ClusterSums, scale: Scale, level: float) -> Interval:
    """Return the interval of the mean of scores on a scale with two ends: Wilson's on the effective number of items.

    As a share p of the way up the scale, the mean of n independent passes and fails has the variance p(1 - p) / n.
    The n that gives the cluster-robust variance of these scores is how many passes and fails they are worth; all true
    means that lie within t of p by the variance at that mean form the interval, with G - 1 degrees of freedom. It
    never leaves the scale, leans to the far end, and is the plain t interval in the middle of the scale or with many
    clusters. A hundredth of a cluster at either end is added (`effective_scores`), without which a handful of clusters
    that nearly agree is taken at its word.

    Simulated at 12 to 500 clusters of 1 or 5 scores that pile up at one end, lie in the middle, or are all or nothing:
    95% intervals cover 96% on average and 92% at worst, 6% wider than the plain t interval, which covers 92% and 75%.
    `mean_interval` covers 96% and 89% and is 36% wider. Of the pseudo-clusters' weights tried, 0.01 is the greatest
    that keeps `python -m tests.calibrate` within 93% to 97%.

    Source: Wilson 1927; Korn and Graubard 1998 and Franco, Little, Louis and Slud 2019 (intervals on effective sample
    size). Where all clusters agree, see `constant_interval`.
    """
    if not standard_error(sums) > 0:
        return constant_interval(sums.mean, sums.clusters, scale, level)
    items = effective_scores(sums, scale.low, scale.high)
    share = min(max((sums.mean - scale.low) / scale.width, 0.0), 1.0)
    found = wilson_interval(share, items, student_quantile(level, sums.clusters), level)
    return Interval(scale.low + scale.width * found.low, scale.low + scale.width * found.high, level)


def _untransformed(limit: float, skewness: float, clusters: int) -> float:
    """Return W whose T is `limit`."""
    if abs(skewness) < _NO_SKEWNESS:
        return limit
    return float(3 * (np.cbrt(1 + skewness * (limit - skewness / (6 * clusters))) - 1) / skewness)


def _skewness(residuals: Floats) -> float:
    squares = residuals * residuals
    return float(inner(squares, residuals) / len(residuals) / squares.mean() ** 1.5)


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
    residuals = _residuals(sums)
    if np.abs(residuals).max() <= ROUNDING * np.abs(sums.sums).max():
        return 0.0
    return math.sqrt(count / (count - 1) * inner(residuals, residuals)) / sums.items


def _residuals(sums: ClusterSums) -> Floats:
    """Return what each cluster (G,) brings to the sum beyond its share of the mean."""
    return sums.sums - sums.sizes * sums.mean


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
