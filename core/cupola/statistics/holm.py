"""Holm's correction of the p values that one screen shows together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .errors import StatisticsInputError
from .inputs import Floats, vector


def holm(p: ArrayLike) -> Floats:
    """Return the Holm-corrected p values (family,), in the order of the raw ones.

    The k-th smallest of m is multiplied by m - k + 1 and kept from falling below a smaller one. NaN stands for a
    comparison without a p: it is not part of the family and stays NaN. Source: Holm 1979.
    Raises StatisticsInputError if a p lies outside [0, 1].
    """
    raw = vector(p, "p values")
    corrected = np.full(len(raw), np.nan)
    known = np.flatnonzero(~np.isnan(raw))
    if not len(known):
        return corrected
    if raw[known].min() < 0 or raw[known].max() > 1:
        raise StatisticsInputError("A p value must lie from 0 to 1.")
    order = known[np.argsort(raw[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(raw[order] * factors), 1.0)
    return corrected
