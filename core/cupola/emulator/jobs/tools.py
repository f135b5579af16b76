"""The rules of tools in training data: what a row offers, what its assistant calls, what the tools answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

MOST_TOOLS = 128


def _offered(tool: Any, where: str) -> str:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    if not isinstance(function, dict):
        raise ValueError(f"'{where}' must have the type 'function' and a function.")
    name = function.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"'{where}.function.name' must be a non-empty string.")
    if function.get("parameters") is not None and not isinstance(function["parameters"], dict):
        raise ValueError(f"'{where}.function.parameters' must be a JSON schema.")
    return name


def offered_tools(row: Mapping[str, Any], prefix: str = "") -> frozenset[str]:
    """The names of the tools that a row offers. Raises ValueError in the service's words.

    Args:
        prefix: The path of the row itself with its closing dot, for the refusal.
    """
    parallel = row.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise ValueError(f"'{prefix}parallel_tool_calls' must be true or false.")
    tools = row.get("tools")
    if tools is None:
        return frozenset()
    if not isinstance(tools, list):
        raise ValueError(f"'{prefix}tools' must be an array.")
    if len(tools) > MOST_TOOLS:
        raise ValueError(f"'{prefix}tools' has {len(tools)} tools, but at most {MOST_TOOLS} are allowed.")
    return frozenset(_offered(tool, f"{prefix}tools[{index}]") for index, tool in enumerate(tools))


def _check_call(call: Any, made: set[str], offered: Collection[str], where: str) -> None:
    function = call.get("function") if isinstance(call, dict) and call.get("type") == "function" else None
    if not isinstance(function, dict):
        raise ValueError(f"'{where}' must have the type 'function' and a function.")
    if not isinstance(function.get("arguments"), str):
        raise ValueError(f"'{where}.function.arguments' must be a JSON string.")
    name, call_id = function.get("name"), call.get("id")
    if not isinstance(name, str) or name not in offered:
        raise ValueError(f"'{where}.function.name' must be one of the tools that the example declares.")
    if not isinstance(call_id, str) or not call_id or call_id in made:
        raise ValueError(f"'{where}.id' must be a string of its own.")
    made.add(call_id)


def check_calls(message: Mapping[str, Any], made: set[str], offered: Collection[str], where: str) -> None:
    """Check a message's tool calls and add their ids to those `made`. Raises ValueError in the service's words."""
    calls = message.get("tool_calls")
    if calls is None:
        return
    if message["role"] != "assistant":
        raise ValueError(f"'{where}.tool_calls' is allowed on assistant messages only.")
    if not isinstance(calls, list) or not calls:
        raise ValueError(f"'{where}.tool_calls' must be a non-empty array.")
    for number, call in enumerate(calls):
        _check_call(call, made, offered, f"{where}.tool_calls[{number}]")


def check_answer(message: Mapping[str, Any], made: Collection[str], where: str) -> None:
    """Check that a tool message answers a call made before it. Raises ValueError in the service's words."""
    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str) or call_id not in made:
        raise ValueError(f"'{where}.tool_call_id' must be the id of a tool call before it.")
