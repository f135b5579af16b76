"""Reading a list that comes in pages, to its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from ..errors import ServiceError
from .client import Service
from .wire.reading import Json, identifier, objects, parse

_MOST_PAGES = 5_000
_MOST_BYTES = 512 * 2**20


async def pages(
    service: Service, path: str, limit: int, parameters: Mapping[str, Any] | None = None, most: int = _MOST_PAGES
) -> AsyncIterator[list[Json]]:
    """Yield each page's entries; a service that repeats a cursor is not followed in circles.

    Raises:
        ServiceError: a page cannot be read, or the list does not end.
    """
    cursor: str | None = None
    seen: set[str | None] = {None}
    size = 0
    for _ in range(most):
        asked: dict[str, Any] = {**(parameters or {}), "limit": limit, **({"after": cursor} if cursor else {})}
        content = await service.get(path, asked)
        size += len(content)
        if size > _MOST_BYTES:
            break
        answer = parse(content)
        entries = objects(answer.get("data"))
        yield entries
        cursor = identifier(entries[-1]) if entries else None
        if not answer.get("has_more") or cursor in seen:
            return
        seen.add(cursor)
    raise ServiceError(
        f"The service's list {path} does not end.",
        f"It was left after {len(seen) - 1:,} pages and {size:,} bytes.",
        "Check that the endpoint is an Azure OpenAI resource.",
    )


async def every(service: Service, path: str, limit: int, parameters: Mapping[str, Any] | None = None) -> list[Json]:
    """All entries of all pages that have an id."""
    return [entry async for page in pages(service, path, limit, parameters) for entry in page if identifier(entry)]
