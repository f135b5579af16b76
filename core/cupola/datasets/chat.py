"""Chat rows for supervised training: messages that end with the answer to be learnt."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .images import check_count
from .messages import check_messages
from .reading import Broken, Reading, images_in, readable, reading_of_messages

_KNOWN = frozenset({"messages", "tools", "parallel_tool_calls", "functions", "function_call", "response_format"})

_GUIDES = frozenset({"system", "developer"})
_TALKERS = frozenset({"system", "developer", "user", "assistant"})
_TEXT = {str}
_USUAL = ((0,), (1,))


def recognises(row: dict[str, Any]) -> bool:
    """Whether a row is a conversation that ends with an answer, or has one somewhere."""
    messages = row.get("messages")
    if not isinstance(messages, list):
        return False
    roles = [message.get("role") for message in messages if isinstance(message, dict)]
    return bool(roles) and (roles[-1] not in ("user", "developer") or "assistant" in roles)


def check(row: dict[str, Any], broken: Broken) -> Reading | None:
    """Check one row; return its content if the messages are sound enough to be read."""
    plain = _plain_reading(row.get("messages")) if len(row) == 1 else None
    if plain is not None:
        return plain
    if len(row) > 1:
        broken.extend([("row.unknown_key", key, key) for key in row if key not in _KNOWN])
    before = len(broken)
    messages = check_messages(row, broken)
    if messages is None:
        return None
    _check_roles(messages, broken)
    if not readable(broken, before):
        return None
    reading = reading_of_messages(messages, answered=True)
    images = reading.images
    if images:
        check_count(images, broken)
    return reading


def _plain_reading(messages: object) -> Reading | None:
    """The content of a row of the usual kind, roles and texts only; None for any other, which is then checked in full.

    Nearly every row of a large file is such a one, and this is many times faster.
    """
    if type(messages) is not list:
        return None
    try:
        roles = tuple([message["role"] for message in messages])
        texts = [message["content"] for message in messages]
        # Each has these two keys, so that nobody has another one if there are two a message in all.
        if sum(map(len, messages)) != 2 * len(roles) or not all(texts) or set(map(type, texts)) != _TEXT:
            return None
        layout = _layout(roles)
    except (TypeError, KeyError):
        return None
    if layout is None:
        return None
    if layout == _USUAL:
        return Reading(texts[0], texts[1], texts[2], roles)
    system, prompt = ("\n".join([texts[index] for index in part]) for part in layout)
    return Reading(system, prompt, texts[-1], roles)


@lru_cache(maxsize=1_000)
def _layout(roles: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Which messages are the system's and which are the prompt, if the last one is the answer and all is well."""
    if not roles or roles[-1] != "assistant" or "user" not in roles or not _TALKERS.issuperset(roles):
        return None
    before = range(len(roles) - 1)
    system = tuple([index for index in before if roles[index] in _GUIDES])
    return system, tuple([index for index in before if roles[index] not in _GUIDES])


def has_images(row: dict[str, Any]) -> bool:
    """Whether any message of a row holds an image."""
    messages = row.get("messages")
    if not isinstance(messages, list):
        return False
    try:
        return images_in([message for message in messages if isinstance(message, dict)]) > 0
    except AttributeError:
        return False


def _check_roles(messages: list[dict[str, Any]], broken: Broken) -> None:
    roles = [message["role"] for message in messages]
    if "user" not in roles:
        broken.append(("messages.no_user", "messages", ", ".join(roles[:8])))
    if "assistant" not in roles:
        broken.append(("messages.no_assistant", "messages", ", ".join(roles[:8])))
    elif roles[-1] != "assistant":
        broken.append(("messages.last_not_assistant", f"messages[{len(roles) - 1}].role", roles[-1]))
    else:
        weights = [message.get("weight") for message in messages if message["role"] == "assistant"]
        if all(weight == 0 and weight is not None for weight in weights):
            broken.append(("messages.nothing_to_learn", "messages", f"{len(weights)} with weight 0"))
