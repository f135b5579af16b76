"""Tiny deterministic engines for the service's own tests: a word model that learns nothing but its loss."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cupola.emulator.engine import (
    Answer,
    AnswerRequest,
    Message,
    StepReport,
    ValidationSample,
    Weights,
)
from cupola.emulator.engines import Training, WeightsReference


class TinyModel:
    """Repeats the last words of the prompt; its weights are a single number, which it names."""

    def __init__(self, weights: Weights) -> None:
        self.level = float(weights["level"][0])

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Answer]:
        answers = []
        for request in requests:
            text = str(request.messages[-1].get("content"))
            if text == "please crash":
                raise SystemExit(3)
            if text == "please think":
                time.sleep(0.5)
            words = f"level {self.level:g} of {len(requests)} heard {text}".split(" ")
            for stop in request.stop:
                words = " ".join(words).split(stop)[0].split(" ")
            cut = words[: request.max_tokens]
            logprobs = None
            if request.top_logprobs is not None:
                logprobs = [{"token": word, "logprob": -0.5, "top_logprobs": []} for word in cut]
            answers.append(
                Answer(
                    text=" ".join(cut),
                    finish_reason="stop" if len(cut) == len(words) else "length",
                    prompt_tokens=len(text.split(" ")),
                    completion_tokens=len(cut),
                    logprobs=logprobs,
                )
            )
        return answers


class TinyTrainer:
    """Walks its single weight towards 1 with some seeded noise; its loss is the distance."""

    def __init__(self, training: Training) -> None:
        self.training = training
        given = training.hyperparameters
        rows = len(training.train_rows)
        batch, epochs = given.batch_size or 4, given.n_epochs or 2
        self.hyperparameters = replace(
            given, n_epochs=epochs, batch_size=batch, learning_rate_multiplier=given.learning_rate_multiplier or 1.0
        )
        if training.method == "reinforcement":
            self.hyperparameters = replace(self.hyperparameters, eval_interval=given.eval_interval or 2, eval_samples=1)
        self.steps_per_epoch = max(1, rows // batch)
        self.total_steps = self.steps_per_epoch * epochs
        self.level = float(training.base["level"][0])
        self.position = 0
        self.random = np.random.default_rng(training.seed)

    def _validation(self) -> list[ValidationSample]:
        rows = self.training.valid_rows or []
        answers = TinyModel(self.weights()).answer([AnswerRequest(row["messages"]) for row in rows])
        grade = self.training.grade
        assert grade is not None
        return [
            ValidationSample(index, 0, answer, grade(row, answer))
            for index, (row, answer) in enumerate(zip(rows, answers, strict=True))
        ]

    def baseline(self) -> StepReport | None:
        if self.training.method != "reinforcement":
            return None
        samples = self._validation()
        mean = float(np.mean([sample.grade.reward for sample in samples]))
        return StepReport(0, {"full_valid_mean_reward": mean}, False, 0, samples)

    def step(self) -> StepReport:
        assert self.position < self.total_steps
        self.position += 1
        self.level += 0.1 * (1 - self.level) + 0.01 * float(self.random.normal())
        ended = self.position % self.steps_per_epoch == 0
        if self.training.method != "reinforcement":
            metrics = {"train_loss": abs(1 - self.level), "train_mean_token_accuracy": 0.5}
            if ended and self.training.valid_rows:
                metrics["full_valid_loss"] = abs(1 - self.level) + 0.1
            return StepReport(self.position, metrics, ended, 100)
        samples = []
        metrics = {
            "train_mean_reward": self.level,
            "completion_tokens_mean": 5.0,
            "reasoning_tokens_mean": 0.0,
            "mean_unresponsive_rewards": 0.0,
        }
        if self.position % (self.hyperparameters.eval_interval or 1) == 0:
            samples = self._validation()
            metrics["full_valid_mean_reward"] = float(np.mean([sample.grade.reward for sample in samples]))
        return StepReport(self.position, metrics, ended, 100, samples)

    def weights(self) -> Weights:
        return {"level": np.array([self.level])}

    def state(self) -> Weights:
        words = self.random.bit_generator.state["state"]
        parts = [words["state"] >> 64, words["state"] % 2**64, words["inc"] >> 64, words["inc"] % 2**64]
        return {
            "level": np.array([self.level]),
            "position": np.array([self.position]),
            "random": np.array(parts, dtype=np.uint64),
        }

    def restore(self, state: Weights) -> None:
        self.level, self.position = float(state["level"][0]), int(state["position"][0])
        high, low, inc_high, inc_low = (int(part) for part in state["random"])
        generator = self.random.bit_generator
        inner = {"state": (high << 64) + low, "inc": (inc_high << 64) + inc_low}
        generator.state = {**generator.state, "state": inner}


class TinyEngines:
    """The set; any prompt that says `puzzle` is one."""

    def is_puzzle(self, messages: Sequence[Message]) -> bool:
        return any("puzzle" in str(message.get("content")) for message in messages)

    def weights(self, reference: WeightsReference) -> Weights:
        if reference.path is None:
            return {"level": np.array([0.0 if reference.engine == "talker" else 0.25])}
        with np.load(Path(reference.path)) as arrays:
            return dict(arrays)

    def model(self, reference: WeightsReference) -> TinyModel:
        return TinyModel(self.weights(reference))

    def trainer(self, training: Training) -> TinyTrainer:
        return TinyTrainer(training)


ENGINES = TinyEngines()
