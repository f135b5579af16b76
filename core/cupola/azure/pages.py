"""Reading a list that comes in pages, to its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from .client import Service
from .wire.reading import Json, identifier, objects, parse

_MOST_PAGES = 5_000


async def pages(
    service: Service, path: str, limit: int, parameters: Mapping[str, Any] | None = None
) -> AsyncIterator[list[Json]]:
    """Yield each page's entries; a service that repeats a cursor is not followed in circles."""
    cursor: str | None = None
    seen: set[str | None] = {None}
    for _ in range(_MOST_PAGES):
        asked: dict[str, Any] = {**(parameters or {}), "limit": limit, **({"after": cursor} if cursor else {})}
        answer = parse(await service.get(path, asked))
        entries = objects(answer.get("data"))
        yield entries
        cursor = identifier(entries[-1]) if entries else None
        if not answer.get("has_more") or cursor in seen:
            return
        seen.add(cursor)


async def every(service: Service, path: str, limit: int, parameters: Mapping[str, Any] | None = None) -> list[Json]:
    """All entries of all pages that have an id."""
    return [entry async for page in pages(service, path, limit, parameters) for entry in page if identifier(entry)]
