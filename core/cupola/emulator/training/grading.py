"""Grade a reinforcement job's samples, and count what the grader reports, apart for training and validation."""

from __future__ import annotations

import time
from collections import defaultdict
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
from .tallies import Split, Tally, errors_of, rewards_of, seconds_of, usage_of


class Grading:
    """Grades samples with one grader and remembers what happened since it was last asked."""

    def __init__(self, grader: Grader, sandbox: PythonSandbox, valid_rows: Sequence[TrainingRow]) -> None:
        self._grader = grader
        self._sandbox = sandbox
        self._valid = {id(row) for row in valid_rows}
        self._whole: dict[Split, Tally] = defaultdict(Tally)
        self._parts: dict[str, dict[Split, Tally]] = defaultdict(lambda: defaultdict(Tally))

    def grade(self, row: Mapping[str, Any], answer: Answer) -> Grade:
        """Grade an answer to a row as the service does: what cannot be graded is worth nothing.

        An answer without text is never graded: that is an `unresponsive_reward_error`. One that ended at its limit of
        tokens is graded as it stands and counted as a `truncated_observation_error`.
        """
        started = time.perf_counter()
        result = self._result(row, answer)
        reward = service_reward(self._grader, result)
        self._count("valid" if id(row) in self._valid else "train", answer, result, reward, started)
        error = result.errors.families[0] if result.errors else None
        return Grade(reward, error, result.sub_rewards)

    def _result(self, row: Mapping[str, Any], answer: Answer) -> GraderResult:
        if not answer.text.strip():
            errors = GraderErrors(unresponsive_reward_error=True)
            return GraderResult(self._grader.name, self._grader.type, None, None, errors, "The answer has no text.")
        sample = text_sample(answer.text)
        return run_grader(self._grader, item_of_row(row), sample, judge, post=post_to_endpoint, sandbox=self._sandbox)

    def _count(self, split: Split, answer: Answer, result: GraderResult, reward: float, started: float) -> None:
        cut = ["truncated_observation_error"] if answer.finish_reason == "length" else []
        families = [*result.errors.families, *cut]
        self._whole[split].add(result, reward, families, time.perf_counter() - started)
        for key, part in result.sub_results.items():
            self._parts[key][split].add(part, part.reward or 0.0, part.errors.families, part.execution_time)

    def take(self) -> dict[str, Any]:
        """Errors, token usage and seconds per sample since the last call, under the service's names.

        `parts` has the rewards and errors of a multi grader's parts, by key.
        """
        whole, self._whole = self._whole, defaultdict(Tally)
        parts = dict(self._parts)
        self._parts.clear()
        return {
            "errors": errors_of(whole),
            "usage": usage_of(whole),
            "seconds": seconds_of(whole),
            "parts": {key: {"rewards": rewards_of(tally), "errors": errors_of(tally)} for key, tally in parts.items()},
        }


@contextmanager
def open_grading(definition: Mapping[str, Any], valid_rows: Sequence[TrainingRow]) -> Iterator[Grading]:
    """Grade by a grader's JSON, with a sandbox that is closed in the end."""
    with PythonSandbox(workers=1) as sandbox:
        yield Grading(parse_grader(definition), sandbox, valid_rows)
