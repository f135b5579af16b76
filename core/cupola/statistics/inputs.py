"""Checks of what comes in, so that no later formula has to ask."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import StatisticsInputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def vector(values: ArrayLike, name: str) -> Floats:
    """Return values as a float vector (n,); NaN means that there is no value.

    Raises StatisticsInputError if they are not numbers, not one-dimensional, or infinite.
    """
    array = _floats(values, name)
    if array.ndim != 1:
        raise StatisticsInputError(f"{name} must be a plain list of numbers, not a {array.ndim}-dimensional one.")
    return array


def table(values: ArrayLike, name: str) -> Floats:
    """Return values as a float table (rows, columns); NaN means that there is no value.

    Raises StatisticsInputError if they are not numbers, not two-dimensional, or infinite.
    """
    array = _floats(values, name)
    if array.ndim != 2:
        raise StatisticsInputError(f"{name} must be a table, not {array.ndim}-dimensional.")
    return array


def _floats(values: ArrayLike, name: str) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StatisticsInputError(f"{name} must be numbers.", str(error)) from error
    if np.isinf(array).any():
        raise StatisticsInputError(f"{name} must be finite.", "There is an infinite value among them.")
    return array


def counts(values: Sequence[int] | NDArray[np.integer], name: str) -> Integers:
    """Return values as an integer array of counts; raises StatisticsInputError if one is negative or not whole."""
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.integer):
        raise StatisticsInputError(f"{name} must be whole numbers.")
    if (array < 0).any():
        raise StatisticsInputError(f"{name} must not be negative.")
    return array.astype(np.int64)


def share(value: float, name: str) -> float:
    """Return value; raises StatisticsInputError unless it lies strictly between 0 and 1."""
    if not 0 < value < 1:
        raise StatisticsInputError(f"{name} must lie between 0 and 1, not be {value}.")
    return value


def rate(value: float, name: str) -> float:
    """Return value; raises StatisticsInputError unless it lies in [0, 1]."""
    if not 0 <= value <= 1:
        raise StatisticsInputError(f"{name} must lie from 0 to 1, not be {value}.")
    return value


def positive(value: float, name: str) -> float:
    """Return value; raises StatisticsInputError unless it is finite and above 0."""
    if not (math.isfinite(value) and value > 0):
        raise StatisticsInputError(f"{name} must be above 0, not {value}.")
    return value


def same_length(first: Floats | Integers, second: Floats | Integers, what: str) -> None:
    """Raise StatisticsInputError unless both have equally many entries along their first axis."""
    if len(first) != len(second):
        raise StatisticsInputError(
            f"{what} must be equally long.", f"They have {len(first)} and {len(second)} entries."
        )
