"""The talker's network: a decoder-only transformer with tied embeddings and a copy head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cupola.emulator.engine import Weights

from .attention import attend
from .pointer import Prediction, predict
from .tape import Array, Ints, Tape, Value, add, embed, matmul, relu_squared, rms_norm

CONTEXT: Final = 256
"""Tokens a sequence may have, prompt and answer together."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network."""

    width: int
    layers: int
    heads: int
    vocabulary: int
    copy_width: int = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences padded at the right, and which of their next tokens are to be predicted."""

    tokens: Ints
    """[B, T]"""
    rows: Ints
    """[N] the sequence of each prediction"""
    columns: Ints
    """[N] the position that the prediction is made from"""
    targets: Ints
    """[N] the token that follows there"""


def initial_weights(shape: Shape, rng: np.random.Generator) -> Weights:
    """Random weights to begin pretraining from; what writes into the residual stream begins at zero."""

    def normal(rows: int, columns: int, scale: float) -> Array:
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    d = shape.width
    weights: Weights = {
        "heads": np.array(shape.heads, np.int64),
        "embedding": normal(shape.vocabulary, d, 0.05),
        "previous": np.full(d, 0.3, np.float32),
        "copy_query": normal(d, shape.copy_width, d**-0.5),
        "copy_key": normal(d, shape.copy_width, d**-0.5),
        "copy_gate": np.zeros((d, 1), np.float32),
    }
    for i in range(shape.layers):
        weights[f"layer{i}.attend_in"] = normal(d, 3 * d, d**-0.5)
        weights[f"layer{i}.attend_out"] = np.zeros((d, d), np.float32)
        weights[f"layer{i}.expand"] = normal(d, 4 * d, d**-0.5)
        weights[f"layer{i}.contract"] = np.zeros((4 * d, d), np.float32)
    return weights


def trainable(weights: Weights) -> list[str]:
    """The names of the arrays that learning changes, in a fixed order."""
    return sorted(name for name in weights if name != "heads")


def layer_count(weights: Weights) -> int:
    """How many layers the weights hold."""
    return sum(name.endswith(".expand") for name in weights)


class Network:
    """The one primitive of every training method: log-probabilities of a batch, and gradients from weights on them."""

    def __init__(self, weights: Weights) -> None:
        """`weights` are used as they are, so an optimizer that changes them in place changes the network."""
        self.arrays = weights
        self._leaves: dict[str, Value] = {}
        self._tape = Tape()
        self._prediction: Prediction | None = None

    def logp(self, batch: Batch) -> Array:
        """The log-probability [N] of each target token of the batch."""
        tape = self._tape = Tape()
        leaf = self._leaves = {name: Value(self.arrays[name]) for name in trainable(self.arrays)}
        previous = np.concatenate([np.full_like(batch.tokens[:, :1], -1), batch.tokens[:, :-1]], axis=1)
        x = rms_norm(tape, embed(tape, leaf["embedding"], leaf["previous"], batch.tokens, previous))
        for i in range(layer_count(self.arrays)):
            x = self._layer(tape, x, f"layer{i}.")
        self._prediction = predict(
            tape, rms_norm(tape, x), leaf, batch.tokens, batch.rows, batch.columns, batch.targets
        )
        return self._prediction.logp.data

    def hits(self) -> npt.NDArray[np.bool_]:
        """Which targets [N] of the last batch were the likeliest token there."""
        if self._prediction is None:
            raise RuntimeError("hits are known only after logp")
        return self._prediction.hits()

    def backward(self, weights: Array) -> Weights:
        """The gradient of sum(weights * logp) for every array, after `logp` of the same batch."""
        if self._prediction is None:
            raise RuntimeError("backward needs a logp before it, once for each")
        self._tape.backward(self._prediction.logp, weights.astype(np.float32))
        self._prediction = None
        return {
            name: leaf.grad if leaf.grad is not None else np.zeros_like(leaf.data)
            for name, leaf in self._leaves.items()
        }

    def _layer(self, tape: Tape, x: Value, name: str) -> Value:
        leaf = self._leaves
        heads = int(self.arrays["heads"])
        projected = matmul(tape, rms_norm(tape, x), leaf[name + "attend_in"])
        x = add(tape, x, matmul(tape, attend(tape, projected, heads), leaf[name + "attend_out"]))
        wide = relu_squared(tape, matmul(tape, rms_norm(tape, x), leaf[name + "expand"]))
        return add(tape, x, matmul(tape, wide, leaf[name + "contract"]))
