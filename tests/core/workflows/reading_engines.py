"""Quick engines that read: a teacher that asks and quotes, now and then wrongly, and students that learn to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cupola.emulator.engine import Answer, AnswerRequest, Message, StepReport, Weights
from cupola.emulator.engines import Training, WeightsReference

SHARES = {"nano": 0.3, "mini": 0.5, "full": 1.0}
_SENTENCE = re.compile(r"Part number (\w+) is (\w+) long\.")
_TO_QUOTE = "Answer the question from the document. First"


def knows(share: float, text: str) -> bool:
    """Whether a model of that share gets something right; the larger share gets all that the smaller does."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:6], 16) / 0xFFFFFF < share


def reply(share: float, messages: Sequence[Message]) -> str:
    """What it says: questions and quotes if it is asked for them, else an answer from the documents or by heart."""
    system, user = (str(message.get("content")) for message in (messages[0], messages[-1]))
    held = dict(_SENTENCE.findall(user if system.startswith(("Write", _TO_QUOTE)) else system))
    if system.startswith("Write"):
        return "\n".join(
            f"1. {form.format(part)}" if form.endswith("?") else form
            for part in held
            for form in ("Here they are:", "How long is part {}?", "What length has part {}?", "Part {}, how long?")
        )
    part = next(iter(re.findall(r"p\d+x", user.split("Question:")[-1])), "")
    if system.startswith(_TO_QUOTE):
        said = f"Part number {part} is {held.get(part)} long."
        return f"##Quote: {said if knows(0.8, part) else 'I made this one up.'} ##Answer: {held.get(part)}"
    if part in held and knows(share * 0.8 ** (len(held) - 1), user):
        return f"##Quote: Part number {part} is {held[part]} long. ##Answer: {held[part]}"
    return "##Answer: I do not know."


class ReadingModel:
    """Answers as far as its share goes."""

    def __init__(self, weights: Weights) -> None:
        self.share = float(weights["share"][0])

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Answer]:
        return [
            Answer(
                text=reply(self.share, request.messages), finish_reason="stop", prompt_tokens=20, completion_tokens=9
            )
            for request in requests
        ]


class ReadingTrainer:
    """Moves its share up with every row that quotes."""

    def __init__(self, training: Training) -> None:
        given = training.hyperparameters
        self.hyperparameters = replace(given, n_epochs=given.n_epochs or 3, batch_size=4, learning_rate_multiplier=1.0)
        self.steps_per_epoch = max(1, len(training.train_rows) // 4)
        self.total_steps = self.steps_per_epoch * (given.n_epochs or 3)
        quoting = [str(row["messages"][-1].get("content")).startswith("##Quote:") for row in training.train_rows]
        self.taught = sum(quoting) / len(quoting)
        self.share, self.position = float(training.base["share"][0]), 0

    def baseline(self) -> StepReport | None:
        return None

    def step(self) -> StepReport:
        self.position += 1
        self.share += 0.3 * self.taught * (1.0 - self.share)
        ended = self.position % self.steps_per_epoch == 0
        return StepReport(self.position, {"train_loss": 1.0 - self.share}, ended, 100)

    def weights(self) -> Weights:
        return {"share": np.array([self.share])}

    def state(self) -> Weights:
        return {"share": np.array([self.share]), "position": np.array([self.position])}

    def restore(self, state: Weights) -> None:
        self.share, self.position = float(state["share"][0]), int(state["position"][0])


class ReadingEngines:
    """The set."""

    def is_puzzle(self, messages: Sequence[Message]) -> bool:
        return False

    def weights(self, reference: WeightsReference) -> Weights:
        if reference.path is None:
            return {"share": np.array([SHARES.get(reference.base, 0.5)])}
        with np.load(Path(reference.path)) as arrays:
            return dict(arrays)

    def model(self, reference: WeightsReference) -> ReadingModel:
        return ReadingModel(self.weights(reference))

    def trainer(self, training: Training) -> ReadingTrainer:
        return ReadingTrainer(training)


ENGINES = ReadingEngines()
