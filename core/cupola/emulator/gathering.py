"""A transport that gathers what is written in one turn of the event loop into one packet.

Uvicorn writes the head and the body of an answer one after the other: without this each answer costs two system calls,
which is a good part of what a small one costs at all.
"""

from __future__ import annotations

import asyncio
from typing import Any


class GatheringTransport:
    """Stands before a transport and hands everything but writes on."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._pending: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send it by the end of the event loop's turn."""
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)

    def close(self) -> None:
        """Send what is pending, then close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what is pending is lost."""
        self._pending.clear()
        self._transport.abort()

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if pending and not self._transport.is_closing():
            self._transport.write(b"".join(pending))
