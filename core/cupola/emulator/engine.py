"""What every tiny model offers the service: answering and training, the same for talker and reasoner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy.typing as npt

Weights = dict[str, npt.NDArray[Any]]
"""Named arrays: all that a checkpoint needs to serve."""

Message = Mapping[str, Any]
"""One chat message in the service's own JSON."""

ReasoningEffort = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """One prompt to answer."""

    messages: Sequence[Message]
    max_tokens: int = 512
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning_effort: ReasoningEffort = "medium"
    json_schema: Mapping[str, Any] | None = None
    """The schema of a requested structured output, if any."""
    top_logprobs: int | None = None
    """How many alternatives to report for each token; None leaves log-probabilities out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said to one prompt. Token counts are the tiny model's own."""

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    """All tokens paid for, reasoning included."""
    reasoning_tokens: int = 0
    logprobs: Sequence[Mapping[str, Any]] | None = None
    """One `{"token", "logprob", "top_logprobs": [...]}` a token, as the service words it."""


class Model(Protocol):
    """A model that can be asked."""

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Answer]:
        """Answer a batch; the answers stand in the order of the requests."""
        ...


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """A job's settings in the service's names; None is `auto`."""

    n_epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    beta: float | None = None
    compute_multiplier: float | None = None
    eval_interval: int | None = None
    eval_samples: int | None = None
    reasoning_effort: ReasoningEffort | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """A grader's verdict on one sample: a number on its own scale, or what went wrong."""

    reward: float
    error: str | None = None
    """One of the service's error families, such as `sample_parse_error`; the reward is then 0."""
    sub_rewards: Mapping[str, float] = field(default_factory=dict)


GradeSample = Callable[[Mapping[str, Any], Answer], Grade]
"""Grade an answer against a training row: `grade(row, answer)`."""


@dataclass(frozen=True, slots=True)
class ValidationSample:
    """One graded answer to one validation row."""

    row: int
    """Index of the row in the validation file."""
    sample: int
    """Which of the row's `eval_samples` answers this is, from 0."""
    answer: Answer
    grade: Grade


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one optimizer step measured."""

    step: int
    """Counted from 1."""
    metrics: Mapping[str, float]
    """Under the column names of the service's results file; what was not measured is absent."""
    epoch_ended: bool
    tokens: int
    """Training tokens seen in this step, for the bill."""
    validation: Sequence[ValidationSample] = ()
    """The graded validation answers of a reinforcement job, on its eval steps."""
    notes: Sequence[str] = ()
    """Plain sentences for the job's events, such as rows that were skipped and why."""


class Trainer(Protocol):
    """A training run that advances one step at a time and can be put down and taken up again."""

    total_steps: int
    hyperparameters: Hyperparameters
    """Resolved: no field that the method uses is None any more."""

    def baseline(self) -> StepReport | None:
        """The measurement before any step (step 0) of a reinforcement job; None for the other methods."""
        ...

    def step(self) -> StepReport:
        """Take one optimizer step. Calling it after `total_steps` steps is an error."""
        ...

    def weights(self) -> Weights:
        """The current weights, as a model is loaded from them."""
        ...

    def state(self) -> Weights:
        """Everything needed to go on from here: weights, optimizer moments, random state, position."""
        ...

    def restore(self, state: Weights) -> None:
        """Go on from what `state()` gave; the steps that follow are the same as without the interruption."""
        ...


TrainingRow = Mapping[str, Any]
"""One line of a training file, parsed."""
