"""Quantiles of latencies with intervals that assume nothing about their shape."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from .errors import StatisticsInputError
from .estimates import LEVEL, Interval
from .inputs import Floats, share, vector


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of what was measured, in its unit."""

    value: float
    interval: Interval
    """The upper end is infinite where too few were measured to bound it, as it is for a p95 of 50 calls."""
    measured: int


@dataclass(frozen=True, slots=True)
class Latency:
    """The two quantiles that every row shows."""

    p50: Quantile
    p95: Quantile


def estimate_latency(latencies: ArrayLike, level: float = LEVEL) -> Latency:
    """Estimate p50 and p95 of latencies (calls,), NaN left out; unit as given.

    Raises StatisticsInputError if none is left or one is negative.
    """
    ordered = _ordered(latencies)
    return Latency(_quantile(ordered, 0.50, level), _quantile(ordered, 0.95, level))


def estimate_quantile(latencies: ArrayLike, fraction: float, level: float = LEVEL) -> Quantile:
    """Estimate one quantile of latencies (calls,), NaN left out, with its order-statistic interval.

    The value interpolates linearly between neighbours (Hyndman and Fan 1996, type 7). The interval has measured
    values as ends: the largest that exceeds the true quantile with a chance of at most (1 - level) / 2, and the
    smallest that falls short of it with at most as much, by the binomial distribution of how many lie below the
    quantile. So it covers at least `level`, whatever the
    shape. Source: Conover 1999, section 3.2; David and Nagaraja 2003, section 7.1.

    Raises StatisticsInputError if none is left, one is negative, or fraction or level is not between 0 and 1.
    """
    return _quantile(_ordered(latencies), fraction, level)


def _ordered(latencies: ArrayLike) -> Floats:
    values = vector(latencies, "Latencies")
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        raise StatisticsInputError("No latency was measured.")
    if known[0] < 0:
        raise StatisticsInputError("A latency must not be negative.")
    return known


def _quantile(ordered: Floats, fraction: float, level: float) -> Quantile:
    from scipy.special import bdtr

    count = len(ordered)
    tail = (1 - share(level, "The level")) / 2
    chance = share(fraction, "A quantile")

    def below(most: int) -> float:
        """The chance that at most so many of the measured lie below the true quantile."""
        return float(bdtr(most, count, chance))

    # It grows with its argument: halving asks for a few dozen of what may be a hundred thousand.
    low = bisect_right(range(count), tail, key=below)
    high = bisect_left(range(count), 1 - tail, key=below) + 1
    interval = Interval(
        float(ordered[low - 1]) if low else 0.0, float(ordered[high - 1]) if high <= count else inf, level
    )
    return Quantile(float(np.quantile(ordered, fraction)), interval, count)
