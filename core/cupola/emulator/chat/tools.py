"""Tools in chat: what is offered, what must be called, and the calls that a model writes.

The tiny models learnt tools in text: a system line `Tools: name(argument, argument)` offers them, and a call is the
line `name({"argument": "value"})`. What a model writes in that form is a tool call; anything else is an answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import bad_request
from ..strict_json import parse_json
from .schema import check_function_schema

MOST_TOOLS = 128
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CALL = re.compile(r"\s*([A-Za-z0-9_-]{1,64})\((\{.*\})\)\s*")


@dataclass(frozen=True, slots=True)
class Tools:
    """The functions that a request offers, and which of them an answer may or must call."""

    parameters: Mapping[str, Mapping[str, Any]]
    """The JSON schema of each function's arguments."""
    choice: Literal["auto", "none", "required"] = "auto"
    named: str | None = None
    """The one function that must be called, if there is one."""
    parallel: bool = True

    @property
    def forced(self) -> tuple[str, ...]:
        """The functions of which one must be called; none where the model may answer in words."""
        if self.named is not None:
            return (self.named,)
        return tuple(self.parameters) if self.choice == "required" else ()

    def prompt(self) -> list[dict[str, Any]]:
        """The message that offers them to the model, in the form that it learnt."""
        if self.choice == "none" or not self.parameters:
            return []
        offers = (f"{name}({', '.join(_properties(schema))})" for name, schema in self.parameters.items())
        return [{"role": "system", "content": f"Tools: {', '.join(offers)}"}]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a function."""

    name: str
    arguments: str
    """A JSON object as text."""


def _properties(schema: Mapping[str, Any]) -> Sequence[str]:
    properties = schema.get("properties")
    return list(properties) if isinstance(properties, Mapping) else []


def _function(tool: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    if not isinstance(function, dict):
        raise bad_request(f"Invalid '{where}': expected a tool of type 'function'.", where, "invalid_value")
    name, parameters = function.get("name"), function.get("parameters")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = f"Invalid '{where}.function.name': expected up to 64 letters, digits, '_' and '-'."
        raise bad_request(message, f"{where}.function.name", "invalid_value")
    if parameters is not None and not isinstance(parameters, dict):
        message = f"Invalid type for '{where}.function.parameters': expected an object."
        raise bad_request(message, f"{where}.function.parameters", "invalid_type")
    if function.get("strict") is not None and not isinstance(function["strict"], bool):
        message = f"Invalid type for '{where}.function.strict': expected a boolean."
        raise bad_request(message, f"{where}.function.strict", "invalid_type")
    if function.get("strict"):
        check_function_schema(name, parameters or {}, f"{where}.function.parameters")
    return name, parameters or {}


def _choice(body: Mapping[str, Any], names: Sequence[str]) -> tuple[Literal["auto", "none", "required"], str | None]:
    choice = body.get("tool_choice")
    if choice is None or choice == "auto":
        return "auto", None
    if choice == "none":
        return "none", None
    if choice == "required":
        return "required", None
    name = _named(choice)
    if not isinstance(name, str) or name not in names:
        message = "Invalid value for 'tool_choice': expected 'none', 'auto', 'required' or a function of 'tools'."
        raise bad_request(message, "tool_choice", "invalid_value")
    return "required", name


def _named(tool: Any) -> Any:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    return function.get("name") if isinstance(function, dict) else None


def _allowed(choice: Any, names: Sequence[str]) -> tuple[Literal["auto", "required"], list[str]] | None:
    """The mode and the functions of a choice that allows only some of those offered; None for other choices."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return None
    allowed = choice.get("allowed_tools")
    mode, tools = (allowed.get("mode"), allowed.get("tools")) if isinstance(allowed, dict) else (None, None)
    named = [_named(tool) for tool in tools] if isinstance(tools, list) else []
    if mode not in ("auto", "required") or not named or not all(name in names for name in named):
        message = (
            "Invalid value for 'tool_choice': expected a mode, 'auto' or 'required', and some functions of 'tools'."
        )
        raise bad_request(message, "tool_choice", "invalid_value")
    return mode, named


def read_tools(body: Mapping[str, Any]) -> Tools | None:
    """The tools of a chat request; None without any. Raises ApiError."""
    given = body.get("tools")
    if given is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) not in (None, "none"):
                message = f"'{name}' is only allowed when 'tools' are specified."
                raise bad_request(message, name, "invalid_request_error")
        return None
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_TOOLS:
        message = f"Invalid 'tools': expected an array of 1 to {MOST_TOOLS} tools."
        raise bad_request(message, "tools", "invalid_value")
    parameters = dict(_function(tool, f"tools[{index}]") for index, tool in enumerate(given))
    allowed = _allowed(body.get("tool_choice"), list(parameters))
    choice, named = (allowed[0], None) if allowed is not None else _choice(body, list(parameters))
    if allowed is not None:
        parameters = {name: parameters[name] for name in allowed[1]}
    parallel = body.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        message = "Invalid type for 'parallel_tool_calls': expected a boolean."
        raise bad_request(message, "parallel_tool_calls", "invalid_type")
    return Tools(parameters, choice, named, parallel is not False)


def call_text(name: str, arguments: str) -> str:
    """A call as a model writes it."""
    return f"{name}({arguments})"


def read_calls(text: str, tools: Tools | None) -> tuple[ToolCall, ...]:
    """The calls that an answer consists of; none when any of its lines is something else."""
    if tools is None or tools.choice == "none":
        return ()
    calls = [_read_call(line, tools) for line in text.splitlines() if line.strip()]
    found = [call for call in calls if call is not None]
    if len(found) < len(calls):
        return ()
    return tuple(found if tools.parallel else found[:1])


def _read_call(line: str, tools: Tools) -> ToolCall | None:
    match = _CALL.fullmatch(line)
    if match is None or match[1] not in tools.parameters:
        return None
    try:
        parse_json(match[2])
    except ValueError:
        return None
    return ToolCall(match[1], match[2])


def call_id(completion_id: str, choice: int, number: int) -> str:
    """The id of a call, the same whenever the completion is rendered."""
    return f"call_{hashlib.sha256(f'{completion_id}/{choice}/{number}'.encode()).hexdigest()[:24]}"


def choice_schema(names: Sequence[str]) -> dict[str, Any]:
    """The schema of an answer that names one of several functions."""
    return {"type": "object", "properties": {"name": {"enum": list(names)}}, "required": ["name"]}


def chosen_name(text: str, names: Sequence[str]) -> str:
    """The function that such an answer names; the first where it names none."""
    try:
        name = json.loads(text).get("name")
    except (ValueError, AttributeError, RecursionError):
        return names[0]
    return name if name in names else names[0]


def arguments_schema(tools: Tools, name: str) -> Mapping[str, Any]:
    """The schema of a function's arguments, an object in any case."""
    return {"type": "object", **tools.parameters[name]}


def object_text(text: str) -> str:
    """The text if it is a JSON object, else an empty one."""
    try:
        value = parse_json(text)
    except ValueError:
        return "{}"
    return text if isinstance(value, dict) else "{}"
