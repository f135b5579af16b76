"""The tiny models that ship: the talker and the reasoner behind one face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from .engine import GradeSample, Message, Model, Trainer, Weights
from .engines import Engines, Training, WeightsReference


def read_weights(path: Path) -> Weights:
    """The arrays of a checkpoint file."""
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _talker_trainer(training: Training) -> Trainer:
    from . import talker

    base, rows, valid = training.base, training.train_rows, training.valid_rows
    match training.method:
        case "supervised":
            return talker.SupervisedTrainer(base, rows, valid, training.hyperparameters, training.seed)
        case "dpo":
            return talker.PreferenceTrainer(base, rows, valid, training.hyperparameters, training.seed)
        case "reinforcement":
            grade = _grade_of(training)
            return talker.ReinforcementTrainer(base, rows, valid or (), training.hyperparameters, grade, training.seed)


def _grade_of(training: Training) -> GradeSample:
    if training.grade is None:
        raise ValueError("A reinforcement run needs a grader.")
    return training.grade


class ShippedEngines:
    """Talker and reasoner, imported when they are first needed."""

    def is_puzzle(self, messages: Sequence[Message]) -> bool:
        """Whether the messages pose a number puzzle."""
        from .reasoner.puzzle import recognise

        return recognise(messages) is not None

    def weights(self, reference: WeightsReference) -> Weights:
        """The shipped weights of a base, or those in a file."""
        if reference.path is not None:
            return read_weights(Path(reference.path))
        if reference.engine == "talker":
            from . import talker

            return talker.base_weights(cast(talker.Size, reference.base))
        from . import reasoner

        return reasoner.base_weights(cast(reasoner.Stage, reference.base))

    def model(self, reference: WeightsReference) -> Model:
        """A talker or reasoner with those weights."""
        if reference.engine == "talker":
            from . import talker

            return talker.load(self.weights(reference))
        from . import reasoner

        return reasoner.load(self.weights(reference))

    def trainer(self, training: Training) -> Trainer:
        """The trainer of an engine and a method."""
        if training.engine == "talker":
            return _talker_trainer(training)
        from . import reasoner

        return reasoner.ReinforcementTrainer(
            training.base,
            training.train_rows,
            training.valid_rows or (),
            training.hyperparameters,
            _grade_of(training),
            training.seed,
            json_schema=training.json_schema,
        )


ENGINES: Engines = ShippedEngines()
