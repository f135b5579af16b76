"""What the later stages need of a row that is well-formed, whatever its format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

Broken = list[tuple[str, str, object]]
"""Findings of one row: rule, JSON path, offending value."""


_NO_FIELDS: Mapping[str, Any] = MappingProxyType({})


class Reading(NamedTuple):
    """One row's content by its part in training; a tuple, as one is made for every row of a large file."""

    system: str
    """All system and developer text; empty if there is none."""
    prompt: str
    """Everything said before the last answer, without the system text."""
    answer: str
    """The last answer, or the preferred one; empty where the row has none."""
    roles: tuple[str, ...]
    """The role of each message, in order."""
    rejected: str | None = None
    """The answer that is not preferred."""
    images: int = 0
    fields: Mapping[str, Any] = _NO_FIELDS
    """What graders see as `item`."""


_UNREADABLE = frozenset(
    {"content.part", "content.type", "image.url", "tool_calls.type", "tool_calls.role", "tool_call.arguments"}
)


def readable(broken: Broken, since: int = 0) -> bool:
    """Whether what was found of messages leaves their content readable."""
    return not any(rule in _UNREADABLE for rule, _, _ in broken[since:])


def text_of(content: object) -> str:
    """The text of a message's content: as it is, or its text parts one below the other."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(text for text in texts if isinstance(text, str))
    return ""


def message_text(message: Mapping[str, Any]) -> str:
    """A message's text, with its tool calls as name and arguments."""
    content = message.get("content")
    text = content if isinstance(content, str) else text_of(content)
    calls = message.get("tool_calls")
    if not calls:
        return text
    parts = [text] if text else []
    parts += [f"{call['function']['name']}({call['function']['arguments']})" for call in calls]
    return "\n".join(parts)


def images_in(messages: Sequence[Mapping[str, Any]]) -> int:
    """How many image parts well-formed messages hold."""
    return sum(
        part.get("type") == "image_url"
        for message in messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )


def _image_names(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """A short name for each image by its content, so that the same words about other images are another prompt."""
    urls = [part["image_url"] for part in parts if part.get("type") == "image_url"]
    return [hashlib.blake2b(str(url).encode("utf-8", "replace"), digest_size=8).hexdigest() for url in urls]


def reading_of_messages(
    messages: Sequence[Mapping[str, Any]], *, answered: bool, fields: Mapping[str, Any] | None = None
) -> Reading:
    """Read well-formed messages; if `answered`, the last assistant message is the answer, else there is none."""
    roles = tuple([message["role"] for message in messages])
    last = -1
    if answered:
        last = max((index for index, role in enumerate(roles) if role == "assistant"), default=-1)
    system: list[str] = []
    prompt: list[str] = []
    images = 0
    for index, message in enumerate(messages):
        if index == last:
            continue
        content = message.get("content")
        if isinstance(content, list):
            names = _image_names(content)
            images += len(names)
            prompt.extend(names)
        text = content if isinstance(content, str) and "tool_calls" not in message else message_text(message)
        if roles[index] in ("system", "developer"):
            system.append(text)
        else:
            prompt.append(text)
    answer = message_text(messages[last]) if last >= 0 else ""
    return Reading("\n".join(system), "\n".join(prompt), answer, roles, images=images, fields=fields or _NO_FIELDS)
