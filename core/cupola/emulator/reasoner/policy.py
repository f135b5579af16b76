"""The log-linear policy: thoughts that combine numbers move by move, and the choice of an answer among them.

Temperature sharpens or flattens the choice among thoughts, never the thoughts themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .choices import decide, pick, softmax, softmax_score, with_bias
from .features import (
    SIZE,
    SLICES,
    TOLERANCE,
    Flags,
    Floats,
    Integers,
    moves,
    nearness,
    operands,
    pairs,
    phase,
    whole,
)

_TOKENS_PER_MOVE = 4
"""An operation, two signs around the result and a separator; the three numbers are counted by themselves."""


@dataclass(frozen=True, slots=True)
class Thoughts:
    """A batch of thoughts about puzzles of `k` numbers each."""

    values: Floats
    """(B,): the last result."""
    complete: Flags
    """(B,): whether all numbers were used."""
    steps: Integers
    """(B, k - 1): the moves taken; -1 after stopping."""
    tokens: Integers
    """(B,): how long the thought is, in the policy's own tokens: numbers, signs and separators."""
    scores: Floats
    """(B, SIZE): the gradient of the thought's log-probability; empty if it was not asked for."""


@dataclass(frozen=True, slots=True)
class Choices:
    """For each of R answers, the thought answered with, and how."""

    thought: Integers
    """(R,): index among the answer's own thoughts."""
    claims_target: Flags
    """(R,): whether the target is claimed instead of the value found."""
    prose: Flags
    """(R,): whether the answer is a sentence instead of JSON."""
    scores: Floats
    """(R, SIZE): the gradient of the log-probability of these three choices."""


def draws_per_thought(k: int) -> int:
    """Return how many uniform numbers a thought about `k` numbers uses up."""
    return 2 * (k - 1)


def think(
    weights: Floats,
    values: Floats,
    targets: Floats,
    uniforms: Floats,
    *,
    with_scores: bool = False,
) -> Thoughts:
    """Draw one thought for each row of `values` (B, k) and `targets` (B,) from `uniforms` (B, draws_per_thought)."""
    batch, numbers = values.shape
    going = np.ones(batch, dtype=bool)
    steps = np.full((batch, numbers - 1), -1, dtype=np.int64)
    tokens = np.zeros(batch, dtype=np.int64)
    result = values[:, 0].copy()
    scores = np.zeros((batch, SIZE if with_scores else 0))
    rows = np.arange(batch)
    for turn in range(numbers - 1):
        k = numbers - turn
        part = SLICES[phase(k)]
        options = moves(values, targets)
        probabilities = softmax(options.features @ weights[part], options.allowed)
        move = pick(probabilities, uniforms[:, 2 * turn])
        if with_scores:
            scores[:, part] += going[:, None] * softmax_score(options.features, probabilities, move)
        steps[going, turn] = move[going]
        merged = options.values[rows, move]
        tokens += going * (_TOKENS_PER_MOVE + _number_tokens(values, merged, move, k))
        result = np.where(going, merged, result)
        _, _, rest = pairs(k)
        values = np.concatenate([values[rows[:, None], rest[move // 6]], merged[:, None]], axis=1)
        if k > 2:
            going = _go_on(weights, going, result, targets, uniforms[:, 2 * turn + 1], scores)
    return Thoughts(result, going, steps, tokens, scores)


def choose(
    weights: Floats,
    thoughts: Thoughts,
    targets: Floats,
    json_asked: Flags,
    uniforms: Floats,
    *,
    temperature: float = 1.0,
    json_forced: Flags | None = None,
) -> Choices:
    """Choose, for R answers of n thoughts each (B = R * n, in order), what to answer.

    `targets`, `json_asked` and `json_forced` are (R,), `uniforms` is (R, 3). A forced form is no choice.
    """
    answers = len(targets)
    values = thoughts.values.reshape(answers, -1)
    goal = targets[:, None]
    exact = np.abs(values - goal) < TOLERANCE
    seen = thought_features(values, thoughts.complete.reshape(answers, -1), targets)
    probabilities = softmax(seen @ weights[SLICES["select"]], None, temperature)
    thought = pick(probabilities, uniforms[:, 0])
    rows = np.arange(answers)
    scores = np.zeros((answers, SIZE))
    scores[:, SLICES["select"]] = softmax_score(seen, probabilities, thought)
    missed = ~exact[rows, thought]
    claims, scores[:, SLICES["claim_target"]] = decide(
        weights[SLICES["claim_target"]], with_bias(missed), uniforms[:, 1], temperature
    )
    prose, prose_scores = decide(weights[SLICES["prose"]], with_bias(json_asked), uniforms[:, 2], temperature)
    if json_forced is not None:
        prose &= ~json_forced
        prose_scores[json_forced] = 0.0
    scores[:, SLICES["prose"]] = prose_scores
    return Choices(thought, claims & missed, prose, scores)


def thought_features(values: Floats, complete: Flags, targets: Floats) -> Floats:
    """Return what the choice among thoughts (R, n) looks at: (R, n, 4)."""
    goal = targets[:, None]
    exact = np.abs(values - goal) < TOLERANCE
    return np.stack([complete, exact, nearness(values, goal), whole(values)], axis=-1).astype(np.float64)


def expression(nums: tuple[int, ...], steps: Integers) -> str:
    """Return the expression that a thought's moves (k - 1,) build from the numbers."""
    terms = [str(number) if number >= 0 else f"({number})" for number in nums]
    for move in steps:
        if move < 0:
            break
        left, right, operation = operands(int(move), len(terms))
        merged = f"({terms[left]} {operation} {terms[right]})"
        terms = [term for i, term in enumerate(terms) if i not in (left, right)] + [merged]
    return terms[-1].removeprefix("(").removesuffix(")") if " " in terms[-1] else terms[-1]


def _go_on(
    weights: Floats,
    going: Flags,
    result: Floats,
    targets: Floats,
    uniforms: Floats,
    scores: Floats,
) -> Flags:
    """Decide which thoughts go on, and add that choice to `scores` if these are wanted."""
    part = SLICES["stop"]
    hits = np.abs(result - targets) < TOLERANCE
    stopped, score = decide(weights[part], with_bias(hits), uniforms)
    if scores.shape[1]:
        scores[:, part] += going[:, None] * score
    return going & ~stopped


def _number_tokens(values: Floats, merged: Floats, move: Integers, k: int) -> Integers:
    """Return the tokens of a move's two operands and its result: one each, two more for a fraction, one for a sign."""
    first, second, _ = pairs(k)
    rows = np.arange(len(values))
    written = np.stack([values[rows, first[move // 6]], values[rows, second[move // 6]], merged])
    tokens: Integers = (1 + 2 * ~whole(written) + (written < 0)).sum(axis=0).astype(np.int64)
    return tokens
