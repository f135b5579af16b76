"""Make the messages of one row's prompt, in the shape that chat completions take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cupola.graders.template import InvalidVariableError, lookup, render_json

from ..errors import ApiError
from ..responses.items import chat_messages

_TEXTS = ("text", "input_text", "output_text")


def _refusal(message: str) -> ApiError:
    return ApiError(400, "invalid_variable_error", message)


def _part(part: Any) -> Any:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, dict) and part.get("type") in _TEXTS and isinstance(part.get("text"), str):
        return {"type": "text", "text": part["text"]}
    if isinstance(part, dict) and part.get("type") == "input_image" and isinstance(part.get("image_url"), str):
        detail = {"detail": part["detail"]} if isinstance(part.get("detail"), str) else {}
        return {"type": "image_url", "image_url": {"url": part["image_url"], **detail}}
    return part


def _content(content: Any) -> Any:
    """One text where all parts are texts, else the list of parts."""
    if content is None or isinstance(content, str):
        return content
    parts = [_part(part) for part in (content if isinstance(content, list) else [content])]
    if all(isinstance(part, dict) and part.get("type") == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in message.items() if key != "type" and value is not None}
    return {**kept, "content": _content(message.get("content"))}


def _referenced(reference: str, scope: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages that a row holds, or the items of the responses API, which may be calls and their outputs."""
    messages = lookup(reference.strip("{} "), scope)
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise _refusal("The referenced value is not a list of messages.")
    if any(message.get("type", "message") != "message" for message in messages):
        return chat_messages(messages)
    return [_message(message) for message in messages]


def prompt_messages(input_messages: Mapping[str, Any], item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages for one item, templates filled in. Raises ApiError for what the item does not have."""
    scope = {"item": item}
    try:
        if input_messages["type"] == "item_reference":
            return _referenced(input_messages["item_reference"], scope)
        return [_message(message) for message in render_json(input_messages["template"], scope)]
    except InvalidVariableError as error:
        raise _refusal(str(error)) from error


def shown_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages as an output item shows them: role and text."""
    return [{"role": message["role"], "content": _shown(message.get("content"))} for message in messages]


def _shown(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", f"[{part.get('type')}]")) for part in parts if isinstance(part, dict))
