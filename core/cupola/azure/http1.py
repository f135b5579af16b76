"""A small HTTP/1.1 client for many calls at once to one address, since the usual client costs many times its time."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

from ..errors import ServiceError, UnreachableError

LARGEST_ANSWER = 64 * 2**20
"""Bytes of one answer."""

_READ = 65_536
_IDLE_SECONDS = 4.0
"""A connection that has lain longer than this may have been closed by the other side."""


@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer, and its body as it comes."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: AsyncIterator[bytes]


Exchange = Callable[[str, Mapping[str, str], bytes], AbstractAsyncContextManager[Response]]
"""Sends a POST (target, headers, content) and lends the answer."""


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: h11.Connection
    used_at: float = 0.0

    def close(self) -> None:
        self.writer.transport.abort()


@dataclass(slots=True)
class Connections:
    """Kept connections to one address."""

    endpoint: str
    tls: ssl.SSLContext | None
    connect_seconds: float = 5.0
    silence_seconds: float = 120.0
    """How long the other side may say nothing in the midst of an exchange."""
    monotonic: Callable[[], float] = time.monotonic
    _idle: list[_Connection] = field(default_factory=list)

    @asynccontextmanager
    async def post(self, target: str, headers: Mapping[str, str], content: bytes) -> AsyncIterator[Response]:
        """Send a POST; the answer can be read while the block lasts.

        Raises:
            UnreachableError: no whole answer came.
            ServiceError: it is larger than agreed.
        """
        connection: _Connection | None = None
        whole = False
        try:
            connection = self._kept() or await self._opened()
            connection.writer.write(self._request(connection, target, headers, content))
            head = await self._head(connection)
            names = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
            yield Response(head.status_code, names, self._body(connection))
            whole = connection.state.their_state is h11.DONE
        except TimeoutError:
            raise UnreachableError(
                "The service did not answer in time.", remedy="Check the network; Cupola tries again by itself."
            ) from None
        except (OSError, h11.ProtocolError) as error:
            raise UnreachableError(
                "The connection to the service broke.",
                f"{type(error).__name__}: {error}".rstrip(":. ") + ".",
                "Check the network; Cupola tries again by itself.",
            ) from None
        finally:
            if connection is not None:
                self._put_back(connection, whole)

    async def close(self) -> None:
        """Close what is kept."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _kept(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.reader.at_eof() and self.monotonic() - connection.used_at < _IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _opened(self) -> _Connection:
        parts = urlsplit(self.endpoint)
        host, port = parts.hostname or "", parts.port or (443 if self.tls else 80)
        async with asyncio.timeout(self.connect_seconds):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=self.tls, server_hostname=host if self.tls else None, limit=LARGEST_ANSWER
            )
        return _Connection(reader, writer, h11.Connection(h11.CLIENT))

    def _request(self, connection: _Connection, target: str, headers: Mapping[str, str], content: bytes) -> bytes:
        everything = {
            "host": urlsplit(self.endpoint).netloc,
            "accept-encoding": "identity",
            "content-type": "application/json",
            "content-length": str(len(content)),
            **headers,
        }
        send = connection.state.send
        head = send(h11.Request(method="POST", target=target, headers=list(everything.items())))
        body, end = send(h11.Data(data=content)), send(h11.EndOfMessage())
        return (head or b"") + (body or b"") + (end or b"")

    async def _head(self, connection: _Connection) -> h11.Response:
        while True:
            event = await self._event(connection)
            if isinstance(event, h11.Response):
                return event

    async def _body(self, connection: _Connection) -> AsyncIterator[bytes]:
        size = 0
        while True:
            event = await self._event(connection)
            if isinstance(event, h11.EndOfMessage):
                return
            if isinstance(event, h11.Data):
                size += len(event.data)
                if size > LARGEST_ANSWER:
                    raise ServiceError(f"The service's answer is larger than {LARGEST_ANSWER:,} bytes; it was dropped.")
                yield bytes(event.data)

    async def _event(self, connection: _Connection) -> h11.Event:
        while True:
            event = connection.state.next_event()
            if event is h11.NEED_DATA:
                async with asyncio.timeout(self.silence_seconds):
                    connection.state.receive_data(await connection.reader.read(_READ))
            elif isinstance(event, h11.ConnectionClosed | type(h11.PAUSED)):
                raise ConnectionResetError("The service closed the connection")
            else:
                return event  # type: ignore[return-value]  # the two markers are handled above

    def _put_back(self, connection: _Connection, whole: bool) -> None:
        if whole and connection.state.our_state is h11.DONE:
            connection.state.start_next_cycle()
            connection.used_at = self.monotonic()
            self._idle.append(connection)
        else:
            connection.close()
