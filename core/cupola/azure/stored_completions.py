"""Completions that were stored at the service when they were made, with what they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import NotFoundError
from .client import Service, is_path_segment, path_segment
from .pages import every, pages
from .wire.chat import ChatReply, chat_reply
from .wire.reading import Json, identifier, integer, number, text

_PATH = "/chat/completions"
MOST = 2_000
"""Completions that are read, each by a request of its own; the newest first."""

_SAMPLING = ("temperature", "top_p", "seed")


@dataclass(frozen=True, slots=True)
class StoredCompletion:
    """One completion as the service keeps it."""

    id: str
    created_at: int
    messages: tuple[Mapping[str, Any], ...]
    """What was asked: roles and contents."""
    sampling: Mapping[str, float]
    """Those of temperature, top_p and seed that the service tells."""
    reply: ChatReply


async def stored(service: Service, is_wanted: Sequence[str] | None = None, most: int = MOST) -> list[StoredCompletion]:
    """The completions that the service has stored, newest first; none where it keeps none or does not list them.

    Args:
        service: Which.
        is_wanted: Names that a model must begin with; None is any.
        most: How many are read.
    """
    try:
        listed = await _listed(service, is_wanted, most)
    except NotFoundError:
        # The v1 route does not list them.
        return []
    return [await _read(service, entry) for entry in listed]


async def _listed(service: Service, is_wanted: Sequence[str] | None, most: int) -> list[Json]:
    found: list[Json] = []
    async for page in pages(service, _PATH, 100, {"order": "desc"}):
        for entry in page:
            told, model = identifier(entry), text(entry.get("model")) or ""
            if told and is_path_segment(told) and (is_wanted is None or model.startswith(tuple(is_wanted))):
                found.append(entry)
        if len(found) >= most:
            break
    return found[:most]


async def _read(service: Service, entry: Json) -> StoredCompletion:
    own = identifier(entry) or ""
    asked = await every(service, f"{_PATH}/{path_segment(own)}/messages", 100, {"order": "asc"})
    messages = tuple({"role": text(one.get("role")) or "", "content": one.get("content")} for one in asked)
    sampling = {name: value for name in _SAMPLING if (value := number(entry.get(name))) is not None}
    return StoredCompletion(own, integer(entry.get("created")) or 0, messages, sampling, chat_reply(entry, 0.0))
