"""Quick engines for an emulator: models that know a share of all answers, and learn the share that they are taught."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cupola.emulator.engine import Answer, AnswerRequest, Message, StepReport, Weights
from cupola.emulator.engines import Training, WeightsReference

SHARES = {"nano": 0.3, "mini": 0.6, "full": 0.97}
"""What each size knows before any training."""

_STEP = 0.08


def knows(share: float, word: str) -> bool:
    """Whether a model of that share knows a word; the larger share knows all that the smaller knows."""
    return int(hashlib.sha256(word.encode()).hexdigest()[:6], 16) / 0xFFFFFF < share


def reply(share: float, messages: Sequence[Message]) -> str:
    """The word that is asked for, or that it is not known."""
    word = str(messages[-1].get("content")).rsplit(" ", 1)[-1].rstrip("?")
    return f"It is {word}." if knows(share, word) else "I do not know."


class ShareModel:
    """Answers as far as its share goes."""

    def __init__(self, weights: Weights) -> None:
        self.share = float(weights["share"][0])

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Answer]:
        answers = []
        for request in requests:
            text = reply(self.share, request.messages)
            tokens = sum(len(str(message.get("content")).split()) for message in request.messages)
            answers.append(
                Answer(text=text, finish_reason="stop", prompt_tokens=tokens, completion_tokens=len(text.split()))
            )
        return answers


class ShareTrainer:
    """Moves its share towards that of the rows that teach a word."""

    def __init__(self, training: Training) -> None:
        self.training = training
        given = training.hyperparameters
        epochs, batch = given.n_epochs or 3, given.batch_size or 4
        self.hyperparameters = replace(given, n_epochs=epochs, batch_size=batch, learning_rate_multiplier=1.0)
        self.steps_per_epoch = max(1, len(training.train_rows) // batch)
        self.total_steps = self.steps_per_epoch * epochs
        self.share = float(training.base["share"][0])
        self.position = 0
        told = [str(row["messages"][-1].get("content")).startswith("It is") for row in training.train_rows]
        self.taught = sum(told) / len(told)

    def baseline(self) -> StepReport | None:
        return None

    def step(self) -> StepReport:
        self.position += 1
        self.share += _STEP * (self.taught - self.share)
        loss = max(0.0, 1 - self.share)
        ended = self.position % self.steps_per_epoch == 0
        metrics = {"train_loss": loss, "train_mean_token_accuracy": self.share}
        if ended and self.training.valid_rows:
            metrics["full_valid_loss"] = loss
        return StepReport(self.position, metrics, ended, 100)

    def weights(self) -> Weights:
        return {"share": np.array([self.share])}

    def state(self) -> Weights:
        return {"share": np.array([self.share]), "position": np.array([self.position])}

    def restore(self, state: Weights) -> None:
        self.share, self.position = float(state["share"][0]), int(state["position"][0])


class ShareEngines:
    """The set."""

    def is_puzzle(self, messages: Sequence[Message]) -> bool:
        return False

    def weights(self, reference: WeightsReference) -> Weights:
        if reference.path is None:
            return {"share": np.array([SHARES.get(reference.base, 0.5)])}
        with np.load(Path(reference.path)) as arrays:
            return dict(arrays)

    def model(self, reference: WeightsReference) -> ShareModel:
        return ShareModel(self.weights(reference))

    def trainer(self, training: Training) -> ShareTrainer:
        return ShareTrainer(training)


ENGINES = ShareEngines()
