"""The judge behind chat completions: requests that ask for a grader's verdict are answered by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cupola.graders import ModelRequest

from ..engine import Answer, AnswerRequest
from .verdict import judge


def asks_for_verdict(schema: Mapping[str, Any] | None) -> bool:
    """Whether a structured output is a grader's: steps, and a result that is a number or one of some labels."""
    properties = (schema or {}).get("properties")
    if not isinstance(properties, Mapping) or set(properties) != {"steps", "result"}:
        return False
    result = properties["result"]
    return isinstance(result, Mapping) and (result.get("type") in ("number", "integer") or "enum" in result)


def verdict(request: AnswerRequest) -> Answer:
    """Judge as a grader model would, whatever model the deployment stands for. Tokens are words."""
    asked = ModelRequest(
        model="",
        messages=tuple(request.messages),
        sampling={"max_completion_tokens": request.max_tokens},
        response_format={"type": "json_schema", "json_schema": {"schema": request.json_schema}},
    )
    reply = judge(asked)
    cut = reply.usage.completion_tokens >= request.max_tokens
    return Answer(reply.text, "length" if cut else "stop", reply.usage.prompt_tokens, reply.usage.completion_tokens)
