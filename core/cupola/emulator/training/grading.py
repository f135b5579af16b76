"""Grade a reinforcement job's samples, and count what the grader reports, apart for training and validation."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cupola.graders import (
    Grader,
    GraderResult,
    PythonSandbox,
    item_of_row,
    parse_grader,
    run_grader,
    service_reward,
    text_sample,
)

from ..engine import Grade, TrainingRow
from ..judge import judge
from .posting import post_to_endpoint

FAMILIES = (
    "sample_parse_error",
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

    def grade(self, row: Mapping[str, Any], text: str) -> Grade:
        """Grade an answer to a row as the service does: what cannot be graded is worth nothing."""
        started = time.perf_counter()
        result = run_grader(
            self._grader, item_of_row(row), text_sample(text), judge, post=post_to_endpoint, sandbox=self._sandbox
        )
        self._count("valid" if id(row) in self._valid else "train", result, time.perf_counter() - started)
        error = result.errors.families[0] if result.errors else None
        return Grade(service_reward(self._grader, result), error, result.sub_rewards)

    def _count(self, split: str, result: GraderResult, seconds: float) -> None:
        self._counts[f"{split}_samples"] += 1
        self._counts.update(f"{split}_{family}" for family in result.errors.families)
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
