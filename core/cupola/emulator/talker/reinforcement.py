"""Reinforcement fine-tuning of the talker by group-relative policy optimization (Shao et al. 2024)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from cupola.emulator.engine import (
    Answer,
    Grade,
    GradeSample,
    Hyperparameters,
    StepReport,
    TrainingRow,
    ValidationSample,
    Weights,
)

from .batches import batch_of
from .generation import Sample, Wish, generate
from .network import Network
from .run import RATE, Course, NothingToLearnError, Run, generator, resolve
from .talker import widened
from .tokenizer import END, Tokenizer, shipped_tokenizer
from .transcript import Example, fit_prompt, prompt_tokens

ANSWERS_PER_PROMPT: Final = 8
"""At compute multiplier 1."""
LONGEST_ANSWER: Final = 96
_KL_WEIGHT: Final = 0.02
_RATE_SHARE: Final = 0.15
"""Rewards are learnt from at this share of the supervised rate."""


@dataclass(frozen=True, slots=True)
class _Rollout:
    """One sampled answer and what it was worth."""

    row: int
    prompt: list[int]
    sample: Sample
    answer: Answer
    grade: Grade

    @property
    def unresponsive(self) -> bool:
        return not self.answer.text.strip() or self.answer.finish_reason == "length"

    @property
    def example(self) -> Example:
        said = [*self.sample.tokens, END] if self.sample.ended else self.sample.tokens
        return Example([*self.prompt, *said], [False] * len(self.prompt) + [True] * len(said))


class ReinforcementTrainer:
    """Learns from graded answers of its own; implements `engine.Trainer`."""

    def __init__(
        self,
        base: Weights,
        train_rows: Sequence[TrainingRow],
        valid_rows: Sequence[TrainingRow],
        hyperparameters: Hyperparameters,
        grade: GradeSample,
        seed: int,
        tokenizer: Tokenizer | None = None,
        longest_answer: int = LONGEST_ANSWER,
    ) -> None:
        """Prepare the prompts; a sampled answer has at most `longest_answer` tokens.

        Raises:
            NothingToLearnError: There is no training row.
        """
        if not train_rows:
            raise NothingToLearnError("The training file has no row.")
        self._tokenizer = tokenizer or shipped_tokenizer()
        self._longest = longest_answer
        self._rows, self._valid_rows = train_rows, valid_rows
        self._train, self._valid = ([self._prompt(row) for row in rows] for rows in (train_rows, valid_rows))
        self._grade = grade
        settings = resolve(hyperparameters, len(train_rows))
        self._course = Course(len(train_rows), settings.batch_size or 1, settings.n_epochs or 1, seed)
        self.total_steps = self._course.total_steps
        self.hyperparameters = replace(
            settings,
            compute_multiplier=1.0 if settings.compute_multiplier is None else settings.compute_multiplier,
            eval_interval=settings.eval_interval or max(1, self.total_steps // 10),
            eval_samples=settings.eval_samples or 1,
            reasoning_effort=settings.reasoning_effort or "medium",
        )
        self._seed = seed
        self._reference = Network(widened(base))
        self._run = Run(base, self.total_steps, RATE * _RATE_SHARE * (settings.learning_rate_multiplier or 0.0))

    def baseline(self) -> StepReport | None:
        """The validation reward of the base model, as step 0."""
        metrics, samples = self._validate()
        return StepReport(0, metrics, epoch_ended=False, tokens=0, validation=samples)

    def step(self) -> StepReport:
        """Sample a group of answers to each prompt of the batch, grade them, and take one optimizer step.

        An answer's advantage is its reward less its group's mean, over the group's standard deviation; all of its
        tokens share it. A small penalty holds the model near the base (the k3 estimator of the KL divergence).
        `mean_unresponsive_rewards` is the share of answers that were empty or ran out of tokens.
        """
        step = self._run.next_step()
        group = max(2, round(ANSWERS_PER_PROMPT * (self.hyperparameters.compute_multiplier or 1.0)))
        rollouts = self._rollouts(self._rows, self._train, self._course.rows_of(step), group, "train", step)
        rewards = np.array([rollout.grade.reward for rollout in rollouts], np.float32)
        self._learn(rollouts, _advantages(rewards.reshape(-1, group)))
        metrics = {
            "train_mean_reward": float(rewards.mean()),
            "completion_tokens_mean": float(np.mean([rollout.answer.completion_tokens for rollout in rollouts])),
            "reasoning_tokens_mean": 0.0,
            "mean_unresponsive_rewards": float(np.mean([rollout.unresponsive for rollout in rollouts])),
            **_error_shares("train", rollouts),
        }
        samples: list[ValidationSample] = []
        if step % (self.hyperparameters.eval_interval or 1) == 0 or step == self.total_steps:
            measured, samples = self._validate()
            metrics |= measured
        tokens = sum(len(rollout.prompt) + len(rollout.sample.tokens) for rollout in rollouts)
        return StepReport(step, metrics, self._course.ends_epoch(step), tokens, validation=samples)

    def weights(self) -> Weights:
        """The current weights."""
        return self._run.weights()

    def state(self) -> Weights:
        """Everything needed to go on from here; the reference is the base, which the run is made with anew."""
        return self._run.state()

    def restore(self, state: Weights) -> None:
        """Go on from what `state()` gave."""
        self._run.restore(state)

    def _learn(self, rollouts: Sequence[_Rollout], advantages: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        batch = batch_of([rollout.example for rollout in rollouts]).batch
        logp = self._run.network.logp(batch)
        away = np.exp(np.clip(self._reference.logp(batch) - logp, -20, 5))
        self._run.descend((_KL_WEIGHT * (1 - away) - advantages[batch.rows]) / max(1, len(logp)))

    def _validate(self) -> tuple[dict[str, float], list[ValidationSample]]:
        """Grade answers to every validation row; the draws are the same each time, so that steps compare."""
        if not self._valid:
            return {}, []
        each = self.hyperparameters.eval_samples or 1
        rollouts = self._rollouts(self._valid_rows, self._valid, list(range(len(self._valid))), each, "valid", 0)
        samples = [ValidationSample(r.row, i % each, r.answer, r.grade) for i, r in enumerate(rollouts)]
        mean = float(np.mean([rollout.grade.reward for rollout in rollouts]))
        return {"full_valid_mean_reward": mean, **_error_shares("full_valid", rollouts)}, samples

    def _rollouts(
        self,
        rows: Sequence[TrainingRow],
        prompts: Sequence[list[int]],
        chosen: Sequence[int],
        each: int,
        purpose: str,
        step: int,
    ) -> list[_Rollout]:
        """`each` graded answers to every chosen row, one row after the other."""
        asked = [(row, sample) for row in chosen for sample in range(each)]
        wishes = [
            Wish(prompts[row], self._longest, 1.0, 1.0, generator(self._seed, purpose, step, row, sample))
            for row, sample in asked
        ]
        samples = generate(self._run.weights(), self._tokenizer, wishes)
        return [
            self._graded(rows[row], row, prompts[row], sample) for (row, _), sample in zip(asked, samples, strict=True)
        ]

    def _graded(self, row: TrainingRow, index: int, prompt: list[int], sample: Sample) -> _Rollout:
        text = self._tokenizer.decode(sample.tokens)
        answer = Answer(text, "stop" if sample.ended else "length", len(prompt), len(sample.tokens))
        return _Rollout(index, prompt, sample, answer, self._grade(row, answer))

    def _prompt(self, row: TrainingRow) -> list[int]:
        return fit_prompt(prompt_tokens(self._tokenizer, row.get("messages") or ()), self._longest)


def _advantages(
    rewards: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Rewards [groups, answers] less their group's mean over its standard deviation, flat."""
    spread = rewards.std(1, keepdims=True)
    scaled: np.ndarray[tuple[int], np.dtype[np.float32]] = (
        ((rewards - rewards.mean(1, keepdims=True)) / (spread + 1e-4)).astype(np.float32).ravel()
    )
    return scaled


def _error_shares(kind: str, rollouts: Sequence[_Rollout]) -> dict[str, float]:
    """The share of answers in each family of grader errors, under the service's `<kind>_<family>_mean`."""
    families = Counter(rollout.grade.error for rollout in rollouts if rollout.grade.error)
    return {f"{kind}_{family}_mean": count / len(rollouts) for family, count in families.items()}
