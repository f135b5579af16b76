"""What grading came to since it was last told: samples, rewards, errors, tokens and seconds, apart by split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cupola.graders import GraderResult

Split = Literal["train", "valid"]

FAMILIES = (
    "formula_parse_error",
    "sample_parse_error",
    "truncated_observation_error",
    "unresponsive_reward_error",
    "invalid_variable_error",
    "other_error",
    "python_grader_server_error",
    "python_grader_runtime_error",
    "model_grader_server_error",
    "model_grader_refusal_error",
    "model_grader_parse_error",
)


@dataclass(slots=True)
class Tally:
    """One grader's samples of one split."""

    samples: int = 0
    reward: float = 0.0
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    families: Counter[str] = field(default_factory=Counter)

    def add(self, result: GraderResult, reward: float, families: Iterable[str], seconds: float) -> None:
        """Count one graded sample; its families of errors may be more than its result knows."""
        self.samples += 1
        self.reward += reward
        self.seconds += seconds
        self.families.update(families)
        for usage in result.token_usage.values():
            self.prompt_tokens += usage.prompt_tokens
            self.completion_tokens += usage.completion_tokens


Tallies = Mapping[Split, Tally]


def errors_of(tallies: Tallies) -> dict[str, float]:
    """Every family's share of the samples and its number, under the service's names."""
    found: dict[str, float] = {}
    for split, tally in tallies.items():
        for family in FAMILIES:
            found[f"{split}_{family}_mean"] = tally.families[family] / tally.samples
            found[f"{split}_{family}_count"] = tally.families[family]
    return found


def usage_of(tallies: Tallies) -> dict[str, float]:
    """Mean tokens of grader models a sample; nothing where none was asked."""
    found: dict[str, float] = {}
    for split, tally in tallies.items():
        for kind, tokens in (("prompt_tokens", tally.prompt_tokens), ("completion_tokens", tally.completion_tokens)):
            if tokens:
                found[f"{split}_{kind}_mean"] = tokens / tally.samples
                found[f"{split}_{kind}_count"] = tally.samples
    return found


def seconds_of(tallies: Tallies) -> dict[str, float]:
    """Mean seconds a sample."""
    return {f"{split}_execution_latency_mean": tally.seconds / tally.samples for split, tally in tallies.items()}


def rewards_of(tallies: Tallies) -> dict[str, float]:
    """Mean reward a sample; one that could not be graded counts as 0."""
    return {f"{split}_reward_mean": tally.reward / tally.samples for split, tally in tallies.items()}
