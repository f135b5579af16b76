"""The testing criteria of an evaluation: graders with ids and thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from cupola.graders import Grader, GraderDefinitionError, ScoreModel, parse_grader

from ..errors import invalid_payload

TYPES = ("string_check", "text_similarity", "score_model", "label_model", "python")
MOST_CRITERIA = 50


def pass_threshold(grader: Grader) -> float:
    """The least score that passes; the middle of the range where the grader does not say, which is an assumption."""
    if grader.pass_threshold is not None:
        return grader.pass_threshold
    low, high = grader.range if isinstance(grader, ScoreModel) else (0.0, 1.0)
    return (low + high) / 2


def with_id(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A grader's definition with a name and a fresh id, `<name>-<uuid>`, by which results call it."""
    name = definition.get("name") or definition["type"]
    return {**definition, "name": name, "id": f"{name}-{uuid4()}"}


def read_criteria(given: Any) -> list[dict[str, Any]]:
    """The criteria of a create body, each with its id. Raises ApiError."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_CRITERIA:
        raise invalid_payload(f"testing_criteria must be a list of 1 to {MOST_CRITERIA} graders.")
    return [_criterion(definition, f"testing_criteria[{index}]") for index, definition in enumerate(given)]


def _criterion(definition: Any, where: str) -> dict[str, Any]:
    kind = definition.get("type") if isinstance(definition, dict) else None
    if kind not in TYPES:
        raise invalid_payload(f"Invalid value for {where}.type. Supported values are: {', '.join(TYPES)}.")
    if kind == "text_similarity" and definition.get("pass_threshold") is None:
        raise invalid_payload(f"{where}.pass_threshold is required.")
    try:
        parse_grader(definition, where)
    except GraderDefinitionError as error:
        raise invalid_payload(f"Invalid grader. {error}") from error
    return with_id(definition)


def graders_of(criteria: Sequence[Mapping[str, Any]]) -> list[tuple[str, Grader]]:
    """Each criterion's id and grader."""
    return [(str(criterion["id"]), parse_grader(criterion)) for criterion in criteria]
