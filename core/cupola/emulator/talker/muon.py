"""The Muon optimizer (Jordan et al. 2024), which pretraining uses for the matrices inside the layers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .tape import Array


class Muon:
    """Momentum whose every step is made orthogonal; in a small budget of steps it learns faster than Adam."""

    def __init__(self, arrays: Mapping[str, Array], momentum: float = 0.95) -> None:
        """`arrays` are matrices; they are changed in place."""
        self._arrays = arrays
        self._momentum = np.float32(momentum)
        self._velocity = {name: np.zeros_like(array) for name, array in arrays.items()}

    def descend(self, gradients: Mapping[str, Array], rate: float) -> None:
        """One step down the gradients at a learning rate."""
        for name, array in self._arrays.items():
            velocity = self._velocity[name]
            velocity *= self._momentum
            velocity += gradients[name]
            direction = orthogonal(gradients[name] + self._momentum * velocity)
            rows, columns = array.shape
            array -= np.float32(rate * max(1.0, columns / rows) ** 0.5) * direction


def orthogonal(matrix: Array, rounds: int = 5) -> Array:
    """The nearest matrix with all singular values about 1, by a quintic Newton-Schulz iteration."""
    a, b, c = np.float32(3.4445), np.float32(-4.7750), np.float32(2.0315)
    x: Array = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = (x / (np.linalg.norm(x) + 1e-7)).astype(np.float32)
    for _ in range(rounds):
        gram = x @ x.T
        x = (a * x + (b * gram + c * (gram @ gram)) @ x).astype(np.float32)
    return x.T if matrix.shape[0] > matrix.shape[1] else x
