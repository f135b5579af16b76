"""Reverse-mode automatic differentiation on numpy arrays, in the few operations a small transformer needs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_EPSILON = np.float32(1e-6)


class Value:
    """An array in a computation, and the gradient of the result with respect to it."""

    __slots__ = ("data", "grad")

    def __init__(self, data: Array) -> None:
        self.data = data
        self.grad: Array | None = None

    def add_grad(self, grad: Array) -> None:
        """Add to the gradient; the first summand is kept without a copy, so callers hand over what they made."""
        if self.grad is None:
            self.grad = grad
        else:
            self.grad = self.grad + grad


class Tape:
    """The operations done so far; `backward` goes through them in reverse."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] = []

    def record(self, out: Value, step: Callable[[Array], None]) -> Value:
        """Remember how `out`'s gradient flows on to its inputs."""

        def run() -> None:
            if out.grad is not None:
                step(out.grad)
                out.grad = None  # inner gradients are large and no longer needed

        self._steps.append(run)
        return out

    def backward(self, result: Value, grad: Array) -> None:
        """Send the gradient of `result` back to every leaf. A tape can be used once."""
        result.add_grad(grad)
        while self._steps:
            self._steps.pop()()


def matmul(tape: Tape, x: Value, w: Value) -> Value:
    """x [..., m] times w [m, n]."""
    out = Value(x.data @ w.data)

    def step(grad: Array) -> None:
        flat = grad.reshape(-1, grad.shape[-1])
        w.add_grad(x.data.reshape(-1, x.data.shape[-1]).T @ flat)
        x.add_grad(grad @ w.data.T)

    return tape.record(out, step)


def add(tape: Tape, x: Value, y: Value) -> Value:
    """x + y of the same shape."""
    out = Value(x.data + y.data)

    def step(grad: Array) -> None:
        x.add_grad(grad)
        y.add_grad(grad)

    return tape.record(out, step)


def rms_norm(tape: Tape, x: Value) -> Value:
    """x scaled to a root mean square of 1 along the last axis (Zhang & Sennrich 2019, without gain)."""
    normed, inverse = normalise(x.data)

    def step(grad: Array) -> None:
        x.add_grad(normalise_grad(normed, inverse, grad))

    return tape.record(Value(normed), step)


def relu_squared(tape: Tape, x: Value) -> Value:
    """max(x, 0) squared (So et al. 2021)."""
    positive = np.maximum(x.data, 0)

    def step(grad: Array) -> None:
        x.add_grad(2 * positive * grad)

    return tape.record(Value(positive * positive), step)


def embed(tape: Tape, table: Value, mix: Value, tokens: Ints, previous: Ints) -> Value:
    """Rows of the table for tokens [B, T], plus the row of the token before scaled by `mix` [d] channel by channel.

    Knowing the token before is what lets a single attention continue a quotation. `previous` is -1 where a sequence
    begins.
    """
    begun = (previous >= 0)[..., None].astype(np.float32)
    before = table.data[previous] * begun
    out = Value(table.data[tokens] + mix.data * before)

    def step(grad: Array) -> None:
        width = table.data.shape[1]
        total = np.zeros_like(table.data)
        _scatter_rows(total, tokens.ravel(), grad.reshape(-1, width))
        _scatter_rows(total, previous.ravel(), (grad * mix.data * begun).reshape(-1, width))
        table.add_grad(total)
        mix.add_grad((grad * before).reshape(-1, width).sum(0))

    return tape.record(out, step)


def normalise(x: Array) -> tuple[Array, Array]:
    """x with root mean square 1 along the last axis, and the factors that made it so."""
    inverse = 1 / np.sqrt(np.einsum("...i,...i->...", x, x)[..., None] / x.shape[-1] + _EPSILON)
    return x * inverse, inverse


def normalise_grad(normed: Array, inverse: Array, grad: Array) -> Array:
    """The gradient of `normalise` with respect to its input."""
    inner = np.einsum("...i,...i->...", grad, normed)[..., None] / normed.shape[-1]
    out: Array = (grad - normed * inner) * inverse
    return out


def _scatter_rows(total: Array, rows: Ints, grads: Array) -> None:
    """total[rows[i]] += grads[i], by sorted segments, which is many times faster than `np.add.at`."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    total[ordered[starts]] += np.add.reduceat(grads[order], starts, axis=0)
