"""Batched sampling of answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cupola.emulator.engine import Weights

from .cache import Reader
from .network import CONTEXT
from .tape import Array, Ints
from .tokenizer import END, MARKS, PAD, Tokenizer

_BATCH = 64
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Wish:
    """One answer to be sampled."""

    prompt: Sequence[int]
    """Tokens, shorter than the context."""
    max_tokens: int
    temperature: float
    top_p: float
    rng: np.random.Generator
    stop: tuple[str, ...] = ()


@dataclass(slots=True)
class Sample:
    """An answer, token by token."""

    tokens: list[int] = field(default_factory=list)
    """Without the mark that ends it."""
    logps: list[float] = field(default_factory=list)
    """The log-probability of each token under the model itself, whatever the temperature."""
    alternatives: list[list[tuple[int, float]]] = field(default_factory=list)
    """The likeliest tokens at each place, likeliest first."""
    ended: bool = False
    """Whether the model ended the answer, or a stop text did."""
    stopped: bool = False
    """Whether a stop text ended it."""


def generate(weights: Weights, tokenizer: Tokenizer, wishes: Sequence[Wish], alternatives: int = 0) -> list[Sample]:
    """Sample an answer to each wish; the samples stand in the order of the wishes.

    Args:
        weights: The model.
        tokenizer: Its vocabulary.
        wishes: What to sample; prompts of similar length are read together.
        alternatives: How many alternatives to note at each place.
    """
    samples = [Sample() for _ in wishes]
    order = sorted(range(len(wishes)), key=lambda i: len(wishes[i].prompt))
    for begin in range(0, len(order), _BATCH):
        chosen = order[begin : begin + _BATCH]
        _generate_batch(weights, tokenizer, [wishes[i] for i in chosen], [samples[i] for i in chosen], alternatives)
    return samples


def _generate_batch(
    weights: Weights, tokenizer: Tokenizer, wishes: list[Wish], samples: list[Sample], alternatives: int
) -> None:
    longest = max(len(wish.prompt) for wish in wishes)
    limits = [min(wish.max_tokens, CONTEXT - len(wish.prompt)) for wish in wishes]
    prompts = np.full((len(wishes), longest), PAD, np.int64)
    for row, wish in enumerate(wishes):
        prompts[row, longest - len(wish.prompt) :] = wish.prompt
    room = min(max(limits), CONTEXT - longest)
    reader = Reader(weights, prompts, room)
    shares = reader.begin()
    active = list(range(len(wishes)))
    while True:
        shares[:, [mark for mark in MARKS if mark != END]] = 0
        tokens = _choose(shares, [wishes[i] for i in active])
        for row, i in enumerate(active):
            _note(samples[i], int(tokens[row]), shares[row], alternatives, tokenizer, wishes[i].stop)
        going = [
            row
            for row, i in enumerate(active)
            if not samples[i].ended and len(samples[i].tokens) < min(limits[i], room)
        ]
        if not going:
            return
        if len(going) < len(active):
            reader.keep(np.array(going))
            active = [active[row] for row in going]
        shares = reader.read(tokens[going][:, None])


def _choose(shares: Array, wishes: Sequence[Wish]) -> Ints:
    """One token [B] from each distribution [B, V]; every sampled token costs its generator one draw."""
    chosen: Ints = shares.argmax(-1).astype(np.int64)
    for row, wish in enumerate(wishes):
        if wish.temperature > 0:
            chosen[row] = _draw(shares[row], wish)
    return chosen


def _draw(shares: Array, wish: Wish) -> int:
    logs = np.log(shares.astype(np.float64) + 1e-30) / wish.temperature
    heated = np.exp(logs - logs.max())
    heated[shares <= 0] = 0
    order = np.argsort(-heated, kind="stable")
    cumulated = np.cumsum(heated[order] / heated.sum())
    # The smallest set of tokens whose shares reach top_p, never none.
    last = int(np.searchsorted(cumulated, min(wish.top_p, 1.0)))
    place = np.searchsorted(cumulated, wish.rng.random() * cumulated[min(last, len(order) - 1)], side="right")
    return int(order[min(int(place), last, len(order) - 1)])


def _note(
    sample: Sample, token: int, shares: Array, alternatives: int, tokenizer: Tokenizer, stop: tuple[str, ...]
) -> None:
    if token == END:
        sample.ended = True
        return
    sample.tokens.append(token)
    sample.logps.append(float(np.log(shares[token] + _TINY)))
    if alternatives:
        best = np.argsort(-shares, kind="stable")[:alternatives]
        sample.alternatives.append([(int(i), float(np.log(shares[i] + _TINY))) for i in best if i not in MARKS])
    if stop and any(text in tokenizer.decode(sample.tokens) for text in stop if text):
        sample.ended = sample.stopped = True
