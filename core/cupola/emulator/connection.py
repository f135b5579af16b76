"""A uvicorn connection that an application may drop, as a network would."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .fault_injection import RESET
from .gathering import GatheringTransport

_LINGER = "hh" if sys.platform == "win32" else "ii"
"""How the system lays out `struct linger`."""


def _drop(transport: asyncio.Transport) -> None:
    """Close the connection so that the other side sees a reset, not an end."""
    opened = transport.get_extra_info("socket")
    # Of a client that is gone already there is nothing left to reset.
    with suppress(OSError):
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
    transport.abort()


def droppable_protocol(*arguments: Any, **settings: Any) -> asyncio.Protocol:
    """Uvicorn's own HTTP protocol, whose requests carry the extension `cupola.reset`."""
    protocol: Any = AutoHTTPProtocol(*arguments, **settings)
    app, connection_made = protocol.app, protocol.connection_made
    protocol.connection_made = lambda transport: connection_made(GatheringTransport(transport))

    def with_reset(scope: Scope, receive: Receive, send: Send) -> Any:
        scope.setdefault("extensions", {})[RESET] = lambda: _drop(protocol.transport)
        return app(scope, receive, send)

    protocol.app = with_reset
    opened: asyncio.Protocol = protocol
    return opened
