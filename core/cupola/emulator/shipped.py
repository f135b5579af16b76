"""The tiny models that ship: the talker and the reasoner behind one face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .engine import Message, Model, Trainer, Weights
from .engines import Engines, Training, WeightsReference


def read_weights(path: Path) -> Weights:
    """The arrays of a checkpoint file."""
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


class ShippedEngines:
    """Talker and reasoner, imported when they are first needed."""

    def is_puzzle(self, messages: Sequence[Message]) -> bool:
        """Whether the messages pose a number puzzle."""
        from . import reasoner

        return reasoner.recognise(messages) is not None

    def weights(self, reference: WeightsReference) -> Weights:
        """The shipped weights of a base, or those in a file."""
        if reference.path is not None:
            return read_weights(Path(reference.path))
        from . import reasoner, talker

        return talker.base_weights(reference.base) if reference.engine == "talker" else reasoner.base(reference.base)

    def model(self, reference: WeightsReference) -> Model:
        """A talker or reasoner with those weights."""
        from . import reasoner, talker

        weights = self.weights(reference)
        return talker.load(weights) if reference.engine == "talker" else reasoner.load(weights)

    def trainer(self, training: Training) -> Trainer:
        """The trainer of an engine and a method."""
        raise NotImplementedError


ENGINES: Engines = ShippedEngines()
