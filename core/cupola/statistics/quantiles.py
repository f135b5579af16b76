"""The quantiles that turn a standard error into an interval."""

from __future__ import annotations

import math

from .inputs import share


def normal_quantile(level: float) -> float:
    """Return z such that +-z holds `level` of a standard normal; 1.960 for 0.95.

    Raises StatisticsInputError unless level lies between 0 and 1.
    """
    from scipy.special import ndtri

    return float(ndtri((1 + share(level, "The level")) / 2))


def student_quantile(level: float, clusters: int) -> float:
    """Return t such that +-t holds `level` of Student's t with `clusters` - 1 degrees of freedom.

    Infinite for a single cluster, whose spread nobody knows. Source: Cameron and Miller 2015, section VI.D.
    Raises StatisticsInputError unless level lies between 0 and 1.
    """
    from scipy.special import stdtrit

    share(level, "The level")
    return float(stdtrit(clusters - 1, (1 + level) / 2)) if clusters > 1 else math.inf


def rare_share(level: float, clusters: int) -> float:
    """Return the largest share of clusters that may differ from the rest although none of `clusters` drawn ones did.

    The upper end of the exact binomial interval at zero events, 1 - ((1 - level) / 2) ** (1 / G); about 3.7 / G
    for 0.95. Source: Clopper and Pearson 1934; Hanley and Lippman-Hand 1983 ("the rule of three", one-sided).
    Raises StatisticsInputError unless level lies between 0 and 1.
    """
    tail = (1 - share(level, "The level")) / 2
    return float(-math.expm1(math.log(tail) / clusters))
