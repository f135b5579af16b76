"""Draw whole clusters again, all arms together, so that what belongs together stays together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters, one_each
from .errors import StatisticsInputError
from .estimates import DEFAULT_SEED, Interval
from .inputs import Floats, same_length, share, table

DRAWS = 10_000
_CHUNK = 4_000_000
"""At most so many counts are held at once."""


def bootstrap_means(
    values: ArrayLike, clusters: Clusters | None = None, draws: int = DRAWS, seed: int = DEFAULT_SEED
) -> Floats:
    """Return the arms' means over items in each draw of G clusters with replacement, as (draws, arms).

    Only items that every arm of values (arms, items) has are used. Clusters with the same sums are drawn as one kind,
    which changes nothing but the time. Source: Efron and Tibshirani 1993; Cameron and Miller 2015, section VI.C.

    Raises StatisticsInputError if the lengths differ, no item is left, or draws is not above 0.
    """
    if draws < 1:
        raise StatisticsInputError("There must be at least one draw.")
    kinds, multiplicity = np.unique(_cluster_rows(values, clusters), axis=0, return_counts=True)
    count = int(multiplicity.sum())
    source = np.random.default_rng(seed)
    at_once = max(1, _CHUNK // len(kinds))
    chunks = [min(at_once, draws - start) for start in range(0, draws, at_once)]
    drawn = [source.multinomial(count, multiplicity / count, size=size) @ kinds for size in chunks]
    sums = np.concatenate(drawn)
    return np.asarray(sums[:, 1:] / sums[:, :1], dtype=np.float64)


def _cluster_rows(values: ArrayLike, clusters: Clusters | None) -> Floats:
    """Return each cluster's size and the arms' sums, as (G, 1 + arms)."""
    rows = table(values, "Values")
    groups = clusters or one_each(rows.shape[1])
    same_length(rows.T, groups.codes, "Values and clusters")
    shared = ~np.isnan(rows).any(axis=0)
    if not shared.any():
        raise StatisticsInputError("The arms share no judged item.", remedy="Run all of them on the same items.")
    codes = groups.codes[shared]
    columns = [np.bincount(codes, minlength=groups.count)]
    columns += [np.bincount(codes, weights=row[shared], minlength=groups.count) for row in rows]
    stacked = np.stack(columns, axis=1).astype(np.float64)
    return np.asarray(stacked[stacked[:, 0] > 0], dtype=np.float64)


def percentile_interval(draws: Floats, level: float) -> Interval:
    """Return the interval that holds the middle `level` of the draws (n,); draws that are NaN are left out.

    Raises StatisticsInputError if no draw is left or level does not lie between 0 and 1.
    """
    tail = (1 - share(level, "The level")) / 2
    known = np.sort(draws[~np.isnan(draws)])
    if not len(known):
        raise StatisticsInputError("No draw gave a number.")
    low, high = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
    return Interval(float(low), float(high), level)
