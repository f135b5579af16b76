"""Grade a reinforcement job's samples, and count what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..engine import Grade, GradeSample, TrainingRow


def open_grader(definition: Mapping[str, Any]) -> GradeSample:
    """The function that grades by a grader definition."""
    raise NotImplementedError


class GraderTally:
    """Counts a grader's errors, apart for training and validation rows, from one step to the next."""

    def __init__(self, grade: GradeSample, valid_rows: Sequence[TrainingRow]) -> None:
        self._grade = grade
        self._valid = {id(row) for row in valid_rows}
        self._counts: dict[str, dict[str, float]] = {}

    def grade(self, row: Mapping[str, Any], text: str) -> Grade:
        """Grade one sample and count it."""
        return self._grade(row, text)

    def take(self) -> dict[str, Any]:
        """What was counted since the last time."""
        return {}
