"""The Adam optimizer (Kingma & Ba 2015) with clipped gradients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cupola.emulator.engine import Weights

from .tape import Array

WEIGHT_BOUND = np.float32(25.0)
"""No weight leaves this range: a reckless learning rate wrecks the model, but as a finite number."""


class Adam:
    """Adam's moments for a set of arrays, which it changes in place."""

    def __init__(
        self, arrays: Mapping[str, Array], betas: tuple[float, float] = (0.9, 0.99), clip: float = 1.0
    ) -> None:
        """`clip` bounds the global norm of a gradient."""
        self._arrays = arrays
        self._betas = betas
        self._clip = clip
        self._first = {name: np.zeros_like(array) for name, array in arrays.items()}
        self._second = {name: np.zeros_like(array) for name, array in arrays.items()}
        self._count = 0

    def descend(self, gradients: Mapping[str, Array], rate: float) -> None:
        """One step down the gradients at a learning rate."""
        self._count += 1
        beta1, beta2 = self._betas
        norm = float(np.sqrt(sum(float(np.vdot(gradients[name], gradients[name])) for name in self._arrays)))
        shrink = np.float32(min(1.0, self._clip / (norm + 1e-12)))
        correct = rate * float(np.sqrt(1 - beta2**self._count)) / (1 - beta1**self._count)
        for name, array in self._arrays.items():
            gradient = gradients[name] * shrink
            first, second = self._first[name], self._second[name]
            first += np.float32(1 - beta1) * (gradient - first)
            second += np.float32(1 - beta2) * (gradient * gradient - second)
            array -= np.float32(correct) * first / (np.sqrt(second) + np.float32(1e-8))
            np.clip(array, -WEIGHT_BOUND, WEIGHT_BOUND, out=array)

    def state(self) -> Weights:
        """The moments and the step count."""
        moments: Weights = {"adam.count": np.array(self._count, np.int64)}
        for name in self._arrays:
            moments[f"adam.first.{name}"] = self._first[name].copy()
            moments[f"adam.second.{name}"] = self._second[name].copy()
        return moments

    def restore(self, state: Weights) -> None:
        """Take up moments from `state`."""
        self._count = int(state["adam.count"])
        for name in self._arrays:
            self._first[name] = state[f"adam.first.{name}"].copy()
            self._second[name] = state[f"adam.second.{name}"].copy()
