"""Whether the student answers faster than the teacher, from calls that were timed one at a time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from ...statistics.latency import Latency, Quantile, estimate_latency, estimate_quantile

Floats = npt.NDArray[np.float64]


class Pace(StrEnum):
    """What can be said of the student's speed."""

    FASTER = "faster"
    SLOWER = "slower"
    CANNOT_TELL = "cannot be told"


@dataclass(frozen=True, slots=True)
class Timing:
    """One arm's durations in seconds. Arrays are (questions,), the same questions for every arm; NaN is no answer."""

    seconds: Floats
    """Of whole answers."""
    first_token: Floats

    @property
    def latency(self) -> Latency | None:
        """Of whole answers; None if there is none."""
        return None if np.isnan(self.seconds).all() else estimate_latency(self.seconds)

    @property
    def first(self) -> Quantile | None:
        """The median time to the first token; None where it was not told."""
        return None if np.isnan(self.first_token).all() else estimate_quantile(self.first_token, 0.5)


UNTIMED = Timing(np.array([]), np.array([]))
"""An arm of which nothing was timed."""


@dataclass(frozen=True, slots=True)
class Speed:
    """The student after, held against the teacher on the same questions."""

    word: Pace
    """By the interval of `ratio`: faster below 1, slower above it."""
    questions: int
    """That both have answered."""
    ratio: Quantile
    """The student's whole answer over the teacher's to the same question: the median."""
    first_token_ratio: Quantile | None
    """Likewise, of the first token."""


def timing_of(told: Mapping[str, Sequence[float | None]]) -> Timing:
    """One arm's durations as the stage stores them."""
    seconds, first = (
        np.array([np.nan if one is None else one for one in told[name]], dtype=np.float64)
        for name in ("seconds", "first_token")
    )
    return Timing(seconds, first)


def speed_of(timings: Mapping[str, Timing]) -> Speed | None:
    """Judge the student's speed by the arms' timings, by role; None if no question was answered by both."""
    teacher, student = timings.get("teacher", UNTIMED), timings.get("student after", UNTIMED)
    ratio = _ratio(teacher.seconds, student.seconds)
    if ratio is None:
        return None
    word = Pace.CANNOT_TELL
    if ratio.interval.high < 1:
        word = Pace.FASTER
    elif ratio.interval.low > 1:
        word = Pace.SLOWER
    return Speed(word, ratio.measured, ratio, _ratio(teacher.first_token, student.first_token))


def _ratio(teacher: Floats, student: Floats) -> Quantile | None:
    """The median of paired ratios, with the interval of order statistics: it assumes nothing of their shape."""
    if len(teacher) != len(student):
        return None
    both = (teacher > 0) & (student > 0)
    return estimate_quantile(student[both] / teacher[both], 0.5) if both.any() else None
