"""Exponential smoothing that goes on where it stopped, so that a new point of a long series costs nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Smoother:
    """The debiased moving average of Kingma and Ba (2015, algorithm 1), as `cupola.training.curves.smooth`."""

    weight: float
    """In (0, 1)."""
    _average: float = 0.0
    _mass: float = 0.0
    _done: Floats = field(default_factory=lambda: np.empty(0))
    _seen: Floats = field(default_factory=lambda: np.empty(0))

    def __call__(self, values: Floats) -> Floats:
        """Smooth finite values, shape (n,). When they continue those of the last call, only the new ones are worked."""
        known = len(self._seen)
        if known > len(values) or not np.array_equal(self._seen, values[:known]):
            self._average = self._mass = 0.0
            self._done, known = np.empty(0), 0
        if known < len(values):
            self._done = np.concatenate([self._done, self._continued(values[known:])])
            self._seen = values
        return self._done

    def _continued(self, values: Floats) -> Floats:
        """The next values smoothed, block by block; a block ends before weight**length leaves the range of floats."""
        length = max(1, min(len(values), int(-200 / math.log10(self.weight) / 2))) if self.weight > 0 else 1
        decay = self.weight ** np.arange(1, length + 1)
        parts: list[Floats] = []
        for start in range(0, len(values), length):
            block = values[start : start + length]
            powers = decay[: len(block)]
            averages = powers * (self._average + (1 - self.weight) * np.cumsum(block / powers))
            masses = 1 - powers * (1 - self._mass)
            self._average, self._mass = float(averages[-1]), float(masses[-1])
            parts.append(averages / masses)
        return np.concatenate(parts)
