"""The permutation test of paired differences: flip the signs of whole clusters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from .estimates import DEFAULT_SEED
from .inputs import Floats, Integers, vector
from .means import ROUNDING

EXACT_CLUSTERS = 16
"""Up to this many differing clusters every sign pattern is tried."""
_DRAWN_BITS = 17
"""2^17 = 131,072 sign patterns are tried otherwise: the observed one and 131,071 drawn ones."""
_FACTOR_BITS = 4
_AT_ONCE = 512
"""Rows of one product; times 16 and 16 they stay under the size from which OpenBLAS uses threads."""


@dataclass(frozen=True, slots=True)
class SignFlip:
    """The result of a sign-flip test."""

    p: float
    """Two-sided; never 0, since the observed pattern is one of those tried."""
    patterns: int
    """How many sign patterns were tried."""
    seed: int | None
    """The seed of the draw; None if all patterns were tried."""


def sign_flip(differences: ArrayLike, seed: int = DEFAULT_SEED) -> SignFlip:
    """Test whether the summed differences of clusters (G,) are symmetric about 0.

    The statistic is |sum|: over items of all clusters, since a cluster brings the sum of its items. Clusters without
    a difference change nothing and are left out. With at most 16 left all 2^G patterns are tried. Otherwise 131,071
    patterns are drawn: each is uniform over all patterns and any two are independent, so p has the mean and the
    variance of as many independent draws; together with the observed pattern they form a group, which makes the test
    exact, and all their sums come out of one fast Walsh-Hadamard transform. p counts the observed pattern among the
    tried ones.

    Source: Fisher 1935; Phipson and Smyth 2010 (the +1); Hemerik and Goeman 2018, theorem 1 (subgroups are exact);
    Koning and Hemerik 2024 (subgroups of sign flips). Raises StatisticsInputError if a difference is not a number.
    """
    values = vector(differences, "Differences")
    values = values[~np.isnan(values)]
    size = float(np.abs(values).sum())
    values = values[np.abs(values) > ROUNDING * size]
    if not len(values):
        return SignFlip(1.0, 1, None)
    exact = len(values) <= EXACT_CLUSTERS
    bits = len(values) if exact else _DRAWN_BITS
    columns = 1 << np.arange(bits) if exact else _drawn_columns(len(values), seed)
    sums = np.abs(_pattern_sums(values, columns, bits))
    reached = np.count_nonzero(sums >= sums[0] - ROUNDING * size)
    return SignFlip(float(reached / len(sums)), len(sums), None if exact else seed)


def _drawn_columns(clusters: int, seed: int) -> Integers:
    return np.random.default_rng(seed).integers(1 << _DRAWN_BITS, size=clusters)


def _pattern_sums(values: Floats, columns: Integers, bits: int) -> Floats:
    """Return the sums of values under the sign patterns 0 to 2^bits - 1; pattern 0 flips nothing.

    Pattern k flips cluster g if k and column g share an odd number of bits, so the sums are the Walsh-Hadamard
    transform of the values put at their columns. Each round transforms the top bits and moves them to the bottom,
    in products too small for a BLAS to share among cores: on a busy machine it would wait for the slowest.
    """
    sums: Floats = np.bincount(columns, weights=values, minlength=1 << bits).astype(np.float64, copy=False)
    for done in range(0, bits, _FACTOR_BITS):
        step = min(_FACTOR_BITS, bits - done)
        parts = sums.reshape(1 << step, -1, min(_AT_ONCE, 1 << bits - step))
        sums = (parts.transpose(1, 2, 0) @ _hadamard(step)).reshape(-1)
    return sums


@cache
def _hadamard(bits: int) -> Floats:
    if bits == 0:
        return np.ones((1, 1))
    half = _hadamard(bits - 1)
    return np.block([[half, half], [half, -half]])
