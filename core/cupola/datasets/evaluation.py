"""Evaluation rows: an object of fields, bare or wrapped in `item`."""

from __future__ import annotations

from typing import Any

from .reading import Broken, Reading, reading_of_messages

_PROMPTS = ("question", "prompt", "input", "query", "instruction", "user")
_ANSWERS = ("answer", "reference", "expected", "ground_truth", "completion", "output", "target", "response")


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row is wrapped in `item`; a bare one can only be told by being nothing else."""
    return "item" in row


def check(row: dict[str, Any], broken: Broken) -> Reading | None:
    """Check one row; return its content if it is sound."""
    if "item" in row:
        item = row["item"]
        if not isinstance(item, dict):
            broken.append(("item.type", "item", item))
            return None
        for key in row.keys() - {"item", "sample"}:
            broken.append(("row.unknown_key", key, key))
    else:
        item = row
    if not item:
        broken.append(("item.type", "item", item))
        return None
    return _read(item)


def _read(item: dict[str, Any]) -> Reading:
    messages = item.get("messages")
    if isinstance(messages, list) and messages and all(_is_message(message) for message in messages):
        base = reading_of_messages(messages, answered=False)
        return Reading(base.system, base.prompt, _first(item, _ANSWERS), base.roles, images=base.images, fields=item)
    prompt = _first(item, _PROMPTS) or "\n".join(value for value in item.values() if isinstance(value, str))
    return Reading("", prompt, _first(item, _ANSWERS), (), fields=item)


def _is_message(message: object) -> bool:
    return (
        isinstance(message, dict) and isinstance(message.get("role"), str) and isinstance(message.get("content"), str)
    )


def _first(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((item[key] for key in keys if isinstance(item.get(key), str)), "")
