"""What the three training methods share: settings, schedule, optimizer, and being put down and taken up again.

Nothing is drawn from a generator that lives on: every draw is seeded by the run's seed and the place it is for, so the
state of a run is its weights, Adam's moments and the number of steps taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from cupola.emulator.engine import Hyperparameters, Weights

from .adam import Adam
from .network import Network, trainable
from .talker import widened

RATE: Final = 3e-3
"""The learning rate of multiplier 1."""
_WARM_UP: Final = 0.05
_SMALL_SET: Final = 500


class NothingToLearnError(ValueError):
    """No training row has anything to learn from."""


def resolve(wanted: Hyperparameters, rows: int, epochs: int = 3) -> Hyperparameters:
    """Replace what every method leaves to `auto`: by default 3 epochs, batches of 4 rows (more for sets from 500
    rows), and multiplier 2 (1 for sets from 500 rows).
    """
    batch = wanted.batch_size or min(256, max(4, rows // 125))
    multiplier = wanted.learning_rate_multiplier
    return replace(
        wanted,
        n_epochs=wanted.n_epochs or epochs,
        batch_size=max(1, min(batch, rows)),
        learning_rate_multiplier=(2.0 if rows < _SMALL_SET else 1.0) if multiplier is None else multiplier,
    )


class Course:
    """Which rows each step takes: every epoch all of them, in an order of its own."""

    def __init__(self, rows: int, batch_size: int, epochs: int, seed: int) -> None:
        self._rows = rows
        self._batch = batch_size
        self._seed = seed
        self.steps_per_epoch = -(-rows // batch_size)
        self.total_steps = self.steps_per_epoch * epochs

    def rows_of(self, step: int) -> list[int]:
        """The rows of a step, counted from 1."""
        epoch, place = divmod(step - 1, self.steps_per_epoch)
        order = generator(self._seed, "order", epoch).permutation(self._rows)
        return [int(row) for row in order[place * self._batch : (place + 1) * self._batch]]

    def ends_epoch(self, step: int) -> bool:
        """Whether a step is the last of its epoch."""
        return step % self.steps_per_epoch == 0


class Run:
    """The weights in training and their optimizer."""

    def __init__(self, base: Weights, total_steps: int, rate: float) -> None:
        """`rate` is the learning rate at its highest: it warms up over 5% of the steps, then falls linearly."""
        self._weights = widened(base)
        self._adam = Adam({name: self._weights[name] for name in trainable(self._weights)})
        self._rate = rate
        self._total = total_steps
        self.network = Network(self._weights)
        self.position = 0
        """Steps taken."""

    def next_step(self) -> int:
        """The number of the step to take now.

        Raises:
            RuntimeError: All steps are taken.
        """
        if self.position >= self._total:
            raise RuntimeError(f"The run is over: all of its {self._total} steps are taken.")
        return self.position + 1

    def descend(self, loss_weights: npt.NDArray[np.float32]) -> None:
        """Take the step whose loss is sum(loss_weights * logp) of the batch last read."""
        step = self.next_step()
        warm = max(1.0, _WARM_UP * self._total)
        pace = min(step / warm, (self._total - step + 1) / max(1.0, self._total - warm), 1.0)
        self._adam.descend(self.network.backward(loss_weights), self._rate * pace)
        self.position = step

    def weights(self) -> Weights:
        """A copy of the current weights."""
        return {name: array.copy() for name, array in self._weights.items()}

    def state(self) -> Weights:
        """Weights, moments and position."""
        return {**self.weights(), **self._adam.state(), "run.position": np.array(self.position, np.int64)}

    def restore(self, state: Weights) -> None:
        """Go on from what `state()` gave."""
        for name in trainable(self._weights):
            self._weights[name][...] = state[name]
        self._adam.restore(state)
        self.position = int(state["run.position"])


def generator(seed: int, purpose: str, *place: int) -> np.random.Generator:
    """The random generator of one purpose at one place of a run."""
    return np.random.default_rng([abs(seed), *purpose.encode(), *place])


def chunks(count: int, size: int) -> Iterator[range]:
    """The indices below `count`, `size` at a time."""
    for begin in range(0, count, size):
        yield range(begin, min(begin + size, count))


def skipped_note(kind: str, rows: Sequence[int]) -> list[str]:
    """What to say about rows that nothing can be learnt from; lines are counted from 1."""
    if not rows:
        return []
    shown = ", ".join(str(row + 1) for row in rows[:10]) + (", ..." if len(rows) > 10 else "")
    which = "1 row was" if len(rows) == 1 else f"{len(rows)} rows were"
    return [f"{which} skipped in the {kind} file: no answer is left to learn after truncation (line {shown})."]
