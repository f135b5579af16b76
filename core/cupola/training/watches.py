"""Is it learning? One sentence about a job's curves, with the numbers it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Series = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]

OVERFIT_RATIOS = (1.2, 1.5)
"""Validation over training loss from which overfitting is suspected, and from which it is plain."""

_FEWEST_POINTS = 6


class Level(StrEnum):
    """How much attention a verdict wants."""

    EARLY = "early"
    HEALTHY = "healthy"
    WATCH = "watch"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A level and the sentence that says why."""

    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class Slope:
    """A straight line's slope through points, with an interval of about 95%."""

    low: float
    estimate: float
    high: float

    @property
    def word(self) -> str:
        """What the interval carries."""
        return "still falling" if self.high < 0 else "rising" if self.low > 0 else "no clear trend"


def slope(steps: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> Slope | None:
    """Least-squares slope a step with plus and minus two standard errors; None below six points.

    Neighbouring measurements hang together, so the interval is the narrowest that could be defended.
    """
    count = len(values)
    if count < _FEWEST_POINTS or np.ptp(steps) == 0:
        return None
    x = steps - steps.mean()
    estimate = float((x * values).sum() / (x * x).sum())
    residuals = values - values.mean() - estimate * x
    error = float(np.sqrt((residuals**2).sum() / (count - 2) / (x * x).sum()))
    return Slope(estimate - 2 * error, estimate, estimate + 2 * error)


def of_training_loss(series: Mapping[str, Series]) -> Verdict:
    """Judge the training loss alone: too early, growing, or a trend that says nothing of overfitting."""
    train_steps, train = finite(series.get("train_loss", EMPTY))
    if len(train) < _FEWEST_POINTS:
        return Verdict(Level.EARLY, "too early to say")
    recent = float(train[-max(3, len(train) // 10) :].mean())
    first = float(train[:3].mean())
    if recent > 1.1 * first:
        return Verdict(
            Level.BAD, f"training loss grew from {first:.3g} to {recent:.3g}: the learning rate may be too high"
        )
    trend = slope(train_steps[len(train) // 2 :], train[len(train) // 2 :])
    word = trend.word if trend else "too few points for a trend"
    return Verdict(
        Level.WATCH, f"training loss {recent:.3g}, {word}; no validation file, so overfitting cannot be seen"
    )


def of_rewards(series: Mapping[str, Series]) -> Verdict:
    """Judge the rewards of a reinforcement job."""
    series = {name: finite(points) for name, points in series.items()}
    steps, valid = series.get("full_valid_mean_reward", EMPTY)
    train_steps, train = series.get("train_mean_reward", EMPTY)
    unanswered = series.get("mean_unresponsive_rewards", EMPTY)[1]
    if len(unanswered) and unanswered[-3:].mean() > 0.2:
        share = unanswered[-3:].mean()
        return Verdict(Level.BAD, f"{share:.0%} of answers got no reward: look at the grader before going on")
    if len(train) >= _FEWEST_POINTS and float(np.ptp(train)) == 0:
        return Verdict(Level.BAD, f"every step's train reward is {train[0]:.3g}: nothing to learn from")
    if len(valid) < 2:
        return Verdict(Level.EARLY, "too early to say: one validation so far" if len(valid) else "too early to say")
    best = int(valid.argmax())
    change = f"valid reward {valid[0]:.3g} at step {steps[0]}, {valid[-1]:.3g} at step {steps[-1]}"
    peak = f"; highest {valid[best]:.3g} at step {steps[best]}" if best != len(valid) - 1 else ""
    trend = _trend_word(steps, valid)
    learning = slope(train_steps, train)
    if learning and learning.low > 0 and trend == "falling":
        return Verdict(Level.BAD, f"train reward rises while validation falls: {change}{peak}")
    level = {"rising": Level.HEALTHY, "falling": Level.BAD, "no clear trend": Level.WATCH}.get(trend, Level.EARLY)
    return Verdict(level, f"{change}{peak}; {trend}")


def _trend_word(steps: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> str:
    line = slope(steps, values)
    if line is None:
        return "too few validations for a trend"
    return "rising" if line.low > 0 else "falling" if line.high < 0 else "no clear trend"


EMPTY: Series = (np.empty(0, np.int64), np.empty(0, np.float64))


def finite(points: Series) -> Series:
    """The points whose value is a number."""
    steps, values = points
    keep = np.isfinite(values)
    return steps[keep], values[keep]
