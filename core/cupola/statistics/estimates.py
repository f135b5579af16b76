"""The records that carry a number together with how far it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .errors import StatisticsInputError

FEW_PROMPTS = 10
"""Below this many clusters the screen says "few prompts"."""
LEVEL = 0.95
"""The confidence of every interval that is shown."""
DEFAULT_SEED = 20_240_229
"""The seed of every draw unless the caller gives another; results that drew name the seed they used."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; an end is infinite where the data sets no bound."""

    low: float
    high: float
    level: float = LEVEL

    def __contains__(self, value: float) -> bool:
        """Whether the value lies in the closed interval."""
        return self.low <= value <= self.high

    def within(self, margin: float) -> bool:
        """Whether the interval lies strictly inside +-margin."""
        return -margin < self.low and self.high < margin

    def mirrored(self) -> Interval:
        """Return the interval of the negated value."""
        return Interval(-self.high, -self.low, self.level)

    def cut(self, low: float, high: float) -> Interval:
        """Return the part that lies in [low, high]."""
        return Interval(min(max(self.low, low), high), max(min(self.high, high), low), self.level)


@dataclass(frozen=True, slots=True)
class Scale:
    """What a score can be, as far as it is known."""

    low: float = -math.inf
    high: float = math.inf
    passes: bool = False
    """Every value is 0 (fail) or 1 (pass)."""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise StatisticsInputError(f"A scale must run upwards, not from {self.low} to {self.high}.")

    @property
    def width(self) -> float:
        """The distance between the ends; infinite if an end is not known."""
        return self.high - self.low


PASS_FAIL = Scale(0.0, 1.0, passes=True)
"""The scale of passes: 0 and 1."""
UNKNOWN_SCALE = Scale()
"""The scale of a score whose ends nobody told."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean score, pass rate or difference with its interval."""

    value: float
    interval: Interval
    standard_error: float
    """Cluster-robust; NaN with a single cluster."""
    items: int
    """N: how many items carry it."""
    clusters: int
    """G: how many different prompts these items hold."""

    @property
    def few_prompts(self) -> bool:
        """Fewer than ten clusters: shown with a warning."""
        return self.clusters < FEW_PROMPTS
