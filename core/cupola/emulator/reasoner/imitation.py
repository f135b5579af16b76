"""Imitation of solution paths of random puzzles, of good choices among thoughts, and of honest answers."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from .choices import logistic, softmax, softmax_score, with_bias
from .features import OPERATIONS, SIZE, SLICES, TOLERANCE, Floats, Integers, moves, operands, pairs, phase
from .optimizer import Adam
from .policy import draws_per_thought, think, thought_features

RATE = 0.05
BATCH = 64
_NUMBERS = 4
_TARGETS = range(10, 101)
_OTHER_THOUGHTS = 7


@dataclass(frozen=True, slots=True)
class Path:
    """A puzzle with one way to solve it."""

    nums: tuple[int, ...]
    target: int
    steps: tuple[int, ...]
    """A move for each number but one."""


def imitate(weights: Floats, steps: int, seed: int) -> Floats:
    """Return the weights (SIZE,) after some steps of maximum likelihood on random solution paths."""
    draw = random.Random(seed)
    rng = np.random.default_rng(seed)
    optimizer = Adam.start()
    for _ in range(steps):
        paths = [random_path(draw) for _ in range(BATCH)]
        gradient = _path_gradient(weights, paths) + _answer_gradient(weights, paths, rng)
        weights = optimizer.ascend(weights, gradient, RATE)
    return weights


def random_path(draw: random.Random) -> Path:
    """Combine random numbers by random moves until the value is a whole number that may be a target."""
    while True:
        nums = tuple(draw.randint(1, 99) for _ in range(_NUMBERS))
        steps: list[int] = []
        value = _combine(draw, [float(number) for number in nums], steps)
        if value is not None and round(value) in _TARGETS and abs(value - round(value)) < TOLERANCE:
            return Path(nums, round(value), tuple(steps))


def _combine(draw: random.Random, terms: list[float], steps: list[int]) -> float | None:
    while len(terms) > 1:
        k = len(terms)
        kind = draw.choice("+*-/")
        pair = draw.randrange(k * (k - 1) // 2)
        operation = draw.choice([i for i, sign in enumerate(OPERATIONS) if sign == kind])
        step = pair * len(OPERATIONS) + operation
        left, right, _ = operands(step, k)
        a, b = terms[left], terms[right]
        if kind == "/" and (b == 0.0 or abs(a / b - round(a / b)) > TOLERANCE):
            return None
        steps.append(step)
        value = a + b if kind == "+" else a * b if kind == "*" else a - b if kind == "-" else a / b
        terms = [terms[i] for i in pairs(k)[2][pair]] + [value]
    return terms[0]


def _path_gradient(weights: Floats, paths: list[Path]) -> Floats:
    """Return the gradient of the log-likelihood of the paths' moves, and of going on between them."""
    values, targets, steps = _arrays(paths)
    gradient = np.zeros(SIZE)
    rows = np.arange(len(paths))
    for turn in range(_NUMBERS - 1):
        k = _NUMBERS - turn
        part = SLICES[phase(k)]
        options = moves(values, targets)
        probabilities = softmax(options.features @ weights[part], options.allowed)
        step = steps[:, turn]
        gradient[part] += softmax_score(options.features, probabilities, step).mean(axis=0)
        merged = options.values[rows, step]
        values = np.concatenate([values[rows[:, None], pairs(k)[2][step // len(OPERATIONS)]], merged[:, None]], axis=1)
        if k > 2:
            gradient[SLICES["stop"]] += _refusal(weights, "stop", with_bias(np.abs(merged - targets) < TOLERANCE))
    return gradient


def _answer_gradient(weights: Floats, paths: list[Path], rng: np.random.Generator) -> Floats:
    """Return the gradient of choosing the solution among the policy's own thoughts, and of answering honestly."""
    starts, targets, _ = _arrays(paths)
    count = len(paths)
    thoughts = think(
        weights,
        np.repeat(starts, _OTHER_THOUGHTS, axis=0),
        np.repeat(targets, _OTHER_THOUGHTS),
        rng.random((count * _OTHER_THOUGHTS, draws_per_thought(_NUMBERS))),
    )
    values = np.concatenate([targets[:, None], thoughts.values.reshape(count, -1)], axis=1)
    complete = np.concatenate([np.ones((count, 1), dtype=bool), thoughts.complete.reshape(count, -1)], axis=1)
    seen = thought_features(values, complete, targets)
    probabilities = softmax(seen @ weights[SLICES["select"]])
    gradient = np.zeros(SIZE)
    solution = np.zeros(count, dtype=np.int64)
    gradient[SLICES["select"]] = softmax_score(seen, probabilities, solution).mean(axis=0)
    always = with_bias(np.ones(count, dtype=bool))
    for group in ("claim_target", "prose"):
        gradient[SLICES[group]] = _refusal(weights, group, always)
    return gradient


def _refusal(weights: Floats, group: str, seen: Floats) -> Floats:
    """Return the mean score of saying no."""
    mean: Floats = (-logistic(weights[SLICES[group]], seen)[:, None] * seen).mean(axis=0)
    return mean


def _arrays(paths: list[Path]) -> tuple[Floats, Floats, Integers]:
    values = np.array([path.nums for path in paths], dtype=np.float64)
    targets = np.array([path.target for path in paths], dtype=np.float64)
    return values, targets, np.array([path.steps for path in paths], dtype=np.int64)
