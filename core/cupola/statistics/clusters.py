"""Items that hold the same prompt stand or fall together: they form one cluster."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .errors import StatisticsInputError
from .inputs import Floats, Integers, same_length, vector
from .products import inner


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which cluster each item belongs to."""

    codes: Integers
    """(items,), from 0 to count - 1."""
    count: int

    @property
    def single(self) -> bool:
        """Every cluster has one item."""
        return self.count == len(self.codes)


def clusters_of(keys: Sequence[Hashable]) -> Clusters:
    """Number the clusters in the order in which their keys (items,) are first seen."""
    seen: dict[Hashable, int] = {}
    codes = np.fromiter((seen.setdefault(key, len(seen)) for key in keys), np.int64, len(keys))
    return Clusters(codes, len(seen))


def one_each(items: int) -> Clusters:
    """Return the clusters of items that all hold different prompts."""
    return Clusters(np.arange(items, dtype=np.int64), items)


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """What every estimate needs to know of the values: G clusters that have at least one value."""

    sizes: Floats
    """(G,): n_g, the items of each cluster."""
    sums: Floats
    """(G,): the sum of each cluster's values."""
    squares: float
    """The sum of the squares of all values."""

    @property
    def items(self) -> int:
        """N."""
        return int(self.sizes.sum())

    @property
    def clusters(self) -> int:
        """G."""
        return len(self.sizes)

    @property
    def mean(self) -> float:
        """The mean over items."""
        return float(self.sums.sum() / self.sizes.sum())

    @property
    def single(self) -> bool:
        """Every cluster has one item."""
        return self.items == self.clusters


def cluster_sums(values: ArrayLike, clusters: Clusters | None = None) -> ClusterSums:
    """Sum the values (items,) within clusters; NaN is left out, and so is a cluster without a value.

    Without clusters every item is its own. Raises StatisticsInputError if no value is left or the lengths differ.
    """
    array = vector(values, "Values")
    known = ~np.isnan(array)
    if not known.any():
        raise StatisticsInputError("There is nothing to judge.", "No item has a value.")
    if clusters is None or clusters.single:
        if clusters is not None:
            same_length(array, clusters.codes, "Values and clusters")
        kept = array[known]
        return ClusterSums(np.ones(len(kept)), kept, inner(kept, kept))
    same_length(array, clusters.codes, "Values and clusters")
    kept, codes = array[known], clusters.codes[known]
    sizes = np.bincount(codes, minlength=clusters.count).astype(np.float64)
    sums: Floats = np.bincount(codes, weights=kept, minlength=clusters.count).astype(np.float64, copy=False)
    held = sizes > 0
    return ClusterSums(sizes[held], sums[held], inner(kept, kept))
