"""Read a responses request as the chat request that it comes to, refusing what the service would refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cupola_data.models import BaseModel

from ..chat import fields
from ..chat.request import ChatRequest, read_chat_request
from ..errors import ApiError, bad_request
from .items import Json, chat_messages

FEWEST_TOKENS = 16
LOGPROBS = "message.output_text.logprobs"
INCLUDABLE = (
    LOGPROBS,
    "reasoning.encrypted_content",
    "message.input_image.image_url",
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
)
"""What a response may be asked to show besides; of these the emulator has log-probabilities."""

_PASSED_ON = ("temperature", "top_p", "parallel_tool_calls", "stream", "user", "safety_identifier", "service_tier")
_ABSENT = ("prompt", "conversation", "context_management", "image", "access_programs")
KNOWN = frozenset(
    (
        *("model", "input", "instructions", "previous_response_id", "max_output_tokens", "temperature", "top_p"),
        *("top_logprobs", "reasoning", "text", "tools", "tool_choice", "parallel_tool_calls", "max_tool_calls"),
        *("include", "truncation", "stream", "stream_options", "background", "background_options", "store"),
        *("metadata", "user", "safety_identifier", "service_tier", "moderation", "prompt_cache_key"),
        *("prompt_cache_options", "prompt_cache_retention", *_ABSENT),
    )
)
"""Every parameter of a response."""


@dataclass(frozen=True, slots=True)
class ResponseRequest:
    """A checked request."""

    chat: ChatRequest
    items: Sequence[Json]
    """The input of this request alone."""
    messages: Sequence[Mapping[str, Any]]
    """All that was said before and in it, without the instructions."""
    body: Mapping[str, Any]
    """What was sent."""
    store: bool
    metadata: Mapping[str, str]
    background: bool = False
    """Whether it is answered after the client has been let go."""


_RENAMED = {
    "messages": "input",
    "max_completion_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "response_format.json_schema.name": "text.format.name",
    "response_format.json_schema.strict": "text.format.strict",
    "verbosity": "text.verbosity",
    "logprobs": "top_logprobs",
}
"""What chat calls what a response calls otherwise."""


@contextmanager
def _in_own_words() -> Iterator[None]:
    """Let a refusal of the chat request name the parameter as it was sent."""
    try:
        yield
    except ApiError as refusal:
        param = refusal.fields.get("param")
        if param not in _RENAMED:
            raise
        own, message = _RENAMED[param], refusal.message
        told = message.replace(f"'{param}", f"'{own}").replace("response_format", "text.format")
        raise ApiError(refusal.status, refusal.code, told, fields={**refusal.fields, "param": own}) from refusal


def _check_unread(body: Mapping[str, Any]) -> None:
    """Check what changes nothing in a tiny model's answer, and refuse what the emulator does not have."""
    fields.check_known(body, KNOWN)
    for name in _ABSENT:
        if body.get(name) is not None:
            raise fields.unsupported(name, "is not supported by the emulator.")
    fields.word(body, "truncation", ("auto", "disabled"))
    fields.whole(body, "max_tool_calls", 1, 2**31)
    reasoning = {f"reasoning.{name}": value for name, value in fields.table(body, "reasoning").items()}
    for name in ("summary", "generate_summary"):
        fields.word(reasoning, f"reasoning.{name}", ("auto", "concise", "detailed"))
    if body.get("stream_options") is not None and not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise bad_request(message, "stream_options", "invalid_value")
    include = body.get("include")
    if include is not None and not isinstance(include, list):
        raise fields.invalid_type("include", "an array of strings")
    for index, name in enumerate(include or ()):
        fields.word({f"include[{index}]": name}, f"include[{index}]", INCLUDABLE)


def _tools(body: Mapping[str, Any]) -> dict[str, Any]:
    """Tools and choice in chat's nested form."""
    given = body.get("tools")
    if given is None or given == []:
        return {}
    if not isinstance(given, list) or not all(isinstance(tool, dict) for tool in given):
        raise bad_request("Invalid type for 'tools': expected an array of tools.", "tools", "invalid_type")
    for index, tool in enumerate(given):
        if tool.get("type") != "function":
            message = f"Invalid value for 'tools[{index}].type': the emulator has function tools only."
            raise bad_request(message, f"tools[{index}].type", "invalid_value")
    return {"tools": [_nested(tool) for tool in given], "tool_choice": _choice(body.get("tool_choice"))}


def _nested(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {key: tool[key] for key in tool if key != "type"}}


def _choice(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    if choice.get("type") == "function":
        return {"type": "function", "function": {"name": choice.get("name")}}
    if choice.get("type") == "allowed_tools" and isinstance(choice.get("tools"), list):
        tools = [_nested(tool) if isinstance(tool, dict) else tool for tool in choice["tools"]]
        return {"type": "allowed_tools", "allowed_tools": {"mode": choice.get("mode"), "tools": tools}}
    return choice


def _format(body: Mapping[str, Any]) -> dict[str, Any]:
    text = fields.table(body, "text")
    wanted, verbosity = text.get("format"), text.get("verbosity")
    return {**({} if verbosity is None else {"verbosity": verbosity}), **_response_format(wanted)}


def _response_format(wanted: Any) -> dict[str, Any]:
    if wanted is None:
        return {}
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema":
        named = {key: wanted[key] for key in wanted if key != "type"}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    return {"response_format": wanted}


def _limit(body: Mapping[str, Any]) -> dict[str, Any]:
    most = body.get("max_output_tokens")
    if isinstance(most, int) and not isinstance(most, bool) and most < FEWEST_TOKENS:
        message = f"Invalid 'max_output_tokens': expected a value >= {FEWEST_TOKENS}, but got {most} instead."
        raise bad_request(message, "max_output_tokens", "integer_below_min_value")
    return {} if most is None else {"max_completion_tokens": most}


def _logprobs(body: Mapping[str, Any]) -> dict[str, Any]:
    top = fields.whole(body, "top_logprobs", 0, 20)
    if not top and LOGPROBS not in (body.get("include") or ()):
        return {}
    return {"logprobs": True, "top_logprobs": top or 0}


def _instructions(body: Mapping[str, Any]) -> list[Json]:
    instructions = body.get("instructions")
    if instructions is None:
        return []
    if not isinstance(instructions, str):
        raise bad_request("Invalid type for 'instructions': expected a string.", "instructions", "invalid_type")
    return [{"role": "system", "content": instructions}]


def read_response_request(
    body: Mapping[str, Any], items: Sequence[Json], history: Sequence[Mapping[str, Any]], base: BaseModel
) -> ResponseRequest:
    """Check a body whose `input` is `items`, after what was said in earlier responses. Raises ApiError."""
    _check_unread(body)
    background, store = fields.flag(body, "background"), fields.flag(body, "store", default=True)
    if background and not store:
        raise bad_request("Background mode requires 'store' to be true.", "background", "invalid_value")
    messages = [*history, *chat_messages(items)]
    effort = fields.table(body, "reasoning").get("effort")
    chat_body: dict[str, Any] = {
        "messages": [*_instructions(body), *messages],
        **{name: body[name] for name in _PASSED_ON if body.get(name) is not None and name != "parallel_tool_calls"},
        **_tools(body),
        **_format(body),
        **_limit(body),
        **_logprobs(body),
    }
    if effort is not None:
        chat_body["reasoning_effort"] = effort
    if "tools" in chat_body and body.get("parallel_tool_calls") is not None:
        chat_body["parallel_tool_calls"] = body["parallel_tool_calls"]
    with _in_own_words():
        chat = read_chat_request(chat_body, base)
    return ResponseRequest(chat, items, messages, body, store, fields.metadata(body), background)
