"""A response body that stops with an error once it is larger than agreed. Imported only when answers are read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

from ..errors import ServiceError


class Bounded(httpx2.AsyncByteStream):
    """Another stream, up to a number of bytes."""

    def __init__(self, stream: httpx2.AsyncByteStream, largest: int) -> None:
        self._stream, self._largest = stream, largest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > self._largest:
                raise ServiceError(f"The service's answer is larger than {self._largest:,} bytes; it was not read.")
            yield chunk

    async def aclose(self) -> None:
        """Close the stream beneath."""
        await self._stream.aclose()
