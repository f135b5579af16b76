from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cupola.emulator.engine import Answer, AnswerRequest, Grade, Model, ReasoningEffort
from cupola_data import countdown
from cupola_data.countdown.grading import grade


def honest(row: Mapping[str, Any], said: Answer) -> Grade:
    """Grade as the sample's grader does, without its sandbox."""
    try:
        answer = json.loads(said.text)
    except ValueError:
        return Grade(0.0, "sample_parse_error")
    return Grade(grade({"output_json": answer}, dict(row)))


def ask(model: Model, rows: list[dict[str, Any]], effort: ReasoningEffort = "medium", seeds: int = 1) -> list[Answer]:
    """Ask every row, in the row's response format."""
    schema = countdown.response_format()["json_schema"]
    return model.answer(
        [
            AnswerRequest(r["messages"], max_tokens=100_000, seed=seed, reasoning_effort=effort, json_schema=schema)
            for seed in range(seeds)
            for r in rows
        ]
    )


class Exam:
    """Asks the held-out rows and counts the passes."""

    rows = countdown.rows("test")

    def pass_rate(self, model: Model, effort: ReasoningEffort = "medium", seeds: int = 2) -> float:
        answers = ask(model, self.rows, effort, seeds)
        passes = [honest(row, answer).reward == 5.0 for row, answer in zip(self.rows * seeds, answers, strict=True)]
        return sum(passes) / len(passes)


@pytest.fixture(scope="session")
def exam() -> Exam:
    return Exam()
