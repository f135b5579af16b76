"""Supervised fine-tuning of the talker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

import numpy as np

from cupola.emulator.engine import Hyperparameters, StepReport, TrainingRow, Weights

from .batches import batch_of
from .corpus import dialogue
from .run import RATE, Course, NothingToLearnError, Run, chunks, generator, resolve, skipped_note
from .tokenizer import Tokenizer, shipped_tokenizer
from .transcript import Example, conversation_example

_VALID_BATCH: Final = 4
_VALID_TIMES: Final = 30
"""About how often a run measures the loss on a small validation batch."""
_READ_AT_ONCE: Final = 16
_REPLAYED: Final = 12
"""Dialogues of the pretraining corpus that are read along with every batch, so that it is not forgotten."""
_REPLAY_WEIGHT: Final = 1.0
"""How much their mean loss counts beside the batch's own."""


class SupervisedTrainer:
    """Learns to say the assistant's turns of chat rows; implements `engine.Trainer`."""

    def __init__(
        self,
        base: Weights,
        train_rows: Sequence[TrainingRow],
        valid_rows: Sequence[TrainingRow] | None,
        hyperparameters: Hyperparameters,
        seed: int,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        """Prepare the rows.

        Raises:
            NothingToLearnError: No training row has an answer.
        """
        self._tokenizer = tokenizer or shipped_tokenizer()
        self._train, skipped = _examples(self._tokenizer, train_rows)
        self._valid, skipped_valid = _examples(self._tokenizer, valid_rows or ())
        if not self._train:
            raise NothingToLearnError("No row of the training file has an assistant message to learn from.")
        self._notes = skipped_note("training", skipped) + skipped_note("validation", skipped_valid)
        self.hyperparameters = resolve(hyperparameters, len(self._train))
        multiplier = self.hyperparameters.learning_rate_multiplier or 0.0
        batch, epochs = self.hyperparameters.batch_size or 1, self.hyperparameters.n_epochs or 1
        self._course = Course(len(self._train), batch, epochs, seed)
        self.total_steps = self._course.total_steps
        self._seed = seed
        self._run = Run(base, self.total_steps, RATE * multiplier)

    def baseline(self) -> StepReport | None:
        """None: supervised jobs measure nothing before the first step."""
        return None

    def step(self) -> StepReport:
        """Take one optimizer step on the mean cross-entropy of the batch's answer tokens.

        A little of the pretraining corpus is learnt again in the same step (replay); it is neither measured nor billed.
        """
        step = self._run.next_step()
        examples = [self._train[row] for row in self._course.rows_of(step)]
        loss, accuracy = self._learn(examples, self._replay(step))
        metrics = {"train_loss": loss, "train_mean_token_accuracy": accuracy}
        ended = self._course.ends_epoch(step)
        metrics |= self._validation(step, ended)
        notes = self._notes if step == 1 else []
        return StepReport(step, metrics, ended, sum(len(example.tokens) for example in examples), notes=notes)

    def weights(self) -> Weights:
        """The current weights."""
        return self._run.weights()

    def state(self) -> Weights:
        """Everything needed to go on from here."""
        return self._run.state()

    def restore(self, state: Weights) -> None:
        """Go on from what `state()` gave."""
        self._run.restore(state)

    def _replay(self, step: int) -> list[Example]:
        """Dialogues of the pretraining corpus for one step."""
        rng = Random(int(generator(self._seed, "replay", step).integers(2**62)))
        return [conversation_example(self._tokenizer, dialogue(rng)) for _ in range(_REPLAYED)]

    def _learn(self, examples: Sequence[Example], replayed: Sequence[Example]) -> tuple[float, float]:
        """One optimizer step; the loss and accuracy of the examples before it."""
        predictions = batch_of([*examples, *replayed])
        own = predictions.batch.rows < len(examples)
        logp = self._run.network.logp(predictions.batch)
        hits = self._run.network.hits()
        self._run.descend(np.where(own, -1 / own.sum(), -_REPLAY_WEIGHT / (~own).sum()).astype(np.float32))
        return -float(logp[own].mean()), float(hits[own].mean())

    def _validation(self, step: int, epoch_ended: bool) -> dict[str, float]:
        metrics: dict[str, float] = {}
        if self._valid and (epoch_ended or step % max(1, self.total_steps // _VALID_TIMES) == 0):
            size = min(_VALID_BATCH, len(self._valid))
            rows = generator(self._seed, "valid", step).choice(len(self._valid), size, replace=False)
            loss, accuracy = self._measure([self._valid[row] for row in rows])
            metrics |= {"valid_loss": loss, "valid_mean_token_accuracy": accuracy}
        if self._valid and epoch_ended:
            loss, accuracy = self._measure(self._valid)
            metrics |= {"full_valid_loss": loss, "full_valid_mean_token_accuracy": accuracy}
        return metrics

    def _measure(self, examples: Sequence[Example]) -> tuple[float, float]:
        """Mean loss and accuracy over the answer tokens of examples."""
        loss, right, count = 0.0, 0, 0
        for part in chunks(len(examples), _READ_AT_ONCE):
            logp = self._run.network.logp(batch_of([examples[i] for i in part]).batch)
            loss -= float(logp.sum())
            right += int(self._run.network.hits().sum())
            count += len(logp)
        return loss / count, right / count


def _examples(tokenizer: Tokenizer, rows: Iterable[TrainingRow]) -> tuple[list[Example], list[int]]:
    """The rows that something can be learnt from, and the indices of the others."""
    examples: list[Example] = []
    skipped: list[int] = []
    for index, row in enumerate(rows):
        example = conversation_example(tokenizer, row.get("messages") or ())
        if any(example.learnt[1:]):
            examples.append(example)
        else:
            skipped.append(index)
    return examples, skipped
