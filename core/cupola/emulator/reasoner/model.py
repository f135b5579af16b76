"""The reasoner as a model that can be asked, and its four base stages."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal, get_args

import numpy as np

from ..engine import Answer, AnswerRequest, Message, ReasoningEffort, Weights
from .answers import answer_keys, count_tokens, cut, prompt_tokens, render
from .features import NAMES, vector
from .puzzle import NumberPuzzle, recognise
from .rollouts import Prompt, Rollout, roll_out

Stage = Literal["gpt-4.1-mini", "gpt-4.1", "o4-mini", "o3"]
STAGES: tuple[Stage, ...] = get_args(Stage)
_EFFORTS: tuple[ReasoningEffort, ...] = get_args(ReasoningEffort)
_NO_PUZZLE = "I see no number puzzle here: I need some numbers and a target."


def base_weights(stage: Stage) -> Weights:
    """Return the weights of a base stage, as it ships."""
    stages = json.loads(files("cupola_data.countdown").joinpath("reasoner.json").read_text("utf-8"))
    stored = stages[stage]
    weights: Weights = {name: np.asarray(value) for name, value in stored["weights"].items()}
    return weights | stage_arrays([stored["thoughts"][effort] for effort in _EFFORTS], reasons=stored["reasons"])


def stage_arrays(thoughts: Sequence[int], *, reasons: bool) -> Weights:
    """Return what a checkpoint holds besides the named weights.

    `thoughts` is how many are drawn at low, medium and high effort; `reasons` is whether they count as reasoning
    tokens and whether a temperature is refused.
    """
    return {"thoughts": np.array(thoughts, dtype=np.int64), "reasons": np.array(reasons)}


def thoughts_at(weights: Weights, effort: ReasoningEffort) -> int:
    """Return how many thoughts a checkpoint draws for an answer."""
    return int(weights["thoughts"][_EFFORTS.index(effort)])


class Reasoner:
    """A log-linear policy that answers number puzzles.

    It gives no log-probabilities, as it does not write token by token. A reasoning stage answers at temperature 1
    whatever is asked, as the service's reasoning models do. An answer to a request with a seed depends on the seed
    and the puzzle alone.
    """

    def __init__(self, weights: Weights, seed: int | None = None) -> None:
        """Serve a checkpoint; `seed` decides the answers to requests that have none of their own."""
        self._weights = weights
        self._vector = vector({name: weights[name] for name in NAMES if name in weights})
        self._reasons = bool(weights["reasons"])
        self._rng = np.random.default_rng(seed)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Answer]:
        """Answer a batch; a request without a number puzzle is told so."""
        answers: list[Answer | None] = [None] * len(requests)
        groups: dict[tuple[ReasoningEffort, float], list[tuple[int, NumberPuzzle]]] = {}
        for index, request in enumerate(requests):
            puzzle = recognise(request.messages)
            if puzzle is None:
                answers[index] = cut(request, _NO_PUZZLE, prompt_tokens(request.messages), 0)
            else:
                temperature = 1.0 if self._reasons else request.temperature
                groups.setdefault((request.reasoning_effort, temperature), []).append((index, puzzle))
        for (effort, temperature), group in groups.items():
            prompts = [self._prompt(requests[index], puzzle) for index, puzzle in group]
            thoughts = thoughts_at(self._weights, effort)
            rollouts, _ = roll_out(self._vector, prompts, thoughts, temperature=temperature)
            for (index, puzzle), rollout in zip(group, rollouts, strict=True):
                answers[index] = self._answer(requests[index], puzzle, rollout)
        return [answer for answer in answers if answer is not None]

    def _prompt(self, request: AnswerRequest, puzzle: NumberPuzzle) -> Prompt:
        forced = request.json_schema is not None
        return Prompt(puzzle.nums, puzzle.target, puzzle.wants_json or forced, forced, self._draws(request, puzzle))

    def _draws(self, request: AnswerRequest, puzzle: NumberPuzzle) -> np.random.Generator:
        if request.seed is None:
            return self._rng.spawn(1)[0]
        # One seed for all rows of a benchmark must not make all rows share their luck.
        content = zlib.crc32(repr((puzzle.nums, puzzle.target)).encode())
        return np.random.default_rng([abs(request.seed), content])

    def _answer(self, request: AnswerRequest, puzzle: NumberPuzzle, rollout: Rollout) -> Answer:
        text = render(puzzle, rollout, answer_keys(request.json_schema))
        reasoning = rollout.thought_tokens if self._reasons else 0
        return cut(request, text, prompt_tokens(request.messages), reasoning)


def load(weights: Weights) -> Reasoner:
    """Return a reasoner that serves a checkpoint."""
    return Reasoner(weights)


def load_base(stage: Stage) -> Reasoner:
    """Return a reasoner that serves a base stage, as it ships."""
    return Reasoner(base_weights(stage))


def rollout_answer(
    messages: Sequence[Message],
    puzzle: NumberPuzzle,
    rollout: Rollout,
    json_schema: Mapping[str, Any] | None,
    *,
    reasons: bool,
) -> Answer:
    """Return a rollout of a training run as an answer; nothing is cut off."""
    text = render(puzzle, rollout, answer_keys(json_schema))
    reasoning = rollout.thought_tokens if reasons else 0
    return Answer(text, "stop", prompt_tokens(messages), reasoning + count_tokens(text), reasoning)
