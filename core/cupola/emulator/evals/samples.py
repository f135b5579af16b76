"""The `sample` of an output item: how an answer is shown, and how graders see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cupola.graders import text_sample

from ..errors import ApiError
from .data_source import DEFAULT_SAMPLING, token_limit

NO_USAGE = {"total_tokens": 0, "completion_tokens": 0, "prompt_tokens": 0, "cached_tokens": 0}


def usage_of(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """Token counts as an output item shows them."""
    total = prompt_tokens + completion_tokens
    return {**NO_USAGE, "total_tokens": total, "completion_tokens": completion_tokens, "prompt_tokens": prompt_tokens}


def shown_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """An answer's message as an output item shows it."""
    return {
        "role": "assistant",
        "content": message.get("content"),
        "tool_calls": message.get("tool_calls"),
        "function_call": None,
    }


def failed_sample(data_source: Mapping[str, Any], error: ApiError) -> dict[str, Any]:
    """What is shown of a row that got no answer."""
    sampling = {**DEFAULT_SAMPLING, **data_source.get("sampling_params", {})}
    return {
        "input": [],
        "output": [],
        "finish_reason": "error",
        "model": data_source.get("model") or "",
        "usage": dict(NO_USAGE),
        "error": {"code": error.code, "message": error.message},
        "temperature": sampling["temperature"],
        "max_completion_tokens": token_limit(sampling) or 0,
        "top_p": sampling["top_p"],
        "seed": sampling["seed"],
    }


def given_sample(sample: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is shown of an answer that came with its row."""
    given = sample or {}
    choice = _first_choice(given)
    message = choice.get("message")
    output = [shown_message(message)] if isinstance(message, dict) else []
    if not output and isinstance(given.get("output_text"), str):
        output = [shown_message({"content": given["output_text"]})]
    return {
        "input": [],
        "output": output,
        "finish_reason": str(choice.get("finish_reason") or "stop") if output else "",
        "model": given["model"] if isinstance(given.get("model"), str) else "",
        "usage": dict(NO_USAGE),
        "error": None,
        **DEFAULT_SAMPLING,
        "max_completion_tokens": 0,
    }


def _first_choice(given: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = given.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def sample_scope(shown: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """What graders see as `sample`: the shown answer, and whatever came with the row; empty without an answer."""
    if not shown["output"]:
        return dict(given or {})
    message = shown["output"][0]
    content, calls = message["content"], message["tool_calls"]
    tool_calls = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    scope = text_sample(content if isinstance(content, str) else "", tool_calls=tool_calls)
    return {**scope, "model": shown["model"], **(given or {})}
