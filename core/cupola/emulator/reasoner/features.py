"""The named weights of the policy, and what each of them looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ..engine import Weights

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_OPERATION = ("subtract", "multiply", "divide")
_OPENING = (*_OPERATION, "fraction", "negative", "trivial", "large", "divides", "near", "hits")
_MIDDLE = (*_OPENING, "finishable")
_LAST = (*_OPERATION, "fraction", "negative", "near", "hits")

GROUPS: dict[str, tuple[str, ...]] = {
    "opening": _OPENING,
    "middle": _MIDDLE,
    "last": _LAST,
    "stop": ("bias", "hits"),
    "select": ("complete", "exact", "near", "whole"),
    "claim_target": ("bias", "missed"),
    "prose": ("bias", "json_asked"),
}
"""The weights by the choice that they decide. `opening`, `middle` and `last`: which two numbers and which
operation, with four or more, three, or two numbers left. `stop`: whether to stop before all are used. `select`:
which thought to answer with. `claim_target`: whether to claim the target instead of the value found. `prose`:
whether to answer in a sentence instead of JSON."""

NAMES = tuple(f"{group}.{name}" for group, names in GROUPS.items() for name in names)
SIZE = len(NAMES)


def _slices() -> dict[str, slice]:
    slices: dict[str, slice] = {}
    start = 0
    for group, names in GROUPS.items():
        slices[group] = slice(start, start + len(names))
        start += len(names)
    return slices


SLICES = _slices()
TOLERANCE = 1e-6
OPERATIONS = ("+", "*", "-", "-", "/", "/")
"""Moves on a pair (a, b): a + b, a * b, a - b, b - a, a / b, b / a."""
_SWAPPED = (False, False, False, True, False, True)


@dataclass(frozen=True, slots=True)
class Moves:
    """All moves of a batch of states with `k` numbers left: `M = 6 * k * (k - 1) / 2`."""

    values: Floats
    """(B, M): what each move gives; 0 where it is not allowed."""
    allowed: Flags
    """(B, M): false for a division by zero and for results beyond all measure."""
    features: Floats
    """(B, M, F): of the phase's weights."""


@cache
def pairs(k: int) -> tuple[Integers, Integers, Integers]:
    """Return, for `k` terms, the two indices of each pair (P,) and the indices of the rest (P, k - 2)."""
    first, second = np.triu_indices(k, 1)
    rest = [[i for i in range(k) if i not in (a, b)] for a, b in zip(first, second, strict=True)]
    return first.astype(np.int64), second.astype(np.int64), np.array(rest, dtype=np.int64).reshape(len(first), k - 2)


def phase(k: int) -> str:
    """Return the group of weights that decides a move with `k` numbers left."""
    return "last" if k == 2 else "middle" if k == 3 else "opening"


def operands(move: int, k: int) -> tuple[int, int, str]:
    """Return a move's left and right term and its operation."""
    first, second, _ = pairs(k)
    pair, operation = divmod(move, len(OPERATIONS))
    left, right = int(first[pair]), int(second[pair])
    if _SWAPPED[operation]:
        left, right = right, left
    return left, right, OPERATIONS[operation]


def moves(values: Floats, targets: Floats) -> Moves:
    """Return every move from states `values` (B, k) towards `targets` (B,), with its features."""
    batch, k = values.shape
    first, second, rest = pairs(k)
    results, allowed = _results(values[:, first], values[:, second])
    goal = targets[:, None, None]
    known = _known(results, goal)
    known["trivial"] = _trivial(results, values[:, first], values[:, second])
    if k == 3:
        known["finishable"] = _finishable(results, values[:, rest[:, 0]][:, :, None], goal)
    operation = np.arange(len(OPERATIONS))
    for name, kinds in (("subtract", (2, 3)), ("multiply", (1,)), ("divide", (4, 5))):
        known[name] = np.broadcast_to(np.isin(operation, kinds), results.shape)
    features = np.stack([known[name] for name in GROUPS[phase(k)]], axis=-1).astype(np.float64)
    total = len(first) * len(OPERATIONS)
    return Moves(
        results.reshape(batch, total), allowed.reshape(batch, total), features.reshape(batch, total, features.shape[-1])
    )


def nearness(values: Floats, targets: Floats) -> Floats:
    """Return 1 at the target, 1/2 at a distance of 5, towards 0 far away."""
    return 1.0 / (1.0 + np.abs(values - targets) / 5.0)


def whole(values: Floats) -> Flags:
    """Return which values are whole numbers."""
    return np.abs(values - np.round(values)) < TOLERANCE


def vector(weights: Weights) -> Floats:
    """Return named weights as one vector (SIZE,); a missing name is 0."""
    return np.array([float(weights.get(name, np.float64(0.0))) for name in NAMES])


def named(weights: Floats) -> Weights:
    """Return a vector (SIZE,) as named weights."""
    return {name: np.asarray(value) for name, value in zip(NAMES, weights, strict=True)}


def _results(a: Floats, b: Floats) -> tuple[Floats, Flags]:
    """Return the six results (B, P, 6) of every pair, and which of them are allowed."""
    safe_a, safe_b = np.where(a == 0.0, 1.0, a), np.where(b == 0.0, 1.0, b)
    results = np.stack([a + b, a * b, a - b, b - a, a / safe_b, b / safe_a], axis=-1)
    allowed = np.abs(results) < 1e12
    allowed[..., 4] &= b != 0.0
    allowed[..., 5] &= a != 0.0
    return np.where(allowed, results, 0.0), allowed


def _known(results: Floats, goal: Floats) -> dict[str, npt.NDArray[np.generic]]:
    whole_results = whole(results)
    size = np.abs(results)
    divisor = np.where(whole_results & (size > 1.5), np.round(results), np.inf)
    return {
        "fraction": ~whole_results,
        "negative": results < 0.0,
        "large": np.clip(np.log10(np.maximum(size, 1.0)) - 2.0, 0.0, 3.0),
        "divides": np.isfinite(divisor) & (np.abs(np.remainder(goal, np.where(np.isinf(divisor), 1.0, divisor))) < 0.5),
        "near": nearness(results, goal),
        "hits": np.abs(results - goal) < TOLERANCE,
    }


def _trivial(results: Floats, a: Floats, b: Floats) -> Flags:
    """Return which moves give 0 or one of their own operands back."""
    same = (np.abs(results - a[..., None]) < TOLERANCE) | (np.abs(results - b[..., None]) < TOLERANCE)
    return same | (np.abs(results) < TOLERANCE)


def _finishable(results: Floats, other: Floats, goal: Floats) -> Flags:
    """Return after which moves one more reaches the goal."""
    found = np.abs(results + other - goal) < TOLERANCE
    found |= np.abs(results * other - goal) < TOLERANCE
    found |= np.abs(np.abs(results - other) - np.abs(goal)) < TOLERANCE
    found |= (np.abs(other) > TOLERANCE) & (np.abs(results - goal * other) < TOLERANCE)
    found |= (np.abs(results) > TOLERANCE) & (np.abs(other - goal * results) < TOLERANCE)
    return found
