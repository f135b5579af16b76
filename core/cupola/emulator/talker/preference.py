"""Direct preference optimization of the talker (Rafailov et al. 2023)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from cupola.emulator.engine import Hyperparameters, StepReport, TrainingRow, Weights

from .batches import Predictions, batch_of, sums
from .network import Network
from .pointer import sigmoid
from .run import RATE, Course, NothingToLearnError, Run, chunks, generator, resolve, skipped_note
from .talker import widened
from .tokenizer import Tokenizer, shipped_tokenizer
from .transcript import Example, answer_example

BETA: Final = 0.1
_RATE_SHARE: Final = 0.25
"""Preferences are learnt at this share of the supervised rate: the loss sums over whole answers."""
_IMITATION: Final = 1.0
"""Weight of the preferred answers' mean cross-entropy beside the preference loss."""
_VALID_BATCH: Final = 4
_VALID_TIMES: Final = 30
_READ_AT_ONCE: Final = 8

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt."""

    preferred: Example
    rejected: Example


@dataclass(frozen=True, slots=True)
class _Read:
    """What a batch of pairs came out as."""

    predictions: Predictions
    margins: Floats
    """[B] how much more than the reference the model favours the preferred answer, in nats."""
    accuracy: float
    """Token accuracy on the preferred answers."""


class PreferenceTrainer:
    """Learns to favour the preferred answers over the others; implements `engine.Trainer`."""

    def __init__(
        self,
        base: Weights,
        train_rows: Sequence[TrainingRow],
        valid_rows: Sequence[TrainingRow] | None,
        hyperparameters: Hyperparameters,
        seed: int,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        """Prepare the pairs; the base weights stay as the frozen reference.

        Raises:
            NothingToLearnError: No training row has two answers.
        """
        vocabulary = tokenizer or shipped_tokenizer()
        self._train, skipped = _pairs(vocabulary, train_rows)
        self._valid, skipped_valid = _pairs(vocabulary, valid_rows or ())
        if not self._train:
            raise NothingToLearnError("No row of the training file has two answers to compare.")
        self._notes = skipped_note("training", skipped) + skipped_note("validation", skipped_valid)
        settings = resolve(hyperparameters, len(self._train))
        self._beta = BETA if settings.beta is None else settings.beta
        self.hyperparameters = replace(settings, beta=self._beta)
        self._course = Course(len(self._train), settings.batch_size or 1, settings.n_epochs or 1, seed)
        self.total_steps = self._course.total_steps
        self._seed = seed
        self._reference = Network(widened(base))
        self._run = Run(base, self.total_steps, RATE * _RATE_SHARE * (settings.learning_rate_multiplier or 0.0))

    def baseline(self) -> StepReport | None:
        """None: preference jobs measure nothing before the first step."""
        return None

    def step(self) -> StepReport:
        """Take one optimizer step on -log sigmoid(beta * margin), plus a share of the preferred answers' own loss.

        Without that share (Pang et al. 2024) a network this small unlearns both answers. `train_loss` is the first
        part alone.
        """
        step = self._run.next_step()
        pairs = [self._train[row] for row in self._course.rows_of(step)]
        read = self._read(pairs)
        pull = self._beta * sigmoid(-self._beta * read.margins) / len(pairs)
        rows = read.predictions.batch.rows
        preferred = rows < len(pairs)
        imitation = preferred * np.float32(_IMITATION / preferred.sum())
        self._run.descend(np.concatenate([-pull, pull])[rows] - imitation)
        metrics = _metrics("train", self._beta, [read])
        ended = self._course.ends_epoch(step)
        metrics |= self._validation(step, ended)
        tokens = sum(len(pair.preferred.tokens) + len(pair.rejected.tokens) for pair in pairs)
        return StepReport(step, metrics, ended, tokens, notes=self._notes if step == 1 else [])

    def weights(self) -> Weights:
        """The current weights."""
        return self._run.weights()

    def state(self) -> Weights:
        """Everything needed to go on from here; the reference is the base, which the run is made with anew."""
        return self._run.state()

    def restore(self, state: Weights) -> None:
        """Go on from what `state()` gave."""
        self._run.restore(state)

    def _read(self, pairs: Sequence[Pair]) -> _Read:
        predictions = batch_of([pair.preferred for pair in pairs] + [pair.rejected for pair in pairs])
        logp = self._run.network.logp(predictions.batch)
        gained = sums(logp - self._reference.logp(predictions.batch), predictions)
        hits = self._run.network.hits()[predictions.batch.rows < len(pairs)]
        return _Read(predictions, gained[: len(pairs)] - gained[len(pairs) :], float(hits.mean()))

    def _validation(self, step: int, epoch_ended: bool) -> dict[str, float]:
        metrics: dict[str, float] = {}
        if self._valid and (epoch_ended or step % max(1, self.total_steps // _VALID_TIMES) == 0):
            size = min(_VALID_BATCH, len(self._valid))
            rows = generator(self._seed, "valid", step).choice(len(self._valid), size, replace=False)
            metrics |= _metrics("valid", self._beta, [self._read([self._valid[row] for row in rows])])
        if self._valid and epoch_ended:
            parts = chunks(len(self._valid), _READ_AT_ONCE)
            reads = [self._read([self._valid[row] for row in part]) for part in parts]
            metrics |= _metrics("full_valid", self._beta, reads)
        return metrics


def _metrics(kind: str, beta: float, reads: Sequence[_Read]) -> dict[str, float]:
    """Loss, token accuracy of the preferred answers, mean implicit reward margin and how often it is positive."""
    margins = beta * np.concatenate([read.margins for read in reads])
    return {
        f"{kind}_loss": float(np.logaddexp(0, -margins).mean()),
        f"{kind}_mean_token_accuracy": float(np.mean([read.accuracy for read in reads])),
        f"{kind}_reward_margin": float(margins.mean()),
        f"{kind}_reward_accuracy": float((margins > 0).mean()),
    }


def _pairs(tokenizer: Tokenizer, rows: Iterable[TrainingRow]) -> tuple[list[Pair], list[int]]:
    """The rows whose answers both leave something to learn, and the indices of the others."""
    pairs: list[Pair] = []
    skipped: list[int] = []
    for index, row in enumerate(rows):
        prompt = (row.get("input") or {}).get("messages") or ()
        preferred, rejected = (
            answer_example(tokenizer, prompt, row.get(key) or ())
            for key in ("preferred_output", "non_preferred_output")
        )
        if any(preferred.learnt[1:]) and any(rejected.learnt[1:]):
            pairs.append(Pair(preferred, rejected))
        else:
            skipped.append(index)
    return pairs, skipped
