"""Two steps of a reinforcement job held against each other, item by item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..statistics.comparison import Comparison, compare
from ..statistics.errors import StatisticsInputError
from .auto_evals import AutoEvals


class Kind(StrEnum):
    """What became of an item's reward from one step to another."""

    GAINED = "gained"
    LOST = "lost"
    SAME = "same"
    UNPAIRED = "unpaired"
    """Not judged at both steps."""


_KINDS = (Kind.LOST, Kind.GAINED, Kind.SAME, Kind.UNPAIRED)
"""In the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Change:
    """One item at two steps."""

    column: int
    """The item's column in the table."""
    kind: Kind
    flipped: bool
    """It passes at one of the steps and fails at the other."""
    before: float
    """The reward at the first step; NaN where there is none."""
    after: float


@dataclass(frozen=True, slots=True)
class Counted:
    """How many items changed in which way; they sum to all items."""

    gained: int
    lost: int
    same: int
    unpaired: int
    flipped: int
    """Of the gained and lost, those that flipped between pass and fail."""


def changes(evals: AutoEvals, first: int, second: int) -> tuple[Change, ...]:
    """Every item from one row to another: flips first, losses before gains, the largest change before smaller ones.

    Items that are not judged at both come last.
    """
    before, after = evals.scores[first], evals.scores[second]
    passed = evals.passes[[first, second]]
    unpaired = np.isnan(before) | np.isnan(after)
    flipped = ~np.isnan(passed).any(axis=0) & (passed[0] != passed[1])
    kinds = np.select([unpaired, after == before, after > before], [3, 2, 1], 0)
    moved = kinds < 2
    size = np.abs(np.subtract(after, before, out=np.zeros(len(moved)), where=moved))
    order = np.lexsort((-size, kinds, ~moved, ~(flipped & moved)))
    columns = (kinds[order], flipped[order], before[order], after[order])
    told = zip(order.tolist(), *(column.tolist() for column in columns), strict=True)
    return tuple(Change(column, _KINDS[kind], *rest) for column, kind, *rest in told)


def counted(found: Sequence[Change]) -> Counted:
    """Count changes by kind."""
    kinds = [change.kind for change in found]
    return Counted(
        gained=kinds.count(Kind.GAINED),
        lost=kinds.count(Kind.LOST),
        same=kinds.count(Kind.SAME),
        unpaired=kinds.count(Kind.UNPAIRED),
        flipped=sum(change.flipped for change in found),
    )


def compare_steps(evals: AutoEvals, first: int, second: int) -> Comparison | None:
    """Compare two rows' rewards, second minus first, paired by item and clustered by prompt; None if none is shared.

    The p is of this comparison alone. With thousands of items it takes seconds.
    """
    try:
        return compare(evals.scores[second], evals.scores[first], evals.clusters, evals.scale)
    except StatisticsInputError:
        return None
