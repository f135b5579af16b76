"""The rules of messages in training data, the same for every method."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .images import check_image
from .tools import check_answer, check_calls

ROLES = ("system", "developer", "user", "assistant", "tool", "function")


def check_messages(messages: Any, where: str, offered: Collection[str]) -> list[str]:
    """Check a list of messages and return their roles. Raises ValueError in the service's words.

    Args:
        where: The list's path in the row.
        offered: The names of the tools that may be called.
    """
    if not isinstance(messages, list) or not messages:
        raise ValueError(f"'{where}' must be a non-empty array.")
    made: set[str] = set()
    return [_check_message(message, f"{where}[{n}]", made, offered) for n, message in enumerate(messages)]


def _check_message(message: Any, where: str, made: set[str], offered: Collection[str]) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str) or role not in ROLES:
        raise ValueError(f"'{where}.role' must be one of {', '.join(ROLES)}.")
    _check_content(message, where)
    _check_name_and_weight(message, where)
    check_calls(message, made, offered, where)
    if role == "tool":
        check_answer(message, made, where)
    return role


def _check_content(message: Mapping[str, Any], where: str) -> None:
    role, content = message["role"], message.get("content")
    if content is None:
        if role != "assistant" or not (message.get("tool_calls") or message.get("function_call")):
            raise ValueError(f"'{where}.content' is missing.")
    elif isinstance(content, list):
        for number, part in enumerate(content):
            _check_part(role, part, f"{where}.content[{number}]")
    elif not isinstance(content, str):
        raise ValueError(f"'{where}.content' must be a string or an array of parts.")


def _check_part(role: str, part: Any, where: str) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text":
        if not isinstance(part.get("text"), str):
            raise ValueError(f"'{where}.text' must be a string.")
    elif kind == "image_url":
        check_image(role, part.get("image_url"), f"{where}.image_url")
    elif kind != "refusal" or role != "assistant":
        raise ValueError(f"'{where}.type' must be 'text' or 'image_url'.")


def _check_name_and_weight(message: Mapping[str, Any], where: str) -> None:
    if message.get("name") is not None and not isinstance(message["name"], str):
        raise ValueError(f"'{where}.name' must be a string.")
    if "weight" not in message:
        return
    weight = message["weight"]
    if message["role"] != "assistant" or isinstance(weight, bool) or weight not in (0, 1):
        raise ValueError(f"'{where}.weight' must be 0 or 1 and is allowed on assistant messages only.")
