"""Does supervised training still teach, or only repeat? Ratio, slope and plateau, each with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..statistics.quantiles import student_quantile
from .watches import EMPTY, OVERFIT_RATIOS, Level, Series, Slope, finite, slope

_WINDOW = 12
"""At most so many of the last measurements make the ratio."""
_FEWEST = 4
_LEVEL = 0.95
_FLAT = 0.005
"""Token accuracy that moves less than this over the points seen does not move."""
_PLAIN_RATIO = 2.0
"""From this ratio of validation to training loss on the parting is gross."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Validation over training loss at the end of the curves, with an interval of 95%."""

    low: float
    estimate: float
    high: float


@dataclass(frozen=True, slots=True)
class Plateau:
    """Token accuracy that does not rise any more."""

    metric: str
    value: float
    since_step: int


@dataclass(frozen=True, slots=True)
class Overfit:
    """What the curves of a supervised or preference job carry."""

    level: Level
    sentence: str
    remedy: str
    """What to do; empty where nothing is to be done."""
    ratio: Ratio | None
    valid_slope: Slope | None
    """Of validation loss by step, over the later half."""
    lowest_step: int | None
    """Where validation loss was lowest."""
    plateau: Plateau | None


def overfit(series: Mapping[str, Series]) -> Overfit:
    """Judge loss curves; `series` maps metric names to (steps, values), steps ascending.

    Validation is said to rise only where its slope's interval lies above 0, and the losses to part only where the
    ratio's interval lies above a threshold: a word with less behind it is no alarm.
    """
    train_steps, train = finite(series.get("train_loss", EMPTY))
    steps, valid = _validation(series)
    plateau = _plateau(series)
    if len(train) < _FEWEST or len(valid) < _FEWEST:
        missing = "no validation file" if not len(valid) and len(train) >= _FEWEST else "too early"
        remedy = "Give a validation file: without one overfitting cannot be seen." if missing[0] == "n" else ""
        return Overfit(Level.EARLY, f"cannot say: {missing}", remedy, None, None, None, plateau)
    ratio = _ratio(train_steps, train, steps, valid)
    half = len(valid) // 2
    trend = slope(steps[half:], valid[half:])
    lowest = int(steps[int(valid.argmin())])
    level, words, remedy = _judged(ratio, trend, lowest, int(steps[-1]))
    numbers = f"valid/train {ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
    flat = f"; token accuracy flat at {plateau.value:.1%} since step {plateau.since_step}" if plateau else ""
    return Overfit(level, f"{words}: {numbers}{flat}", remedy, ratio, trend, lowest, plateau)


def _judged(ratio: Ratio, trend: Slope | None, lowest: int, last: int) -> tuple[Level, str, str]:
    keep = f"Keep the checkpoint nearest to step {lowest}; fewer epochs, a lower learning rate or more data next time."
    rises = trend is not None and trend.low > 0 and lowest < last
    if rises and ratio.low > OVERFIT_RATIOS[0]:
        return Level.BAD, f"overfitting, validation loss was lowest at step {lowest} and rises", keep
    if rises:
        return Level.WATCH, f"validation loss rises since about step {lowest}", keep
    if ratio.low > _PLAIN_RATIO:
        return Level.BAD, "validation loss is more than twice the training loss", keep
    if ratio.low > OVERFIT_RATIOS[1]:
        return Level.WATCH, "train and validation part", "Compare the epochs' checkpoints before the last one is used."
    if ratio.low > OVERFIT_RATIOS[0]:
        return Level.WATCH, "train and validation begin to part", ""
    falls = trend is not None and trend.high < 0
    return Level.HEALTHY, "healthy, validation loss still falls" if falls else "healthy", ""


def _ratio(
    train_steps: npt.NDArray[np.int64],
    train: npt.NDArray[np.float64],
    steps: npt.NDArray[np.int64],
    valid: npt.NDArray[np.float64],
) -> Ratio:
    """The mean of the last validation losses over that of the training losses of the same stretch.

    The interval is of the logarithm, by the delta method (Casella and Berger 2002, 5.5.4), each mean's error from the
    scatter around a line through its stretch, with Student's t of the smaller stretch.
    """
    width = min(_WINDOW, max(_FEWEST, len(valid) // 4))
    tail, since = valid[-width:], steps[-min(width, len(steps))]
    near = train[train_steps >= since]
    near = near if len(near) >= _FEWEST else train[-_FEWEST:]
    top, bottom = float(tail.mean()), float(near.mean())
    if top <= 0 or bottom <= 0:
        return Ratio(0.0, math.inf if bottom <= 0 < top else 1.0, math.inf)
    spread = math.hypot(_error(tail) / top, _error(near) / bottom)
    # More than e^700 is no number any more.
    reach = min(700.0, student_quantile(_LEVEL, min(len(tail), len(near)) - 1) * spread)
    middle = top / bottom
    return Ratio(middle * math.exp(-reach), middle, middle * math.exp(reach))


def _error(values: npt.NDArray[np.float64]) -> float:
    """The standard error of a mean, from the scatter around a straight line: a falling curve is not noise."""
    x = np.arange(len(values), dtype=np.float64)
    x -= x.mean()
    residuals = values - values.mean() - x * float((x * values).sum() / (x * x).sum())
    return math.sqrt(float((residuals**2).sum()) / (len(values) - 2) / len(values))


def _plateau(series: Mapping[str, Series]) -> Plateau | None:
    for metric in ("full_valid_mean_token_accuracy", "valid_mean_token_accuracy", "train_mean_token_accuracy"):
        steps, values = finite(series.get(metric, EMPTY))
        half = len(values) // 2
        trend = slope(steps[half:], values[half:])
        if trend is None:
            continue
        span = float(steps[-1] - steps[half])
        flat = trend.high * span < _FLAT and trend.low * span > -_FLAT
        return Plateau(metric, float(values[half:].mean()), int(steps[half])) if flat else None
    return None


def _validation(series: Mapping[str, Series]) -> Series:
    """The validation loss that says most: over all rows where it was measured often enough, else over samples."""
    whole = finite(series.get("full_valid_loss", EMPTY))
    return whole if len(whole[1]) >= _FEWEST * 2 else finite(series.get("valid_loss", EMPTY))
