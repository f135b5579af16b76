"""The rules of messages, shared by every format that has them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .images import check_parts
from .reading import Broken
from .tools import check_calls, check_tool_answer, declared_tools, unanswered

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_PLAIN = frozenset({"role", "content"})
_KNOWN = frozenset(
    {"role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call", "refusal", "audio"}
)


def check_messages(row: dict[str, Any], broken: Broken, at: str = "") -> list[dict[str, Any]] | None:
    """Check `row["messages"]`; return them if they are a list of objects with known roles, else None.

    `at` is the path of `row` itself, with its closing dot.
    """
    messages = row.get("messages")
    if not isinstance(messages, list):
        broken.append(("messages.missing", f"{at}messages", messages))
        return None
    if not messages:
        broken.append(("messages.empty", f"{at}messages", messages))
        return None
    return messages if check_list(messages, broken, f"{at}messages", declared_tools(row, broken, at)) else None


def check_list(messages: list[Any], broken: Broken, at: str, tools: Collection[str] | None) -> bool:
    """Check a list of messages; return whether every one is an object with a known role.

    `tools` are the names that may be called; None means that none are declared.
    """
    sound = True
    calls: dict[str, int] = {}
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            broken.append(("message.not_object", f"{at}[{index}]", message))
            sound = False
            continue
        role = message.get("role")
        content = message.get("content")
        # Most messages are just a known role and some text: nothing more to look at.
        if (
            message.keys() == _PLAIN
            and isinstance(content, str)
            and content
            and isinstance(role, str)
            and role in _SIMPLE
        ):
            continue
        if not _check_role(role, broken, f"{at}[{index}]"):
            sound = False
            continue
        _check_keys(message, broken, f"{at}[{index}]")
        _check_content(message, broken, f"{at}[{index}]")
        if "tool_calls" in message:
            check_calls(message, index, calls, broken, f"{at}[{index}]", tools)
        if role == "tool":
            check_tool_answer(message, calls, broken, f"{at}[{index}]")
    if calls:
        unanswered(messages, calls, broken, at)
    return sound


_SIMPLE = frozenset({"system", "developer", "user", "assistant"})


def _check_role(role: object, broken: Broken, at: str) -> bool:
    if role is None:
        broken.append(("role.missing", f"{at}.role", role))
        return False
    if not isinstance(role, str) or role not in ROLES:
        broken.append(("role.unknown", f"{at}.role", role))
        return False
    if role == "function":
        broken.append(("role.function", f"{at}.role", role))
    return True


def _check_keys(message: dict[str, Any], broken: Broken, at: str) -> None:
    for key in message.keys() - _KNOWN:
        broken.append(("message.unknown_key", at, key))
    if message.get("name") is not None and not isinstance(message["name"], str):
        broken.append(("name.type", f"{at}.name", message["name"]))
    if message.get("function_call") is not None:
        broken.append(("tools.deprecated", f"{at}.function_call", "function_call"))
    if "weight" not in message:
        return
    weight = message["weight"]
    if message["role"] != "assistant":
        broken.append(("weight.role", f"{at}.weight", weight))
    elif isinstance(weight, bool) or weight not in (0, 1):
        broken.append(("weight.value", f"{at}.weight", weight))


def _check_content(message: dict[str, Any], broken: Broken, at: str) -> None:
    content = message.get("content")
    if content is None:
        calling = message["role"] == "assistant" and (message.get("tool_calls") or message.get("function_call"))
        if not calling:
            broken.append(("content.missing", f"{at}.content", content))
    elif isinstance(content, str):
        if not content and not message.get("tool_calls"):
            broken.append(("content.empty", f"{at}.content", content))
    elif isinstance(content, list):
        check_parts(message["role"], content, broken, f"{at}.content")
    else:
        broken.append(("content.type", f"{at}.content", content))
