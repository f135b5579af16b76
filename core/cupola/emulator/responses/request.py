"""Read a responses request as the chat request that it comes to, refusing what the service would refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cupola_data.models import BaseModel

from ..body import metadata_field
from ..chat.request import ChatRequest, read_chat_request
from ..errors import bad_request
from .items import Json, chat_messages

FEWEST_TOKENS = 16
_PASSED_ON = ("temperature", "top_p", "parallel_tool_calls", "stream")


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


def _flag(body: Mapping[str, Any], name: str, default: bool) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad_request(f"Invalid type for '{name}': expected a boolean.", name, "invalid_type")
    return default if value is None else value


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad_request(f"Invalid type for '{name}': expected an object.", name, "invalid_type")
    return value or {}


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
    nested = [{"type": "function", "function": {key: tool[key] for key in tool if key != "type"}} for tool in given]
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "function":
        choice = {"type": "function", "function": {"name": choice.get("name")}}
    return {"tools": nested, "tool_choice": choice}


def _format(body: Mapping[str, Any]) -> dict[str, Any]:
    wanted = _object(body, "text").get("format")
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
    background, store = _flag(body, "background", False), _flag(body, "store", True)
    if background and not store:
        raise bad_request("Background mode requires 'store' to be true.", "background", "invalid_value")
    messages = [*history, *chat_messages(items)]
    effort = _object(body, "reasoning").get("effort")
    chat_body: dict[str, Any] = {
        "messages": [*_instructions(body), *messages],
        **{name: body[name] for name in _PASSED_ON if body.get(name) is not None and name != "parallel_tool_calls"},
        **_tools(body),
        **_format(body),
        **_limit(body),
    }
    if effort is not None:
        chat_body["reasoning_effort"] = effort
    if "tools" in chat_body and body.get("parallel_tool_calls") is not None:
        chat_body["parallel_tool_calls"] = body["parallel_tool_calls"]
    chat = read_chat_request(chat_body, base)
    return ResponseRequest(chat, items, messages, body, store, metadata_field(body) or {}, background)
