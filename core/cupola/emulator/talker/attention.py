"""Causal self-attention with rotary positions, forward and backward in one piece."""

from __future__ import annotations

from functools import cache

import numpy as np

from .tape import Array, Tape, Value, normalise, normalise_grad

SHARPNESS = np.float32(1.2)
"""Queries and keys have a root mean square of 1, so a score is at most sharpness times the square root of the head
width; it cannot overflow and needs no maximum subtracted before the exponential."""


@cache
def rotation(length: int, width: int) -> tuple[Array, Array]:
    """Cosines and sines [length, width / 2] of rotary positions (Su et al. 2021)."""
    frequency = 1000.0 ** (-np.arange(width // 2) / (width // 2))
    angle = np.arange(length)[:, None] * frequency
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def rotate(x: Array, cosine: Array, sine: Array) -> Array:
    """Turn each pair of halves of x [..., T, width] by the angle of its position."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cosine - second * sine, first * sine + second * cosine], axis=-1)


def split_heads(x: Array, heads: int) -> Array:
    """[B, T, d] to [B, heads, T, d / heads]."""
    batch, length, width = x.shape
    return np.ascontiguousarray(x.reshape(batch, length, heads, width // heads).transpose(0, 2, 1, 3))


def join_heads(x: Array) -> Array:
    """[B, heads, T, w] to [B, T, heads * w]."""
    batch, heads, length, width = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, length, heads * width)


def attend(tape: Tape, projected: Value, heads: int) -> Value:
    """Causal attention of projected queries, keys and values [B, T, 3 d]; the result is [B, T, d].

    Padding stands at the right, where causality hides it from every real token.
    """
    q_raw, k_raw, v = (split_heads(part, heads) for part in np.split(projected.data, 3, axis=-1))
    length, width = q_raw.shape[-2:]
    cosine, sine = rotation(length, width)
    (q_unit, q_inverse), (k_unit, k_inverse) = normalise(q_raw), normalise(k_raw)
    scale = SHARPNESS / np.sqrt(np.float32(width))
    q, k = rotate(q_unit, cosine, sine) * scale, rotate(k_unit, cosine, sine)
    share = q @ k.swapaxes(-1, -2)
    np.exp(share, out=share)
    share *= np.tri(length, dtype=np.float32)
    share /= share.sum(-1, keepdims=True)
    mixed = share @ v

    def step(grad: Array) -> None:
        grad_mixed = split_heads(grad, heads)
        grad_v = share.swapaxes(-1, -2) @ grad_mixed
        grad_score = grad_mixed @ v.swapaxes(-1, -2)
        grad_score -= np.einsum("bhti,bhti->bht", grad_mixed, mixed)[..., None]
        grad_score *= share
        grad_q = rotate(grad_score @ k * scale, cosine, -sine)
        grad_k = rotate(grad_score.swapaxes(-1, -2) @ q, cosine, -sine)
        grad_q = normalise_grad(q_unit, q_inverse, grad_q)
        grad_k = normalise_grad(k_unit, k_inverse, grad_k)
        projected.add_grad(np.concatenate([join_heads(part) for part in (grad_q, grad_k, grad_v)], axis=-1))

    return tape.record(Value(join_heads(mixed)), step)
