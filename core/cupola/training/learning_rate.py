"""A learning rate that is too high: the validation reward falls where it should rise."""

from __future__ import annotations

import math

import numpy as np

from ..statistics.quantiles import student_quantile
from .auto_evals import AutoEvals, Floats
from .reward_watches import Alarm, moments
from .watches import Level

MOST_MULTIPLIER = 5.0
"""The highest learning_rate_multiplier that the portal offers."""

_FALSE_ALARMS = 0.01
"""How often noise alone may look like a fall, over all pairs of passes together."""


def learning_rate(evals: AutoEvals, multiplier: float | None) -> Alarm | None:
    """The validation reward fell from one pass to a later one by more than chance, or the setting is beyond use.

    Neighbouring passes, and each pass against the first, are compared item by item, clustered by prompt; the threshold
    is that of 1% for all pairs together (Bonferroni, one-sided t). `multiplier` is None where the service chose it.
    """
    beyond = multiplier is not None and multiplier > MOST_MULTIPLIER
    setting = f" at learning_rate_multiplier {multiplier:g}" if multiplier is not None else ""
    falls = _falls(evals)
    remedy = (
        "Cancel, and submit with a tenth of the learning_rate_multiplier; what was trained before the fall is kept."
    )
    if falls:
        first, last, change, reach = min(falls, key=lambda fall: fall[2])
        low, high = _mean(evals.scores[first]), _mean(evals.scores[last])
        several = f", the worst of {len(falls)} such falls" if len(falls) > 1 else ""
        sentence = (
            f"validation reward fell from {low:.3g} at step {evals.steps[first]} to {high:.3g} at step"
            f" {evals.steps[last]}{setting} (by {-change:.3g}, 95% {-change - reach:.2g} to"
            f" {-change + reach:.2g}{several})"
        )
        return Alarm(
            "learning_rate", Level.BAD, f"{sentence}: the learning rate may be too high", remedy, evals.steps[last]
        )
    if beyond:
        sentence = f"learning_rate_multiplier is {multiplier:g}; the portal offers {MOST_MULTIPLIER:g} at most"
        return Alarm("learning_rate", Level.WATCH, f"{sentence}: expect erratic rewards", remedy)
    return None


def _falls(evals: AutoEvals) -> list[tuple[int, int, float, float]]:
    """Pairs of rows whose reward fell beyond chance, with the mean change and the reach of its 95% interval."""
    count = len(evals.steps)
    pairs = sorted({(row - 1, row) for row in range(1, count)} | {(0, row) for row in range(1, count)})
    found = []
    for first, last in pairs:
        apart = moments(evals.scores[last] - evals.scores[first], evals.clusters)
        if apart is None:
            continue
        change, error, clusters = apart
        if change < -error * student_quantile(1 - 2 * _FALSE_ALARMS / len(pairs), clusters) and error > 0:
            found.append((first, last, change, error * student_quantile(0.95, clusters)))
    return found


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan
