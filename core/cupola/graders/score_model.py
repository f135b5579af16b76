"""Score-model graders: the prompt they ask and the score they read."""

from __future__ import annotations

from .calls import ModelRequest
from .model_reply import read_score
from .records import ScoreModel
from .template import Scope, render_json

_STEPS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"description": {"type": "string"}, "conclusion": {"type": "string"}},
        "required": ["description", "conclusion"],
        "additionalProperties": False,
    },
}


def score_request(grader: ScoreModel, scope: Scope) -> ModelRequest:
    """Return the rendered prompt, asking for steps and then a numeric `result`."""
    return ModelRequest(
        model=grader.model,
        messages=tuple(render_json(message, scope) for message in grader.input),
        sampling=grader.sampling,
        response_format=steps_and_result("score", {"type": "number"}),
    )


def score_of(grader: ScoreModel, reply: str) -> float:
    """Return the score in a reply, in the grader's range."""
    return read_score(reply, *grader.range)


def steps_and_result(name: str, result: dict[str, object]) -> dict[str, object]:
    """Return a strict response format of reasoning steps followed by a `result`."""
    schema = {
        "type": "object",
        "properties": {"steps": _STEPS, "result": result},
        "required": ["steps", "result"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}
