"""The two kinds of choice the policy makes, a softmax among many and a logistic between two, with their scores.

The score of a choice is the gradient of its log-probability: what was chosen less what was expected.
"""

from __future__ import annotations

import numpy as np

from .features import Flags, Floats, Integers

_MAX_LOGIT = 50.0


def softmax(logits: Floats, allowed: Flags | None = None, temperature: float = 1.0) -> Floats:
    """Return probabilities over the last axis; temperature 0 puts all on the best."""
    if allowed is not None:
        logits = np.where(allowed, logits, -np.inf)
    if temperature == 0.0:
        best = np.zeros_like(logits)
        np.put_along_axis(best, logits.argmax(axis=-1)[..., None], 1.0, axis=-1)
        return best
    weight = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    probabilities: Floats = weight / weight.sum(axis=-1, keepdims=True)
    return probabilities


def softmax_score(features: Floats, probabilities: Floats, chosen: Integers) -> Floats:
    """Return the score (B, F) of choosing `chosen` (B,) among options with `features` (B, M, F)."""
    expected = np.einsum("bm,bmf->bf", probabilities, features)
    score: Floats = features[np.arange(len(chosen)), chosen] - expected
    return score


def pick(probabilities: Floats, uniforms: Floats) -> Integers:
    """Draw an index of the last axis by inverting the cumulative distribution."""
    cumulative = probabilities.cumsum(axis=-1)
    index = (cumulative < uniforms[:, None] * cumulative[:, -1:]).sum(axis=-1)
    picked: Integers = np.minimum(index, probabilities.shape[-1] - 1).astype(np.int64)
    return picked


def decide(weights: Floats, seen: Floats, uniforms: Floats, temperature: float = 1.0) -> tuple[Flags, Floats]:
    """Draw yes or no for each row of `seen` (B, F); return the decisions (B,) and their scores (B, F)."""
    probability = logistic(weights, seen, temperature)
    decided = uniforms < probability
    return decided, (decided - probability)[:, None] * seen


def logistic(weights: Floats, seen: Floats, temperature: float = 1.0) -> Floats:
    """Return the probability of yes for each row of `seen` (B, F)."""
    logits = seen @ weights
    if temperature == 0.0:
        return (logits > 0.0).astype(np.float64)
    probability: Floats = 1.0 / (1.0 + np.exp(-np.clip(logits / temperature, -_MAX_LOGIT, _MAX_LOGIT)))
    return probability


def with_bias(seen: Flags) -> Floats:
    """Return a flag (B,) beside a constant 1: (B, 2)."""
    return np.stack([np.ones(len(seen)), seen.astype(np.float64)], axis=-1)
