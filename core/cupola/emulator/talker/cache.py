"""The network one token at a time: keys and values of what was read are kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cupola.emulator.engine import Weights

from .attention import SHARPNESS, rotate, rotation, split_heads
from .network import CONTEXT, layer_count
from .pointer import GATE_BIAS, mixture, sigmoid, softmax
from .tape import Array, Ints, normalise
from .tokenizer import PAD


class Reader:
    """Reads a batch of sequences side by side and says what may come next.

    Prompts of different lengths are padded at the left. Positions are rotary, so that only distances matter.
    """

    def __init__(self, weights: Weights, prompts: Ints, room: int) -> None:
        """`prompts` [B, T] are padded with `PAD` at the left; `room` is how many tokens may follow."""
        self._weights = weights
        self._heads = int(weights["heads"])
        self._layers = layer_count(weights)
        batch, length = prompts.shape
        width = weights["embedding"].shape[1]
        self._rotation = rotation(CONTEXT, width // self._heads)
        self._tokens = np.full((batch, length + room), PAD, np.int64)
        shape = (batch, self._heads, length + room, width // self._heads)
        self._keys = [np.zeros(shape, np.float32) for _ in range(self._layers)]
        self._values = [np.zeros(shape, np.float32) for _ in range(self._layers)]
        self._copy_keys = np.zeros((batch, length + room, weights["copy_key"].shape[1]), np.float32)
        self._length = 0
        self._prompts = prompts

    def begin(self) -> Array:
        """Read the prompts; the distribution [B, V] of the first token."""
        return self.read(self._prompts)

    def read(self, tokens: Ints) -> Array:
        """Read more tokens [B, n]; the distribution [B, V] of the token after them."""
        start, end = self._length, self._length + tokens.shape[1]
        self._tokens[:, start:end] = tokens
        self._length = end
        x = self._embed(start, end)
        visible = self._visible(start, end)
        for i in range(self._layers):
            x = self._layer(x, i, start, end, visible)
        hidden = normalise(x)[0]
        self._copy_keys[:, start:end] = hidden @ self._weights["copy_key"]
        return self._distribution(hidden[:, -1], end)

    def keep(self, rows: npt.NDArray[np.intp]) -> None:
        """Go on with these sequences only."""
        self._tokens, self._copy_keys = self._tokens[rows], self._copy_keys[rows]
        self._keys = [keys[rows] for keys in self._keys]
        self._values = [values[rows] for values in self._values]

    def _embed(self, start: int, end: int) -> Array:
        table = self._weights["embedding"]
        before = np.full((len(self._tokens), end - start), PAD, np.int64)
        before[:, max(0, 1 - start) :] = self._tokens[:, max(0, start - 1) : end - 1]
        real = (before != PAD)[..., None].astype(np.float32)
        mixed: Array = table[self._tokens[:, start:end]] + self._weights["previous"] * (table[before] * real)
        return normalise(mixed)[0]

    def _visible(self, start: int, end: int) -> Array:
        """[B, 1, n, end]: 1 where a position may look; padding sees only itself, so that nothing is divided by 0."""
        causal = np.tri(end - start, end, start, dtype=bool)
        itself = np.eye(end - start, end, start, dtype=bool)
        real = (self._tokens[:, :end] != PAD)[:, None, :]
        visible: Array = ((causal & real) | itself)[:, None].astype(np.float32)
        return visible

    def _layer(self, x: Array, i: int, start: int, end: int, visible: Array) -> Array:
        weights, name = self._weights, f"layer{i}."
        projected = normalise(x)[0] @ weights[name + "attend_in"]
        q, k, v = (split_heads(part, self._heads) for part in np.split(projected, 3, axis=-1))
        cosine, sine = (table[start:end] for table in self._rotation)
        self._keys[i][:, :, start:end] = rotate(normalise(k)[0], cosine, sine)
        self._values[i][:, :, start:end] = v
        scale = SHARPNESS / np.sqrt(np.float32(q.shape[-1]))
        share = rotate(normalise(q)[0], cosine, sine) * scale @ self._keys[i][:, :, :end].swapaxes(-1, -2)
        np.exp(share, out=share)
        share *= visible
        share /= share.sum(-1, keepdims=True)
        mixed = share @ self._values[i][:, :, :end]
        batch, heads, length, width = mixed.shape
        x = x + mixed.transpose(0, 2, 1, 3).reshape(batch, length, heads * width) @ weights[name + "attend_out"]
        wide = np.maximum(normalise(x)[0] @ weights[name + "expand"], 0)
        grown: Array = x + (wide * wide) @ weights[name + "contract"]
        return grown

    def _distribution(self, state: Array, end: int) -> Array:
        weights = self._weights
        query = state @ weights["copy_query"] * np.float32(weights["copy_query"].shape[1] ** -0.5)
        score = np.einsum("bc,btc->bt", query, self._copy_keys[:, :end])
        sources = self._tokens[:, :end]
        copied = softmax(np.where(sources != PAD, score, np.float32(-1e9)))
        gate = sigmoid((state @ weights["copy_gate"])[:, 0] + GATE_BIAS)
        return mixture(softmax(state @ weights["embedding"].T), copied, sources, gate)
