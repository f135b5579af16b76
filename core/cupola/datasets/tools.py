"""The rules of tool definitions, tool calls and their answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .reading import Broken

MOST_TOOLS = 128


def declared_tools(row: dict[str, Any], broken: Broken, at: str) -> Collection[str] | None:
    """Check the tools that a row offers; return their names, or None if it declares none."""
    if "parallel_tool_calls" in row and not isinstance(row["parallel_tool_calls"], bool | None):
        broken.append(("tools.parallel", f"{at}parallel_tool_calls", row["parallel_tool_calls"]))
    if row.get("functions") is not None:
        broken.append(("tools.deprecated", f"{at}functions", "functions"))
    tools = row.get("tools")
    if tools is None:
        return None
    if not isinstance(tools, list):
        broken.append(("tools.type", f"{at}tools", tools))
        return None
    if len(tools) > MOST_TOOLS:
        broken.append(("tools.too_many", f"{at}tools", f"{len(tools):,} tools"))
    names = set()
    for index, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        name = function.get("name") if isinstance(function, dict) else None
        parameters = function.get("parameters", {}) if isinstance(function, dict) else None
        if not isinstance(name, str) or not name or not isinstance(parameters, dict | None):
            broken.append(("tools.type", f"{at}tools[{index}]", tool))
        else:
            names.add(name)
    return names


def check_calls(
    message: dict[str, Any],
    index: int,
    calls: dict[str, int],
    broken: Broken,
    at: str,
    tools: Collection[str] | None,
) -> None:
    """Check a message's tool calls and note each id in `calls` with the index of its message."""
    given = message["tool_calls"]
    if given is None:
        return
    if message["role"] != "assistant":
        broken.append(("tool_calls.role", f"{at}.tool_calls", given))
        return
    if not isinstance(given, list) or not given:
        broken.append(("tool_calls.type", f"{at}.tool_calls", given))
        return
    for number, call in enumerate(given):
        _check_call(call, index, calls, broken, f"{at}.tool_calls[{number}]", tools)


def _check_call(
    call: object, index: int, calls: dict[str, int], broken: Broken, at: str, tools: Collection[str] | None
) -> None:
    function = call.get("function") if isinstance(call, dict) and call.get("type") == "function" else None
    if not isinstance(call, dict) or not isinstance(function, dict) or not isinstance(function.get("name"), str):
        broken.append(("tool_calls.type", at, call))
        return
    identifier = call.get("id")
    if not isinstance(identifier, str) or not identifier or identifier in calls:
        broken.append(("tool_call.id", f"{at}.id", identifier))
    else:
        calls[identifier] = index
    if function["name"] not in (tools or ()):
        broken.append(("tool_call.undeclared", f"{at}.function.name", function["name"]))
    _check_arguments(function.get("arguments"), broken, f"{at}.function.arguments")


def _check_arguments(arguments: object, broken: Broken, at: str) -> None:
    import jiter

    if not isinstance(arguments, str):
        broken.append(("tool_call.arguments", at, arguments))
        return
    try:
        decoded = jiter.from_json(arguments.encode())
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        broken.append(("tool_call.arguments_json", at, arguments))


def check_tool_answer(message: dict[str, Any], calls: dict[str, int], broken: Broken, at: str) -> None:
    """Check that a tool message answers a call made before it."""
    identifier = message.get("tool_call_id")
    if not isinstance(identifier, str) or not identifier:
        broken.append(("tool.no_id", f"{at}.tool_call_id", identifier))
    elif identifier not in calls:
        broken.append(("tool.no_call", f"{at}.tool_call_id", identifier))


def unanswered(messages: list[Any], calls: dict[str, int], broken: Broken, at: str) -> None:
    """Note the calls that no tool message answers, unless they are what the row ends with."""
    identifiers = [message.get("tool_call_id") for message in messages if isinstance(message, dict)]
    answered = {identifier for identifier in identifiers if isinstance(identifier, str)}
    for identifier, index in calls.items():
        if identifier not in answered and index != len(messages) - 1:
            broken.append(("tool_call.unanswered", f"{at}[{index}].tool_calls", identifier))
