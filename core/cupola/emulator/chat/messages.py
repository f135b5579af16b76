"""Check a chat request's messages, as the service does before any model sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..engine import Message
from ..errors import ApiError, bad_request

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
MOST_MESSAGES = 2048


def read_messages(body: Mapping[str, Any]) -> Sequence[Message]:
    """The messages of a request. Raises ApiError."""
    messages = body.get("messages")
    if messages is None:
        raise bad_request("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise bad_request("Invalid type for 'messages': expected an array of objects.", "messages", "invalid_type")
    if not 1 <= len(messages) <= MOST_MESSAGES:
        message = f"Invalid 'messages': expected an array of 1 to {MOST_MESSAGES} messages."
        raise bad_request(message, "messages", "invalid_value")
    for index, message in enumerate(messages):
        _check_message(message, f"messages[{index}]")
    _check_order(messages)
    return messages


def _invalid(param: str, expected: str) -> ApiError:
    return bad_request(f"Invalid type for '{param}': expected {expected}.", param, "invalid_type")


def _check_message(message: Message, where: str) -> None:
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        supported = ", ".join(f"'{known}'" for known in ROLES)
        message_text = f"Invalid value for '{where}.role'. Supported values are: {supported}."
        raise bad_request(message_text, f"{where}.role", "invalid_value")
    says_nothing = role == "assistant" and any(message.get(key) for key in ("tool_calls", "function_call", "refusal"))
    if content is None and not says_nothing:
        raise _invalid(f"{where}.content", "a string or an array of content parts, but got null instead")
    if content is not None and not isinstance(content, str):
        _check_parts(content, f"{where}.content")
    if message.get("tool_calls") is not None:
        _check_calls(message["tool_calls"], f"{where}.tool_calls")


def _check_parts(content: Any, where: str) -> None:
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise _invalid(where, "a string or an array of content parts")
    for index, part in enumerate(content):
        if not isinstance(part.get("type"), str):
            raise _invalid(f"{where}[{index}].type", "a string")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise _invalid(f"{where}[{index}].text", "a string")


def _check_calls(calls: Any, where: str) -> None:
    if not isinstance(calls, list) or not calls:
        raise _invalid(where, "a non-empty array of tool calls")
    for index, call in enumerate(calls):
        function = call.get("function") if isinstance(call, dict) else None
        strings = isinstance(function, dict) and all(
            isinstance(function.get(key), str) for key in ("name", "arguments")
        )
        if not strings or not isinstance(call.get("id"), str):
            raise _invalid(f"{where}[{index}]", "an id and a function with a name and its arguments as a string")


def _check_order(messages: Sequence[Message]) -> None:
    """Tool messages answer the calls before them, and every call is answered before anything else is said."""
    pending: set[str] = set()
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message.get("tool_call_id") not in pending:
                raise bad_request(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with"
                    " 'tool_calls'.",
                    f"messages[{index}].role",
                )
            pending.discard(message["tool_call_id"])
            continue
        if pending:
            raise _unanswered(pending, index)
        pending = {call["id"] for call in message.get("tool_calls") or ()}
    if pending:
        raise _unanswered(pending, len(messages))


def _unanswered(pending: set[str], index: int) -> ApiError:
    return bad_request(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
        f" The following tool_call_ids did not have response messages: {', '.join(sorted(pending))}",
        f"messages[{index}].role",
    )
