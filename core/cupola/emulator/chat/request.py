"""Read a chat request, refusing what the service would refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cupola_data.models import BaseModel

from ..engine import AnswerRequest, Message, ReasoningEffort
from ..errors import bad_request
from . import fields
from .content_filter import check_prompt
from .messages import read_messages
from .schema import read_response_format
from .tools import Tools, read_tools

MOST_CHOICES = 128
_EFFORTS: dict[str, ReasoningEffort] = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
_TIERS = ("auto", "default", "flex", "scale", "priority")
_ABSENT = ("functions", "function_call", "audio", "web_search_options", "data_sources")
"""Parameters of the service that the emulator has nothing for; ignoring them would answer something else."""

KNOWN = frozenset(
    (
        *("messages", "model", "n", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stop"),
        *("presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "reasoning_effort"),
        *("response_format", "tools", "tool_choice", "parallel_tool_calls", "stream", "stream_options", "store"),
        *("metadata", "user", "safety_identifier", "service_tier", "verbosity", "modalities", "prediction"),
        *("moderation", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        *("user_security_context", *_ABSENT),
    )
)
"""Every parameter of a chat request."""

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


def _metadata(body: Mapping[str, Any]) -> dict[str, str]:
    found = fields.metadata(body)
    if found and not fields.flag(body, "store"):
        raise bad_request("The 'metadata' parameter is only allowed when 'store' is enabled.", "metadata")
    return found


def _check_unread(body: Mapping[str, Any], base: BaseModel) -> None:
    """Check what changes nothing in a tiny model's answer."""
    for name in ("presence_penalty", "frequency_penalty"):
        fields.number(body, name, -2, 2, 0)
    for token, bias in fields.table(body, "logit_bias").items():
        fields.number({f"logit_bias.{token[:20]}": bias}, f"logit_bias.{token[:20]}", -100, 100, 0)
        if not (token.isascii() and token.isdigit()):
            raise bad_request("Invalid key in 'logit_bias': expected the numbers of tokens.", "logit_bias")
    for name in ("user", "safety_identifier", "prompt_cache_key"):
        fields.text(body, name)
    fields.word(body, "service_tier", _TIERS)
    fields.table(body, "prediction")
    for name in _ABSENT:
        if body.get(name) is not None:
            raise fields.unsupported(name, "is not supported by the emulator.")
    if body.get("modalities") not in (None, ["text"]):
        raise fields.unsupported("modalities", "does not support anything but ['text'] with this model.")
    verbosity = fields.word(body, "verbosity", ("low", "medium", "high"))
    if verbosity not in (None, "medium") and not base.name.startswith("gpt-5"):
        message = f"Unsupported value: 'verbosity' does not support '{verbosity}' with this model."
        raise bad_request(message, "verbosity", "unsupported_value")


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    stop = body.get("stop")
    stops = [] if stop is None else [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or len(stops) > 4 or not all(isinstance(text, str) and text for text in stops):
        raise bad_request("Invalid 'stop': expected a string or up to 4 strings.", "stop", "invalid_value")
    return tuple(stops)


def _check_reasoning_rules(body: Mapping[str, Any]) -> None:
    if body.get("max_tokens") is not None:
        why = "is not supported with this model. Use 'max_completion_tokens' instead."
        raise fields.unsupported("max_tokens", why)
    for name in ("temperature", "top_p"):
        if body.get(name) not in (None, 1, 1.0):
            message = f"Unsupported value: '{name}' does not support {body[name]} with this model."
            raise bad_request(f"{message} Only the default (1) value is supported.", name, "unsupported_value")
    for name in ("logprobs", "top_logprobs", "stop", "presence_penalty", "frequency_penalty", "logit_bias"):
        if body.get(name):
            raise fields.unsupported(name)


def _effort(body: Mapping[str, Any], base: BaseModel) -> ReasoningEffort:
    effort = body.get("reasoning_effort")
    if effort is None:
        return "medium"
    if not base.reasoning:
        message = "Unrecognized request argument supplied: reasoning_effort"
        raise bad_request(message, "reasoning_effort")
    supported = [known for known in _EFFORTS if known != "minimal" or base.name.startswith("gpt-5")]
    if effort not in supported:
        raise fields.invalid_value("reasoning_effort", effort, supported)
    return _EFFORTS[effort]


def _includes_usage(body: Mapping[str, Any]) -> bool:
    if body.get("stream_options") is None:
        return False
    if not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise bad_request(message, "stream_options", "invalid_value")
    options = {f"stream_options.{name}": value for name, value in fields.table(body, "stream_options").items()}
    fields.check_known(options, ("stream_options.include_usage", "stream_options.include_obfuscation"))
    fields.flag(options, "stream_options.include_obfuscation")
    return fields.flag(options, "stream_options.include_usage")


def read_chat_request(body: Mapping[str, Any], base: BaseModel) -> ChatRequest:
    """Check a request body against the rules of a model. Raises ApiError in the service's words."""
    fields.check_known(body, KNOWN)
    messages = read_messages(body)
    if base.reasoning:
        _check_reasoning_rules(body)
    _check_unread(body, base)
    most = base.max_output_tokens or 1_000_000
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise bad_request(message, "max_tokens", "invalid_parameter_combination")
    max_tokens = fields.whole(body, "max_completion_tokens", 1, most) or fields.whole(body, "max_tokens", 1, most)
    top_logprobs = fields.whole(body, "top_logprobs", 0, 20)
    if top_logprobs is not None and body.get("logprobs") is not True:
        message = "'logprobs' must be set to true in order to use 'top_logprobs'."
        raise bad_request(message, "top_logprobs", "invalid_value")
    check_prompt(messages)
    return ChatRequest(
        messages=messages,
        n=fields.whole(body, "n", 1, MOST_CHOICES) or 1,
        max_tokens=max_tokens or (most if base.reasoning else _DEFAULT_MOST_TOKENS),
        temperature=fields.number(body, "temperature", 0, 2, 1.0),
        top_p=fields.number(body, "top_p", 0, 1, 1.0),
        seed=fields.whole(body, "seed", -(2**63), 2**63 - 1),
        stop=_stop(body),
        effort=_effort(body, base),
        json_schema=read_response_format(body),
        logprobs=fields.flag(body, "logprobs"),
        top_logprobs=top_logprobs or 0,
        stream=fields.flag(body, "stream"),
        include_usage=_includes_usage(body),
        tools=read_tools(body),
        store=fields.flag(body, "store"),
        metadata=_metadata(body),
    )
