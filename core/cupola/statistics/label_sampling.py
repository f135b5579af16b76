"""Which answers people should label, and what each label then stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .errors import StatisticsInputError
from .estimates import DEFAULT_SEED
from .inputs import Floats, Integers, vector


@dataclass(frozen=True, slots=True)
class LabelSample:
    """The chosen items and their weights."""

    items: Integers
    """(chosen,): places in the scores, shuffled so that the order tells the labeller nothing."""
    weights: Floats
    """(chosen,): how many items each stands for; they sum to the number of items that have a score."""
    seed: int


def choose_for_labels(scores: ArrayLike, threshold: float, count: int, seed: int = DEFAULT_SEED) -> LabelSample:
    """Choose `count` of the items (items,) with a score: half next to the threshold, half at random from the rest.

    Items next to the threshold are the hardest to grade and are all taken, so each stands for itself; each random one
    stands for its share of the rest. Weighted so, estimates are of all items (Horvitz and Thompson 1952). An odd
    one goes to the random half; ties at the edge are broken at random.

    Raises StatisticsInputError if count is below 2 or no item has a score.
    """
    values = vector(scores, "Scores")
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        raise StatisticsInputError("There is nothing to label.", "No item has a score.")
    if count < 2:
        raise StatisticsInputError("At least two items must be labelled.")
    source = np.random.default_rng(seed)
    mixed = source.permutation(known)
    ordered = mixed[np.argsort(np.abs(values[mixed] - threshold), kind="stable")]
    near, rest = np.split(ordered, [count // 2])
    random = source.choice(rest, size=min(count - len(near), len(rest)), replace=False)
    chosen = np.concatenate([near, random])
    weights = np.concatenate([np.ones(len(near)), np.full(len(random), len(rest) / max(len(random), 1))])
    order = source.permutation(len(chosen))
    return LabelSample(chosen[order], weights[order], seed)
