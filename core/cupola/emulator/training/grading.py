"""Grade a reinforcement job's samples, and count what the grader reports, apart for training and validation."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cupola.graders import (
    Grader,
    GraderErrors,
    GraderResult,
    PythonSandbox,
    item_of_row,
    parse_grader,
    run_grader,
    service_reward,
    text_sample,
)

from ..engine import Answer, Grade, TrainingRow
from ..judge import judge
from .posting import post_to_endpoint

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


class Grading:
    """Grades samples with one grader and remembers what happened since it was last asked."""

    def __init__(self, grader: Grader, sandbox: PythonSandbox, valid_rows: Sequence[TrainingRow]) -> None:
        self._grader = grader
        self._sandbox = sandbox
        self._valid = {id(row) for row in valid_rows}
        self._counts: Counter[str] = Counter()

    def grade(self, row: Mapping[str, Any], answer: Answer) -> Grade:
        """Grade an answer to a row as the service does: what cannot be graded is worth nothing.

        An answer without text is never graded: that is an `unresponsive_reward_error`. One that ended at its limit of
        tokens is graded as it stands and counted as a `truncated_observation_error`.
        """
        started = time.perf_counter()
        result = self._result(row, answer)
        families = list(result.errors.families)
        if answer.finish_reason == "length":
            families.append("truncated_observation_error")
        split = "valid" if id(row) in self._valid else "train"
        self._count(split, result, families, time.perf_counter() - started)
        error = result.errors.families[0] if result.errors else None
        return Grade(service_reward(self._grader, result), error, result.sub_rewards)

    def _result(self, row: Mapping[str, Any], answer: Answer) -> GraderResult:
        if not answer.text.strip():
            errors = GraderErrors(unresponsive_reward_error=True)
            return GraderResult(self._grader.name, self._grader.type, None, None, errors, "The answer has no text.")
        sample = text_sample(answer.text)
        return run_grader(self._grader, item_of_row(row), sample, judge, post=post_to_endpoint, sandbox=self._sandbox)

    def _count(self, split: str, result: GraderResult, families: Sequence[str], seconds: float) -> None:
        self._counts[f"{split}_samples"] += 1
        self._counts.update(f"{split}_{family}" for family in families)
        self._counts[f"{split}_microseconds"] += round(seconds * 1e6)
        for usage in result.token_usage.values():
            self._counts[f"{split}_prompt_tokens"] += usage.prompt_tokens
            self._counts[f"{split}_completion_tokens"] += usage.completion_tokens

    def take(self) -> dict[str, dict[str, float]]:
        """Errors, token usage and seconds per sample since the last call, under the service's names."""
        counts, self._counts = self._counts, Counter()
        splits = [(split, counts[f"{split}_samples"]) for split in ("train", "valid") if counts[f"{split}_samples"]]
        errors: dict[str, float] = {}
        usage: dict[str, float] = {}
        for split, samples in splits:
            for family in FAMILIES:
                name = f"{split}_{family}"
                errors[f"{name}_mean"] = counts[name] / samples
                errors[f"{name}_count"] = counts[name]
            for kind in ("prompt_tokens", "completion_tokens"):
                if counts[f"{split}_{kind}"]:
                    usage[f"{split}_{kind}_mean"] = counts[f"{split}_{kind}"] / samples
                    usage[f"{split}_{kind}_count"] = samples
        seconds = {
            f"{split}_execution_latency_mean": counts[f"{split}_microseconds"] / 1e6 / samples
            for split, samples in splits
        }
        return {"errors": errors, "usage": usage, "seconds": seconds}


@contextmanager
def open_grading(definition: Mapping[str, Any], valid_rows: Sequence[TrainingRow]) -> Iterator[Grading]:
    """Grade by a grader's JSON, with a sandbox that is closed in the end."""
    with PythonSandbox(workers=1) as sandbox:
        yield Grading(parse_grader(definition), sandbox, valid_rows)
