"""The grader definitions as JSON Schemas, for the OpenAPI document: which fields each type has, and their limits."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "minLength": 1}
_NUMBER: Schema = {"type": "number"}
_RANGE: Schema = {
    "type": "array",
    "items": _NUMBER,
    "minItems": 2,
    "maxItems": 2,
    "default": [0, 1],
    "description": "The least and the greatest score.",
}
_MESSAGES: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["role", "content"],
        "properties": {
            "role": {"enum": ["system", "developer", "user", "assistant"]},
            "content": {"type": ["string", "array", "object"]},
        },
    },
}
_SAMPLING: Schema = {
    "type": "object",
    "properties": {
        "seed": {"type": "integer"},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
        "top_p": {"type": "number", "minimum": 0, "maximum": 1},
        "max_completions_tokens": {"type": "integer", "minimum": 1},
        "reasoning_effort": _TEXT,
    },
}
_METRICS = ["fuzzy_match", "bleu", "gleu", "meteor", "cosine", *(f"rouge_{n}" for n in (*range(1, 6), "l"))]


def _grader(kind: str, required: str, **properties: Schema) -> Schema:
    names = ["type", *required.split()]
    return {"type": "object", "required": names, "properties": {"type": {"const": kind}, **properties}}


_COMPARED: dict[str, Schema] = {"name": _NAME, "input": _TEXT, "reference": _TEXT}

STRING_CHECK = _grader(
    "string_check", "name input reference operation", **_COMPARED, operation={"enum": ["eq", "ne", "like", "ilike"]}
)
TEXT_SIMILARITY = _grader(
    "text_similarity",
    "name input reference evaluation_metric",
    **_COMPARED,
    evaluation_metric={"enum": _METRICS},
    pass_threshold=_NUMBER,
)
SCORE_MODEL = _grader(
    "score_model",
    "name model input",
    name=_NAME,
    model=_NAME,
    input=_MESSAGES,
    range=_RANGE,
    pass_threshold=_NUMBER,
    sampling_params=_SAMPLING,
)
LABEL_MODEL = _grader(
    "label_model",
    "name model input labels passing_labels",
    name=_NAME,
    model=_NAME,
    input=_MESSAGES,
    labels={"type": "array", "items": _TEXT, "minItems": 1},
    passing_labels={"type": "array", "items": _TEXT, "minItems": 1},
    sampling_params=_SAMPLING,
)
PYTHON = _grader("python", "source", name=_NAME, source=_NAME, image_tag=_TEXT, pass_threshold=_NUMBER)
ENDPOINT = _grader(
    "endpoint",
    "name url",
    name=_NAME,
    url={"type": "string", "pattern": "^https?://"},
    headers={"type": "object", "additionalProperties": _TEXT},
    rate_limit=_NUMBER,
    pass_threshold=_NUMBER,
)

_PARTS = [STRING_CHECK, TEXT_SIMILARITY, SCORE_MODEL, PYTHON]

MULTI = _grader(
    "multi",
    "name graders calculate_output",
    name=_NAME,
    graders={"type": "object", "minProperties": 1, "additionalProperties": {"oneOf": [*_PARTS, LABEL_MODEL, ENDPOINT]}},
    calculate_output=_NAME,
    invalid_grade=_NUMBER,
)

RUNNABLE: Schema = {"oneOf": [*_PARTS, MULTI]}
"""What `graders/run` and `graders/validate` take."""

CRITERION: Schema = {"oneOf": [*_PARTS, LABEL_MODEL]}
"""What an evaluation takes as a testing criterion."""
