"""Reinforcement fine-tuning of the reasoner by group-relative policy optimisation (GRPO, Shao et al. 2024)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..engine import (
    Answer,
    Grade,
    GradeSample,
    Hyperparameters,
    StepReport,
    TrainingRow,
    ValidationSample,
    Weights,
)
from .features import Floats, named, vector
from .model import rollout_answer, thoughts_at
from .optimizer import Adam
from .puzzle import NumberPuzzle, recognise
from .rollouts import Prompt, roll_out

RATE = 0.025
"""Adam's step size at a learning_rate_multiplier of 1."""
GROUP = 8
"""Answers to each training prompt at a compute_multiplier of 1."""
_ORDER, _TRAIN, _VALID = 0, 1, 2
"""Keep the random numbers of the row order, of training and of validation apart."""


@dataclass(frozen=True, slots=True)
class _Task:
    """A row that poses a number puzzle."""

    index: int
    row: TrainingRow
    puzzle: NumberPuzzle


@dataclass(frozen=True, slots=True)
class _Graded:
    """An answer and its grade."""

    task: _Task
    answer: Answer
    grade: Grade

    @property
    def reward(self) -> float:
        """The reward; one that is no finite number counts as 0."""
        return self.grade.reward if math.isfinite(self.grade.reward) else 0.0


class ReinforcementTrainer:
    """Improves the policy by the rewards of a grader; implements `engine.Trainer`."""

    def __init__(
        self,
        base: Weights,
        train_rows: Sequence[TrainingRow],
        valid_rows: Sequence[TrainingRow],
        hyperparameters: Hyperparameters,
        grade: GradeSample,
        seed: int,
        *,
        json_schema: Mapping[str, Any] | None = None,
    ) -> None:
        """Prepare a run on the rows that pose number puzzles.

        `json_schema` is the job's response format; every answer keeps to it.

        Raises:
            ValueError: No training row poses a number puzzle.
        """
        self._train = _tasks(train_rows)
        self._valid = _tasks(valid_rows)
        if not self._train:
            raise ValueError("No training row poses a number puzzle.")
        self._fixed = {name: base[name] for name in ("thoughts", "reasons")}
        self._weights = vector(base)
        self._optimizer = Adam.start()
        self._grade = grade
        self._seed = abs(seed)
        self._schema = json_schema
        self._step = 0
        self._notes = _skipped("training", train_rows, self._train) + _skipped("validation", valid_rows, self._valid)
        self.hyperparameters, self.total_steps = _resolve(hyperparameters, len(self._train))

    def baseline(self) -> StepReport:
        """Grade the base model on the validation rows, before any step."""
        metrics, samples = self._validate()
        return StepReport(0, metrics, False, 0, samples, self._notes)

    def step(self) -> StepReport:
        """Answer a batch of prompts several times each and move towards what was rewarded."""
        if self._step >= self.total_steps:
            raise RuntimeError("The run is over: it has taken all its steps.")
        batch, epoch_ended = self._batch()
        group = _group_size(self.hyperparameters)
        tasks = [task for task in batch for _ in range(group)]
        graded, scores = self._answer(tasks, [_TRAIN, self._step], with_scores=True)
        rewards = np.array([sample.reward for sample in graded]).reshape(len(batch), group)
        gradient = (advantages(rewards).reshape(-1, 1) * scores).mean(axis=0)
        rate = RATE * (self.hyperparameters.learning_rate_multiplier or 1.0)
        self._weights = self._optimizer.ascend(self._weights, gradient, rate)
        self._step += 1
        metrics = _train_metrics(graded)
        samples: tuple[ValidationSample, ...] = ()
        if self._step % (self.hyperparameters.eval_interval or 1) == 0 or self._step == self.total_steps:
            measured, samples = self._validate()
            metrics |= measured
        tokens = sum(sample.answer.prompt_tokens + sample.answer.completion_tokens for sample in graded)
        return StepReport(self._step, metrics, epoch_ended, tokens, samples)

    def weights(self) -> Weights:
        """Return the checkpoint that `Reasoner` serves."""
        return named(self._weights) | self._fixed

    def state(self) -> Weights:
        """Return weights, moments and position; random numbers follow from seed and position."""
        return self.weights() | {
            "optimizer.mean": self._optimizer.mean,
            "optimizer.square": self._optimizer.square,
            "step": np.array(self._step),
            "seed": np.array(self._seed),
        }

    def restore(self, state: Weights) -> None:
        """Go on from what `state()` gave."""
        self._weights = vector(state)
        self._step = int(state["step"])
        self._seed = int(state["seed"])
        self._optimizer = Adam(state["optimizer.mean"].copy(), state["optimizer.square"].copy(), self._step)

    def _batch(self) -> tuple[list[_Task], bool]:
        """Return the rows of the next step, and whether it is the last of its epoch."""
        size = self.hyperparameters.batch_size or 1
        per_epoch = math.ceil(len(self._train) / size)
        epoch, position = divmod(self._step, per_epoch)
        order = np.random.default_rng([self._seed, _ORDER, epoch]).permutation(len(self._train))
        return [self._train[i] for i in order[position * size : (position + 1) * size]], position == per_epoch - 1

    def _answer(
        self, tasks: Sequence[_Task], stream: list[int], *, with_scores: bool = False
    ) -> tuple[list[_Graded], Floats]:
        """Answer each task once and grade the answers."""
        forced = self._schema is not None
        prompts = [
            Prompt(
                task.puzzle.nums,
                task.puzzle.target,
                task.puzzle.wants_json or forced,
                forced,
                np.random.default_rng([self._seed, *stream, place]),
            )
            for place, task in enumerate(tasks)
        ]
        thoughts = thoughts_at(self._fixed, self.hyperparameters.reasoning_effort or "medium")
        rollouts, scores = roll_out(self._weights, prompts, thoughts, with_scores=with_scores)
        graded = []
        for task, rollout in zip(tasks, rollouts, strict=True):
            answer = rollout_answer(
                task.row["messages"], task.puzzle, rollout, self._schema, reasons=bool(self._fixed["reasons"])
            )
            graded.append(_Graded(task, answer, self._grade(task.row, answer)))
        return graded, scores

    def _validate(self) -> tuple[dict[str, float], tuple[ValidationSample, ...]]:
        """Answer every validation row `eval_samples` times."""
        if not self._valid:
            return {}, ()
        repeats = self.hyperparameters.eval_samples or 1
        tasks = [task for task in self._valid for _ in range(repeats)]
        graded, _ = self._answer(tasks, [_VALID, self._step])
        samples = tuple(
            ValidationSample(sample.task.index, place % repeats, sample.answer, sample.grade)
            for place, sample in enumerate(graded)
        )
        metrics = {
            "full_valid_mean_reward": _mean(sample.reward for sample in graded),
            "full_valid_mean_parse_error": _mean(sample.grade.error == "sample_parse_error" for sample in graded),
            "valid_reasoning_tokens_mean": _mean(sample.answer.reasoning_tokens for sample in graded),
        }
        return metrics, samples


def advantages(rewards: Floats) -> Floats:
    """Return rewards (prompts, group) normalised within each group; a group that agrees teaches nothing."""
    centred = rewards - rewards.mean(axis=1, keepdims=True)
    spread = rewards.std(axis=1, keepdims=True)
    normalised: Floats = centred / np.where(spread < 1e-9, 1.0, spread)
    return normalised


def _resolve(given: Hyperparameters, rows: int) -> tuple[Hyperparameters, int]:
    """Return the settings without any `auto`, and the number of steps."""
    epochs = given.n_epochs or 1
    batch = min(given.batch_size or 4, rows)
    steps = epochs * math.ceil(rows / batch)
    resolved = replace(
        given,
        n_epochs=epochs,
        batch_size=batch,
        learning_rate_multiplier=2.0 if given.learning_rate_multiplier is None else given.learning_rate_multiplier,
        compute_multiplier=given.compute_multiplier or 1.0,
        eval_interval=given.eval_interval or max(1, steps // 5),
        eval_samples=given.eval_samples or 1,
        reasoning_effort=given.reasoning_effort or "medium",
    )
    return resolved, steps


def _group_size(hyperparameters: Hyperparameters) -> int:
    return max(2, round(GROUP * (hyperparameters.compute_multiplier or 1.0)))


def _tasks(rows: Sequence[TrainingRow]) -> list[_Task]:
    found = ((index, row, recognise(row.get("messages") or ())) for index, row in enumerate(rows))
    return [_Task(index, row, puzzle) for index, row, puzzle in found if puzzle is not None]


def _skipped(name: str, rows: Sequence[TrainingRow], tasks: Sequence[_Task]) -> tuple[str, ...]:
    count = len(rows) - len(tasks)
    return (f"{count} of {len(rows)} {name} rows pose no number puzzle and were skipped.",) if count else ()


def _train_metrics(graded: Sequence[_Graded]) -> dict[str, float]:
    return {
        "train_mean_reward": _mean(sample.reward for sample in graded),
        "completion_tokens_mean": _mean(sample.answer.completion_tokens for sample in graded),
        "reasoning_tokens_mean": _mean(sample.answer.reasoning_tokens for sample in graded),
        "mean_unresponsive_rewards": _mean(sample.grade.error == "unresponsive_reward_error" for sample in graded),
    }


def _mean(values: Any) -> float:
    return float(np.mean([float(value) for value in values]))
