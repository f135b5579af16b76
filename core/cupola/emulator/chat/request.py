"""Read a chat request, refusing what the service would refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cupola_data.models import BaseModel

from ..body import metadata_field
from ..engine import AnswerRequest, Message, ReasoningEffort
from ..errors import ApiError, bad_request
from .content_filter import check_prompt
from .messages import read_messages
from .tools import Tools, read_tools

MOST_CHOICES = 128
_EFFORTS: dict[str, ReasoningEffort] = {
    "minimal": "low",
    "none": "low",
    "low": "low",
    "medium": "medium",
    "default": "medium",
    "high": "high",
}
_DEFAULT_MOST_TOKENS = 512
"""More than the talker's context; a reasoning model may think up to its own limit."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A checked chat request."""

    messages: Sequence[Message]
    n: int
    max_tokens: int
    temperature: float
    top_p: float
    seed: int | None
    stop: tuple[str, ...]
    effort: ReasoningEffort
    json_schema: Mapping[str, Any] | None
    logprobs: bool
    top_logprobs: int
    stream: bool
    include_usage: bool
    tools: Tools | None = None
    store: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    def requests(self) -> list[AnswerRequest]:
        """One engine request for each choice; choices of one seed differ from each other and repeat as a whole."""
        return [
            AnswerRequest(
                messages=[*(self.tools.prompt() if self.tools else ()), *self.messages],
                max_tokens=self.max_tokens,
                temperature=self.temperature,
                top_p=self.top_p,
                seed=None if self.seed is None else self.seed + choice,
                stop=self.stop,
                reasoning_effort=self.effort,
                json_schema=self.json_schema,
                top_logprobs=self.top_logprobs if self.logprobs else None,
            )
            for choice in range(self.n)
        ]


def _number(body: Mapping[str, Any], name: str, low: float, high: float, default: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_request(f"Invalid type for '{name}': expected a decimal.", name, "invalid_type")
    if not low <= value <= high:
        raise bad_request(f"Invalid '{name}': expected a value between {low:g} and {high:g}.", name, "invalid_value")
    return float(value)


def _whole(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_request(f"Invalid type for '{name}': expected an integer.", name, "invalid_type")
    if not low <= value <= high:
        raise bad_request(f"Invalid '{name}': expected a value between {low} and {high}.", name, "invalid_value")
    return value


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad_request(f"Invalid type for '{name}': expected a boolean.", name, "invalid_type")
    return value is True


def _metadata(body: Mapping[str, Any]) -> dict[str, str]:
    metadata = metadata_field(body)
    if metadata and not _flag(body, "store"):
        raise bad_request("The 'metadata' parameter is only allowed when 'store' is enabled.", "metadata")
    return metadata or {}


def _check_penalties(body: Mapping[str, Any]) -> None:
    for name in ("presence_penalty", "frequency_penalty"):
        _number(body, name, -2, 2, 0)


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    stop = body.get("stop")
    stops = [] if stop is None else [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or len(stops) > 4 or not all(isinstance(text, str) and text for text in stops):
        raise bad_request("Invalid 'stop': expected a string or up to 4 strings.", "stop", "invalid_value")
    return tuple(stops)


def _unsupported(name: str, message: str, code: str) -> ApiError:
    return bad_request(message, name, code)


def _check_reasoning_rules(body: Mapping[str, Any]) -> None:
    if body.get("max_tokens") is not None:
        raise _unsupported(
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model."
            " Use 'max_completion_tokens' instead.",
            "unsupported_parameter",
        )
    for name in ("temperature", "top_p"):
        if body.get(name) not in (None, 1, 1.0):
            raise _unsupported(
                name,
                f"Unsupported value: '{name}' does not support {body[name]} with this model."
                " Only the default (1) value is supported.",
                "unsupported_value",
            )
    for name in ("logprobs", "top_logprobs", "stop", "presence_penalty", "frequency_penalty"):
        if body.get(name):
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            raise _unsupported(name, message, "unsupported_parameter")


def _effort(body: Mapping[str, Any], base: BaseModel) -> ReasoningEffort:
    effort = body.get("reasoning_effort")
    if effort is None:
        return "medium"
    if not base.reasoning:
        message = "Unrecognized request argument supplied: reasoning_effort"
        raise bad_request(message, "reasoning_effort")
    if not isinstance(effort, str) or effort not in _EFFORTS:
        message = "Invalid value for 'reasoning_effort'. Supported values are: 'low', 'medium', and 'high'."
        raise bad_request(message, "reasoning_effort", "invalid_value")
    return _EFFORTS[effort]


def _check_json_is_named(body: Mapping[str, Any]) -> None:
    if "json" not in json.dumps(body.get("messages")).casefold():
        raise bad_request(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages",
        )


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = body.get("response_format")
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        _check_json_is_named(body)
        return {"type": "object"}
    named = wanted.get("json_schema") if kind == "json_schema" else None
    schema = named.get("schema") if isinstance(named, dict) else None
    if not isinstance(schema, dict):
        message = "Invalid 'response_format': expected text, json_object or json_schema with its schema."
        raise bad_request(message, "response_format", "invalid_value")
    return schema


def _includes_usage(body: Mapping[str, Any]) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise bad_request(message, "stream_options", "invalid_value")
    return isinstance(options, dict) and options.get("include_usage") is True


def read_chat_request(body: Mapping[str, Any], base: BaseModel) -> ChatRequest:
    """Check a request body against the rules of a model. Raises ApiError in the service's words."""
    messages = read_messages(body)
    if base.reasoning:
        _check_reasoning_rules(body)
    _check_penalties(body)
    most = base.max_output_tokens or 1_000_000
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise bad_request(message, "max_tokens", "invalid_parameter_combination")
    max_tokens = _whole(body, "max_completion_tokens", 1, most) or _whole(body, "max_tokens", 1, most)
    top_logprobs = _whole(body, "top_logprobs", 0, 20)
    if top_logprobs is not None and body.get("logprobs") is not True:
        message = "'logprobs' must be set to true in order to use 'top_logprobs'."
        raise bad_request(message, "top_logprobs", "invalid_value")
    check_prompt(messages)
    return ChatRequest(
        messages=messages,
        n=_whole(body, "n", 1, MOST_CHOICES) or 1,
        max_tokens=max_tokens or (most if base.reasoning else _DEFAULT_MOST_TOKENS),
        temperature=_number(body, "temperature", 0, 2, 1.0),
        top_p=_number(body, "top_p", 0, 1, 1.0),
        seed=_whole(body, "seed", -(2**63), 2**63 - 1),
        stop=_stop(body),
        effort=_effort(body, base),
        json_schema=_schema(body),
        logprobs=_flag(body, "logprobs"),
        top_logprobs=top_logprobs or 0,
        stream=_flag(body, "stream"),
        include_usage=_includes_usage(body),
        tools=read_tools(body),
        store=_flag(body, "store"),
        metadata=_metadata(body),
    )
