"""What the service checks of a grader before it takes a reinforcement job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cupola.graders import GraderDefinitionError, parse_grader

from ..errors import invalid_payload

TRAINING_TYPES = ("string_check", "text_similarity", "score_model", "python", "multi", "endpoint")


def check_grader(settings: Mapping[str, Any]) -> None:
    """Check `method.reinforcement.grader`. Raises ApiError."""
    grader = settings.get("grader")
    if not isinstance(grader, dict):
        raise invalid_payload("The grader field is required for reinforcement fine-tuning.")
    if grader.get("type") not in TRAINING_TYPES:
        raise invalid_payload(f"Invalid value for grader.type. Supported values are: {', '.join(TRAINING_TYPES)}.")
    if grader.get("evaluation_metric") == "cosine":
        raise invalid_payload("The cosine metric is not supported in reinforcement fine-tuning.")
    try:
        parse_grader(grader, "grader")
    except GraderDefinitionError as error:
        raise invalid_payload(f"Invalid grader. {error}") from error
