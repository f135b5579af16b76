"""Whether a reinforcement job has stopped gaining, so that it can be paused before more is paid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..statistics.comparison import Comparison, compare
from ..statistics.errors import StatisticsInputError
from ..statistics.verdicts import MARGIN_SHARE, equivalent
from .auto_evals import AutoEvals

_PASSES = 3
"""Over how many passes the reward must have stood still."""


@dataclass(frozen=True, slots=True)
class Converged:
    """The reward has stood still."""

    first: int
    """The step since which it has."""
    last: int
    change: Comparison
    """The last step minus the first."""
    margin: float
    """The change that would have counted, on the reward's scale."""

    @property
    def seen(self) -> str:
        """With its numbers."""
        interval = self.change.margin_interval
        return (
            f"no gain from step {self.first} to {self.last}: {self.change.difference.value:+.2g}"
            f" (90% {interval.low:+.2g} to {interval.high:+.2g}, within {self.margin:.2g})"
        )

    @property
    def sentence(self) -> str:
        """With its numbers, and what to do."""
        return f"{self.seen}; pause it to save the rest"


def converged(evals: AutoEvals) -> Converged | None:
    """Whether the last passes after the first step are equivalent: each to the last, by two one-sided tests at .05.

    The margin is a twentieth of the reward's range: as its definition tells it, else as seen. None too at a job's
    beginning, and where all rewards are alike.
    """
    known = evals.scores[np.isfinite(evals.scores)]
    width = evals.scale.width if math.isfinite(evals.scale.width) else float(np.ptp(known)) if known.size else 0.0
    margin = MARGIN_SHARE * width
    rows = [row for row, step in enumerate(evals.steps) if step > 0][-_PASSES:]
    if len(rows) < _PASSES or margin <= 0:
        return None
    try:
        changes = [compare(evals.scores[rows[-1]], evals.scores[row], evals.clusters, evals.scale) for row in rows[:-1]]
    except StatisticsInputError:
        return None
    if not all(equivalent(change, margin) for change in changes):
        return None
    return Converged(evals.steps[rows[0]], evals.steps[rows[-1]], changes[0], margin)
