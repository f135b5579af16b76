"""Reinforcement rows: a task that ends with the user, and the fields that graders read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .messages import check_messages
from .reading import Broken, Reading, readable, reading_of_messages

_NOT_ITEM = frozenset({"messages", "tools", "parallel_tool_calls"})
_PHRASE = re.compile(r"chain[- ]of[- ]thought|reasoning trace|hidden reasoning", re.IGNORECASE)


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row is a conversation that waits for an answer."""
    messages = row.get("messages")
    if not isinstance(messages, list):
        return False
    roles = [message.get("role") for message in messages if isinstance(message, dict)]
    return bool(roles) and roles[-1] in ("user", "developer") and "assistant" not in roles


def check(row: dict[str, Any], broken: Broken, needs: Sequence[str] = ()) -> Reading | None:
    """Check one row; return its content if the messages are sound.

    `needs` are the variables that the chosen grader's templates name, such as `item.reference`.
    """
    fields = {key: value for key, value in row.items() if key not in _NOT_ITEM}
    _check_fields(fields, broken)
    for need in needs:
        if need.startswith("item.") and not _resolves(need, fields):
            broken.append(("rft.template", need, f"{{{{{need}}}}} is not in this row"))
    before = len(broken)
    messages = check_messages(row, broken)
    if messages is None:
        return None
    _check_last(messages, broken)
    if not readable(broken, before):
        return None
    reading = reading_of_messages(messages, answered=False, fields=fields)
    phrase = _PHRASE.search(reading.prompt) or _PHRASE.search(reading.system)
    if phrase:
        broken.append(("rft.phrase", "messages", phrase[0]))
    return reading


def _check_last(messages: list[dict[str, Any]], broken: Broken) -> None:
    last = messages[-1]["role"]
    at = f"messages[{len(messages) - 1}].role"
    if last == "developer":
        broken.append(("rft.last_developer", at, last))
    elif last != "user":
        broken.append(("rft.last_not_user", at, last))
    if not any(message["role"] in ("user", "developer") for message in messages):
        broken.append(("messages.no_user", "messages", last))


def _check_fields(fields: dict[str, Any], broken: Broken) -> None:
    if not fields:
        broken.append(("rft.no_reference", "", "messages only"))
    for key, value in fields.items():
        if value is None or value in ("", [], {}):
            broken.append(("rft.empty_reference", key, value))
        elif isinstance(value, str) and "\n" in value:
            broken.append(("rft.newline", key, value))


def _resolves(need: str, fields: dict[str, Any]) -> bool:
    value: Any = {"item": fields}
    for step in need.split("."):
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True
