"""The two ways to the next token, from the vocabulary or copied from what stands before (See et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from .tape import Array, Ints, Tape, Value

GATE_BIAS = np.float32(-1.0)
"""The copy gate starts out mostly shut."""
_TINY = np.float32(1e-12)


def softmax(scores: Array) -> Array:
    """Shares along the last axis."""
    shares: Array = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    return shares


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), for any x."""
    out: Array = (0.5 * (1 + np.tanh(0.5 * x))).astype(np.float32)
    return out


def mixture(vocabulary: Array, copied: Array, sources: Ints, gate: Array) -> Array:
    """The full distribution [N, V]: vocabulary shares [N, V] and copy shares [N, T] of the tokens `sources` [N, T].

    `gate` [N] is the probability of copying.
    """
    count, size = vocabulary.shape
    flat = (sources + np.arange(count)[:, None] * size).ravel()
    mass = np.bincount(flat, weights=(copied * gate[:, None]).ravel(), minlength=count * size)
    return vocabulary * (1 - gate)[:, None] + mass.reshape(count, size).astype(np.float32)


class Prediction:
    """What a batch's predictions came out as."""

    def __init__(self, logp: Value, parts: tuple[Array, Array, Ints, Array], targets: Ints) -> None:
        self.logp = logp
        """[N]"""
        self._parts = parts
        self._targets = targets

    def hits(self) -> npt.NDArray[np.bool_]:
        """[N] whether the target was the likeliest token."""
        hits: npt.NDArray[np.bool_] = mixture(*self._parts).argmax(-1) == self._targets
        return hits


def predict(
    tape: Tape, hidden: Value, leaf: Mapping[str, Value], tokens: Ints, rows: Ints, columns: Ints, targets: Ints
) -> Prediction:
    """The log-probability of each target under the mixture of vocabulary and copying.

    Args:
        tape: Where the way back is recorded.
        hidden: [B, T, d] normalised states.
        leaf: The arrays `embedding`, `copy_query`, `copy_key` and `copy_gate`.
        tokens: [B, T]
        rows: [N] sequence of each prediction
        columns: [N] position of each prediction
        targets: [N]
    """
    embedding, w_query, w_key, w_gate = (leaf[name] for name in ("embedding", "copy_query", "copy_key", "copy_gate"))
    state = hidden.data[rows, columns]
    each = np.arange(len(rows))
    shares = softmax(state @ embedding.data.T)
    gate = sigmoid((state @ w_gate.data)[:, 0] + GATE_BIAS)
    scale = np.float32(w_query.data.shape[1] ** -0.5)
    # Only the stretch of positions that predictions are made from asks; padded to all sequences, gathered after.
    first = int(columns.min()) if len(columns) else 0
    asking = hidden.data[:, first:]
    query, key = asking @ w_query.data * scale, hidden.data @ w_key.data
    score = query @ key.swapaxes(-1, -2)
    causal = np.tri(tokens.shape[1], dtype=bool)[first:]
    copied = softmax(np.where(causal, score, np.float32(-1e9)))
    pointed = copied[rows, columns - first]
    sources = tokens[rows]
    same = sources == targets[:, None]
    p_vocabulary, p_copy = shares[each, targets], np.einsum("nt,nt->n", pointed, same)
    p = np.maximum((1 - gate) * p_vocabulary + gate * p_copy, _TINY)

    def step(grad: Array) -> None:
        pull = grad / p
        grad_logit = -shares * (pull * (1 - gate) * p_vocabulary)[:, None]
        grad_logit[each, targets] += pull * (1 - gate) * p_vocabulary
        grad_gate = pull * (p_copy - p_vocabulary) * gate * (1 - gate)
        grad_score = np.zeros_like(score)
        grad_score[rows, columns - first] = (pull * gate)[:, None] * pointed * (same - p_copy[:, None])
        grad_query = grad_score @ key * scale
        grad_key = grad_score.swapaxes(-1, -2) @ query
        embedding.add_grad(grad_logit.T @ state)
        w_gate.add_grad((state * grad_gate[:, None]).sum(0)[:, None])
        width = asking.shape[-1]
        w_query.add_grad(asking.reshape(-1, width).T @ grad_query.reshape(-1, grad_query.shape[-1]))
        w_key.add_grad(hidden.data.reshape(-1, width).T @ grad_key.reshape(-1, grad_key.shape[-1]))
        grad_hidden = grad_key @ w_key.data.T
        grad_hidden[:, first:] += grad_query @ w_query.data.T
        grad_hidden[rows, columns] += grad_logit @ embedding.data + grad_gate[:, None] * w_gate.data[:, 0]
        hidden.add_grad(grad_hidden.astype(np.float32))

    logp = tape.record(Value(np.log(p)), step)
    return Prediction(logp, (shares, pointed, sources, gate), targets)
