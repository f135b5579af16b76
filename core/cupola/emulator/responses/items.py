"""Read the input items of a response as chat messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ApiError, bad_request

MOST_ITEMS = 2048
_ROLES = ("user", "assistant", "system", "developer")
_TEXTS = ("input_text", "output_text", "text")
_PASSED_OVER = ("reasoning", "item_reference")
"""Items that say nothing that a tiny model could read."""

Json = dict[str, Any]


def _invalid(param: str, expected: str) -> ApiError:
    return bad_request(f"Invalid type for '{param}': expected {expected}.", param, "invalid_type")


def read_items(body: Mapping[str, Any]) -> list[Json]:
    """The input as a list of items; a bare string is a user's message. Raises ApiError."""
    given = body.get("input")
    if given is None:
        raise bad_request("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise _invalid("input", "a string or an array of items")
    if not 1 <= len(given) <= MOST_ITEMS:
        message = f"Invalid 'input': expected an array of 1 to {MOST_ITEMS} items."
        raise bad_request(message, "input", "invalid_value")
    return given


def _part(part: Any, where: str) -> Json:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in _TEXTS and isinstance(part.get("text"), str):
        return {"type": "text", "text": part["text"]}
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return {"type": "text", "text": part["refusal"]}
    if kind == "input_image":
        return {"type": "image_url", "image_url": {"url": part.get("image_url")}}
    if kind == "input_file":
        return {"type": "file"}
    raise _invalid(where, "a part of type input_text, output_text, input_image or input_file")


def _message(item: Json, where: str) -> Json:
    role, content = item.get("role"), item.get("content")
    if role not in _ROLES:
        supported = ", ".join(f"'{known}'" for known in _ROLES)
        raise bad_request(
            f"Invalid value for '{where}.role'. Supported values are: {supported}.", f"{where}.role", "invalid_value"
        )
    if isinstance(content, str):
        return {"role": role, "content": content}
    if not isinstance(content, list):
        raise _invalid(f"{where}.content", "a string or an array of content parts")
    parts = [_part(part, f"{where}.content[{index}]") for index, part in enumerate(content)]
    if all(part["type"] == "text" for part in parts):
        return {"role": role, "content": "\n".join(part["text"] for part in parts)}
    return {"role": role, "content": parts}


def _text_of(item: Json, name: str, where: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise _invalid(f"{where}.{name}", "a string")
    return value


def _call(item: Json, where: str) -> Json:
    return {
        "id": _text_of(item, "call_id", where),
        "type": "function",
        "function": {"name": _text_of(item, "name", where), "arguments": _text_of(item, "arguments", where)},
    }


def _output(item: Json, where: str) -> Json:
    output = item.get("output")
    if isinstance(output, list):
        output = "\n".join(_part(part, f"{where}.output[{index}]").get("text", "") for index, part in enumerate(output))
    if not isinstance(output, str):
        raise _invalid(f"{where}.output", "a string")
    return {"role": "tool", "tool_call_id": _text_of(item, "call_id", where), "content": output}


def chat_messages(items: Sequence[Json]) -> list[Json]:
    """The chat messages that items come to; neighbouring calls are one assistant turn. Raises ApiError."""
    messages: list[Json] = []
    for index, item in enumerate(items):
        where = f"input[{index}]"
        match item.get("type", "message"):
            case "message":
                messages.append(_message(item, where))
            case "function_call":
                call = _call(item, where)
                if messages and messages[-1].get("tool_calls"):
                    messages[-1]["tool_calls"].append(call)
                else:
                    messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            case "function_call_output":
                messages.append(_output(item, where))
            case kind if isinstance(kind, str) and kind in _PASSED_OVER:
                continue
            case _:
                raise bad_request(f"Invalid value for '{where}.type'.", f"{where}.type", "invalid_value")
    return messages


def shown_item(item: Json, item_id: str) -> Json:
    """An input item as the list of input items shows it."""
    if item.get("type", "message") != "message":
        return {"id": item_id, "status": "completed", **item}
    content = item.get("content")
    kind = "output_text" if item.get("role") == "assistant" else "input_text"
    part: Json = {"type": kind, "text": content}
    if kind == "output_text":
        part["annotations"] = []
    parts = [part] if isinstance(content, str) else content
    return {"id": item_id, "status": "completed", **item, "type": "message", "content": parts}
