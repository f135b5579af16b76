"""What the service checks of a grader before it takes a reinforcement job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cupola.graders import (
    Grader,
    GraderDefinitionError,
    Multi,
    PythonGrader,
    PythonSandbox,
    SandboxUnavailableError,
    parse_grader,
)

from ..errors import invalid_payload

TRAINING_TYPES = ("string_check", "text_similarity", "score_model", "python", "multi", "endpoint")


def _sources(grader: Grader) -> Iterator[str]:
    if isinstance(grader, PythonGrader):
        yield grader.source
    elif isinstance(grader, Multi):
        for part in grader.graders.values():
            yield from _sources(part)


def sandbox_gap(definition: Mapping[str, Any]) -> str | None:
    """Why this machine cannot run a grader's Python though the service might, in plain words; None when it can."""
    sources = list(_sources(parse_grader(definition)))
    if not sources:
        return None
    try:
        with PythonSandbox(workers=1) as sandbox:
            gap = next((gap for source in sources if (gap := sandbox.lacks(source)) is not None), None)
    except SandboxUnavailableError as error:
        return f"The python grader cannot be run: {error}"
    if gap is None:
        return None
    return (
        f"The python grader needs {gap}, which the emulator's sandbox lacks; the service itself may have it."
        " Write the grader without it, or train on the service."
    )


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
