"""Smooth a training curve; the raw points stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .errors import StatisticsInputError
from .inputs import Floats, vector


def smooth(values: ArrayLike, weight: float) -> Floats:
    """Return the exponential moving average of values (steps,) with bias correction, in their unit.

    s_t = weight * s_(t-1) + (1 - weight) * x_t from s_0 = 0, shown as s_t / (1 - weight^t), so that the first point
    is itself. A NaN stays NaN and leaves the average as it was. Source: Kingma and Ba 2015, section 3.
    Raises StatisticsInputError unless 0 <= weight < 1.
    """
    if not 0 <= weight < 1:
        raise StatisticsInputError(f"The weight of smoothing must be at least 0 and below 1, not {weight}.")
    raw = vector(values, "Values")
    known = ~np.isnan(raw)
    smoothed = np.full(len(raw), np.nan)
    average, remaining, points = 0.0, 1.0, []
    for value in raw[known].tolist():
        average = weight * average + (1 - weight) * value
        remaining *= weight
        points.append(average / (1 - remaining))
    smoothed[known] = points
    return smoothed
