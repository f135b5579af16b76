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
    found = [_change(evals, column, first, second) for column in range(len(evals.keys))]
    return tuple(sorted(found, key=_rank))


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


def _change(evals: AutoEvals, column: int, first: int, second: int) -> Change:
    before, after = float(evals.scores[first, column]), float(evals.scores[second, column])
    verdicts = evals.passes[first, column], evals.passes[second, column]
    if np.isnan(before) or np.isnan(after):
        kind = Kind.UNPAIRED
    elif after == before:
        kind = Kind.SAME
    else:
        kind = Kind.GAINED if after > before else Kind.LOST
    flipped = not np.isnan(verdicts).any() and verdicts[0] != verdicts[1]
    return Change(column, kind, bool(flipped), before, after)


_ORDER = {Kind.LOST: 0, Kind.GAINED: 1, Kind.SAME: 2, Kind.UNPAIRED: 3}


def _rank(change: Change) -> tuple[bool, bool, int, float, int]:
    moved = change.kind in (Kind.GAINED, Kind.LOST)
    size = abs(change.after - change.before) if moved else 0.0
    return not (change.flipped and moved), not moved, _ORDER[change.kind], -size, change.column
