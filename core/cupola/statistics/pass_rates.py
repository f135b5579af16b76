"""One arm's pass rate and its interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters, cluster_sums
from .effective import effective_items, effective_quantile
from .errors import StatisticsInputError
from .estimates import LEVEL, PASS_FAIL, Estimate, Interval
from .inputs import rate
from .means import check_scale, standard_error
from .quantiles import normal_quantile


def wilson(passes: float, items: float, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of `passes` among `items` independent ones; neither need be whole.

    Source: Wilson 1927; Brown, Cai and DasGupta 2001. Raises StatisticsInputError unless 0 <= passes <= items and
    items is above 0.
    """
    if not (0 <= passes <= items and items > 0):
        raise StatisticsInputError(f"There cannot be {passes} passes among {items} items.")
    return wilson_interval(passes / items, items, normal_quantile(level), level)


def wilson_interval(passed: float, items: float, quantile: float, level: float) -> Interval:
    """Return Wilson's interval of a pass rate on a number of independent items, by the quantile given."""
    rate(passed, "A pass rate")
    if math.isinf(quantile):
        return Interval(0.0, 1.0, level)
    spread = quantile**2 / items
    centre = (passed + spread / 2) / (1 + spread)
    reach = quantile / (1 + spread) * math.sqrt(passed * (1 - passed) / items + spread / (4 * items))
    # At the ends the exact limits are 0 and 1; rounding must not take them away.
    low = 0.0 if passed == 0 else max(centre - reach, 0.0)
    high = 1.0 if passed == 1 else min(centre + reach, 1.0)
    return Interval(low, high, level)


def estimate_pass_rate(values: ArrayLike, clusters: Clusters | None = None, level: float = LEVEL) -> Estimate:
    """Estimate the pass rate of values (items,) that are 1, 0, or NaN (left out).

    With one item in every cluster the interval is Wilson's. With repeats it is Wilson's on the effective number of
    items (`effective_items`): the plain cluster-robust t interval collapses when clusters agree and covers only 81%
    at 10 clusters of 5 with a pass rate of 0.9. The standard error is the cluster-robust one in both cases.

    Raises StatisticsInputError if no value is left, one is neither 0 nor 1, or the lengths differ.
    """
    sums = cluster_sums(values, clusters)
    check_scale(np.asarray(values, dtype=np.float64), PASS_FAIL)
    items = effective_items(sums, 0.0, 1.0)
    interval = wilson_interval(sums.mean, items, effective_quantile(sums, level), level)
    return Estimate(sums.mean, interval, standard_error(sums), sums.items, sums.clusters)
