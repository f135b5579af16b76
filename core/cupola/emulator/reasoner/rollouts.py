"""Batches of answers: several puzzles, several answers each, several thoughts an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .features import SIZE, Flags, Floats
from .policy import Choices, Thoughts, choose, draws_per_thought, expression, think

_DRAWS_PER_CHOICE = 3
_MAX_THOUGHTS = 4096
"""Thoughts drawn at a time."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One answer to one puzzle."""

    expression: str
    value: float
    """The value of the expression."""
    claims_target: bool
    prose: bool
    thought_tokens: int
    """The length of all its thoughts."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One answer to draw: the puzzle, the form, and the random numbers that decide it."""

    nums: tuple[int, ...]
    target: int
    json_asked: bool
    json_forced: bool
    rng: np.random.Generator


def roll_out(
    weights: Floats, prompts: Sequence[Prompt], thoughts: int, *, temperature: float = 1.0, with_scores: bool = False
) -> tuple[list[Rollout], Floats]:
    """Answer each prompt after `thoughts` thoughts.

    Returns the answers in order and, if asked for, the gradients of their log-probabilities (R, SIZE): the mean
    over an answer's thoughts plus its choices. Each answer follows from its own `rng`, whatever else is in the batch.
    """
    rollouts: list[Rollout | None] = [None] * len(prompts)
    scores = np.zeros((len(prompts) if with_scores else 0, SIZE))
    for where in _batches(prompts, thoughts):
        batch = [prompts[i] for i in where]
        drawn, chosen = _draw(weights, batch, thoughts, temperature, with_scores)
        for place, rollout in zip(where, _finish(batch, drawn, chosen, thoughts), strict=True):
            rollouts[place] = rollout
        if with_scores:
            scores[where] = drawn.scores.reshape(len(batch), thoughts, SIZE).mean(axis=1) + chosen.scores
    return [rollout for rollout in rollouts if rollout is not None], scores


def _batches(prompts: Sequence[Prompt], thoughts: int) -> Iterator[list[int]]:
    """Yield the places of prompts with equally many numbers, few enough at a time to keep memory small."""
    most = max(1, _MAX_THOUGHTS // thoughts)
    for numbers in sorted({len(prompt.nums) for prompt in prompts}):
        where = [i for i, prompt in enumerate(prompts) if len(prompt.nums) == numbers]
        for start in range(0, len(where), most):
            yield where[start : start + most]


def _draw(
    weights: Floats, prompts: Sequence[Prompt], thoughts: int, temperature: float, with_scores: bool
) -> tuple[Thoughts, Choices]:
    numbers = len(prompts[0].nums)
    uniforms = np.concatenate([p.rng.random((thoughts, draws_per_thought(numbers))) for p in prompts])
    targets = np.array([float(p.target) for p in prompts])
    values = np.repeat(np.array([p.nums for p in prompts], dtype=np.float64), thoughts, axis=0)
    drawn = think(
        weights,
        values,
        np.repeat(targets, thoughts),
        uniforms,
        with_scores=with_scores,
    )
    chosen = choose(
        weights,
        drawn,
        targets,
        _flags(p.json_asked for p in prompts),
        np.stack([p.rng.random(_DRAWS_PER_CHOICE) for p in prompts]),
        temperature=temperature,
        json_forced=_flags(p.json_forced for p in prompts),
    )
    return drawn, chosen


def _finish(prompts: Sequence[Prompt], drawn: Thoughts, chosen: Choices, thoughts: int) -> list[Rollout]:
    picked = np.arange(len(prompts)) * thoughts + chosen.thought
    tokens = drawn.tokens.reshape(len(prompts), thoughts).sum(axis=1)
    return [
        Rollout(
            expression=expression(prompt.nums, drawn.steps[index]),
            value=float(drawn.values[index]),
            claims_target=bool(chosen.claims_target[i]),
            prose=bool(chosen.prose[i]),
            thought_tokens=int(tokens[i]),
        )
        for i, (prompt, index) in enumerate(zip(prompts, picked, strict=True))
    ]


def _flags(flags: Iterable[bool]) -> Flags:
    return np.array(list(flags), dtype=bool)
