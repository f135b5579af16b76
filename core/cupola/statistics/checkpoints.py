"""Which checkpoint to take: the leanest of those that cannot be told from the highest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters
from .differences import estimate_difference
from .errors import StatisticsInputError
from .estimates import UNKNOWN_SCALE, Scale
from .inputs import Floats, table
from .means import ROUNDING


@dataclass(frozen=True, slots=True)
class CheckpointChoice:
    """Rows of the table that was judged."""

    chosen: int
    highest: int
    """The highest mean; the earliest of equals."""
    within: tuple[int, ...]
    """All checkpoints within one standard error of the highest, itself included."""


def choose_checkpoint(
    values: ArrayLike,
    mean_tokens: Sequence[float],
    clusters: Clusters | None = None,
    scale: Scale = UNKNOWN_SCALE,
) -> CheckpointChoice:
    """Choose by the one-standard-error rule among the rows of values (checkpoints, items), earliest first.

    Of the checkpoints whose paired difference to the highest is within one standard error of that difference, the
    one with the fewest mean completion tokens, then the earliest. Only items that every checkpoint has are compared.

    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 7.10, with paired differences.
    Raises StatisticsInputError if the lengths differ, a value is off the scale, or no item is shared by all.
    """
    rows = table(values, "Values")
    if not len(rows) or len(mean_tokens) != len(rows):
        raise StatisticsInputError(f"There are {len(rows)} checkpoints but mean tokens of {len(mean_tokens)}.")
    shared = rows.copy()
    shared[:, np.isnan(rows).any(axis=0)] = np.nan
    if np.isnan(shared).all():
        raise StatisticsInputError("The checkpoints share no judged item.")
    highest = int(np.argmax(np.nanmean(shared, axis=1)))
    within = tuple(
        row for row in range(len(rows)) if row == highest or _close(shared[highest], shared[row], clusters, scale)
    )
    return CheckpointChoice(min(within, key=lambda row: (mean_tokens[row], row)), highest, within)


def _close(highest: Floats, other: Floats, clusters: Clusters | None, scale: Scale) -> bool:
    difference = estimate_difference(highest, other, clusters, scale)
    # With a single cluster the standard error is NaN, and only equals are close. Rounding decides no tie: a single item
    # that differs lies exactly one standard error away.
    return difference.value <= 0 or difference.value <= difference.standard_error * (1 + ROUNDING)
