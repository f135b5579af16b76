"""Adam (Kingma and Ba 2015), ascending."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .features import SIZE, Floats

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


@dataclass(slots=True)
class Adam:
    """The moments of one run; `ascend` moves the weights up a gradient."""

    mean: Floats
    square: Floats
    steps: int = 0

    @classmethod
    def start(cls) -> Adam:
        """Return an optimizer that has seen nothing."""
        return cls(np.zeros(SIZE), np.zeros(SIZE))

    def ascend(self, weights: Floats, gradient: Floats, rate: float) -> Floats:
        """Return the weights (SIZE,) after one step of size `rate` up the gradient (SIZE,)."""
        self.steps += 1
        self.mean = _BETA1 * self.mean + (1 - _BETA1) * gradient
        self.square = _BETA2 * self.square + (1 - _BETA2) * gradient**2
        mean = self.mean / (1 - _BETA1**self.steps)
        square = self.square / (1 - _BETA2**self.steps)
        moved: Floats = weights + rate * mean / (np.sqrt(square) + _EPSILON)
        return moved
