"""One arm's pass rate and its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters, cluster_sums
from .effective import effective_items, effective_quantile
from .estimates import LEVEL, PASS_FAIL, Estimate
from .means import check_scale, standard_error
from .wilson import wilson_interval


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
