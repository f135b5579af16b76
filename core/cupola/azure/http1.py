"""A small HTTP/1.1 client for many calls at once to one address, since the usual client costs many times its time."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from ..errors import ServiceError, UnreachableError
from .http1_response import NotHttpError, ResponseReader

LARGEST_ANSWER = 64 * 2**20
"""Bytes of one answer."""

_IDLE_SECONDS = 4.0
"""A connection that has lain longer than this may have been closed by the other side."""
_LOOKS_IN_SILENCE = 8
"""How often silence is measured while it lasts: one timer for all costs less than one for each answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer, and its body as it comes."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: AsyncIterator[bytes]


Exchange = Callable[[str, Mapping[str, str], bytes], AbstractAsyncContextManager[Response]]
"""Sends a POST (target, headers, content) and lends the answer."""


class _Connection(asyncio.Protocol):
    """One connection, which carries one exchange at a time."""

    def __init__(self) -> None:
        self.reader = ResponseReader()
        self.heard_at = 0.0
        self.open = False
        self.broken: Exception | None = None
        self._news: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.open = cast(asyncio.Transport, transport), True

    def data_received(self, data: bytes) -> None:
        self.heard_at = -1.0
        try:
            self.reader.feed(data)
        except NotHttpError as error:
            self.broken = error
        self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        try:
            self.reader.feed_end()
        except NotHttpError as early:
            self.broken = self.broken or error or early
        self._tell()

    def send(self, content: bytes, now: float) -> None:
        """Begin an exchange."""
        assert self._transport is not None
        self.reader, self.heard_at = ResponseReader(), now
        self._transport.write(content)

    async def head(self) -> ResponseReader:
        """The answer, once its head is there; errors as for `body`."""
        while not self.reader.status:
            await self._more()
        return self.reader

    async def body(self) -> AsyncIterator[bytes]:
        """The answer's body as it comes.

        Raises:
            OSError, NotHttpError, TimeoutError: it did not come whole.
            ServiceError: it is larger than agreed.
        """
        size, reader = 0, self.reader
        while True:
            pieces, reader.pieces = reader.pieces, []
            for piece in pieces:
                size += len(piece)
                if size > LARGEST_ANSWER:
                    raise ServiceError(f"The service's answer is larger than {LARGEST_ANSWER:,} bytes; it was dropped.")
                yield piece
            if reader.ended:
                return
            if not reader.pieces:
                await self._more()

    def note_silence(self, now: float, most: float) -> None:
        """Give up an exchange in which nothing has been heard for so long."""
        if self.heard_at < 0:
            self.heard_at = now
        elif now - self.heard_at > most and self._news is not None:
            self.broken = TimeoutError()
            self._tell()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _more(self) -> None:
        """Wait for news."""
        if self.broken is None:
            self._news = asyncio.get_running_loop().create_future()
            try:
                await self._news
            finally:
                self._news = None
        if self.broken is not None:
            raise self.broken

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


@dataclass(slots=True)
class Connections:
    """Kept connections to one address. To be used in one event loop."""

    endpoint: str
    tls: ssl.SSLContext | None
    connect_seconds: float = 5.0
    silence_seconds: float = 120.0
    """How long the other side may say nothing in the midst of an exchange; measured to an eighth."""
    monotonic: Callable[[], float] = time.monotonic
    _idle: list[tuple[_Connection, float]] = field(default_factory=list)
    """With the time since which each has lain; the last used is used next."""
    _busy: set[_Connection] = field(default_factory=set)
    _look: asyncio.TimerHandle | None = None
    _heads: dict[tuple[object, ...], bytes] = field(default_factory=dict, repr=False)
    """They hold the key."""

    @asynccontextmanager
    async def post(self, target: str, headers: Mapping[str, str], content: bytes) -> AsyncIterator[Response]:
        """Send a POST; the answer can be read while the block lasts.

        Raises:
            UnreachableError: no whole answer came.
            ServiceError: it is larger than agreed, or a header cannot be sent.
        """
        request = self._request(target, headers, content)
        connection: _Connection | None = None
        try:
            connection = self._kept() or await self._opened()
            self._busy.add(connection)
            self._watch()
            connection.send(request, self.monotonic())
            reader = await connection.head()
            yield Response(reader.status, reader.headers, connection.body())
        except TimeoutError:
            raise UnreachableError(
                "The service did not answer in time.", remedy="Check the network; Cupola tries again by itself."
            ) from None
        except (OSError, NotHttpError) as error:
            raise UnreachableError(
                "The connection to the service broke.",
                f"{type(error).__name__}: {error}".rstrip(":. ") + ".",
                "Check the network; Cupola tries again by itself.",
            ) from None
        finally:
            if connection is not None:
                self._put_back(connection)

    async def close(self) -> None:
        """Close what is kept."""
        if self._look is not None:
            self._look.cancel()
        for connection in (*(kept for kept, _ in self._idle), *self._busy):
            connection.close()
        self._idle.clear()
        # The transports tell their ends in the loop's next turn.
        await asyncio.sleep(0)

    def _kept(self) -> _Connection | None:
        while self._idle:
            connection, since = self._idle.pop()
            if connection.open and connection.broken is None and self.monotonic() - since < _IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _opened(self) -> _Connection:
        parts = urlsplit(self.endpoint)
        host, port = parts.hostname or "", parts.port or (443 if self.tls else 80)
        async with asyncio.timeout(self.connect_seconds):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, host, port, ssl=self.tls, server_hostname=host if self.tls else None
            )
        return connection

    def _request(self, target: str, headers: Mapping[str, str], content: bytes) -> bytes:
        """A whole request; its head, but for the length, is the same from call to call."""
        known = (target, *headers.items())
        head = self._heads.get(known)
        if head is None:
            # A token is renewed once in a while; nothing else changes.
            self._heads.clear()
            head = self._heads[known] = _head(target, {"host": urlsplit(self.endpoint).netloc, **headers})
        return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(content), content)

    def _watch(self) -> None:
        if self._look is None:
            pause = self.silence_seconds / _LOOKS_IN_SILENCE
            self._look = asyncio.get_running_loop().call_later(pause, self._listen)

    def _listen(self) -> None:
        self._look = None
        now = self.monotonic()
        for connection in self._busy:
            connection.note_silence(now, self.silence_seconds)
        if self._busy:
            self._watch()

    def _put_back(self, connection: _Connection) -> None:
        self._busy.discard(connection)
        if connection.open and connection.broken is None and connection.reader.kept:
            self._idle.append((connection, self.monotonic()))
        else:
            connection.close()


def _head(target: str, headers: Mapping[str, str]) -> bytes:
    """The lines of a request up to its length.

    Raises:
        ServiceError: one holds what would end it.
    """
    everything = {"accept-encoding": "identity", "content-type": "application/json", **headers}
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in everything.items()), ""]
    if any(not line.isprintable() for line in lines):
        raise ServiceError("The request cannot be sent.", "A header holds a line break.", "Check the key or token.")
    with suppress(UnicodeEncodeError):
        return "\r\n".join(lines).encode("latin-1")
    raise ServiceError("The request cannot be sent.", "A header holds foreign letters.", "Check the key or token.")
