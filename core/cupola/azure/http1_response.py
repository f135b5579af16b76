"""Reads HTTP/1.1 answers as their bytes come (RFC 9112), with as little as an answer to a POST can need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST_HEAD = 65_536
"""Bytes of a status line and its headers, of a chunk's size or of a trailer."""

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\Z")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?\Z")
_NO_BODY = (204, 304)


class NotHttpError(Exception):
    """The other side does not speak HTTP/1.1 as it should."""


@dataclass(slots=True)
class ResponseReader:
    """One answer, put together from bytes that may be cut anywhere."""

    status: int = 0
    """0 until the head has come."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; of several with one name, the values joined by commas."""
    pieces: list[bytes] = field(default_factory=list)
    """Of the body, what has come and not been taken."""
    ended: bool = False
    """Nothing more belongs to this answer."""
    kept: bool = False
    """The connection may carry another exchange; known at the end."""
    _rest: bytes = b""
    _left: int | None = None
    """Bytes left of the body or of the chunk; None until the connection closes."""
    _chunked: bool = False
    _after_chunk: bool = False
    _in_trailer: bool = False
    _persistent: bool = True

    def feed(self, data: bytes) -> None:
        """Take in what came.

        Raises:
            NotHttpError: it cannot be read, or goes beyond the answer's end.
        """
        if not self.status:
            data = self._head(self._rest + data)
            if not self.status:
                return
        if self._chunked:
            self._chunks(self._rest + data)
        elif data or self._left == 0:
            self._plain(data)

    def feed_end(self) -> None:
        """The other side closed the connection.

        Raises:
            NotHttpError: in the midst of the answer.
        """
        if self.ended:
            return
        if not self.status or self._chunked or self._left is not None:
            raise NotHttpError("The connection was closed in the midst of the answer")
        self.ended = True

    def _head(self, data: bytes) -> bytes:
        """Read the head if it is whole; return what follows it."""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > LARGEST_HEAD:
                    raise NotHttpError("The answer's head is too long")
                self._rest = data
                return b""
            self._rest, lines, data = b"", data[:end].split(b"\r\n"), data[end + 4 :]
            found = _STATUS_LINE.match(lines[0])
            if found is None:
                raise NotHttpError("The answer is not HTTP/1.1")
            status = int(found[1])
            if status >= 200:
                self._begin(status, _headers(lines[1:]), lines[0].startswith(b"HTTP/1.0"))
                return data
            if status == 101:
                raise NotHttpError("The other side wants to speak another protocol")

    def _begin(self, status: int, headers: dict[str, str], is_old: bool) -> None:
        """Find out how the body is framed (RFC 9112, section 6.3)."""
        self.headers = headers
        connection = headers.get("connection", "").lower()
        self._persistent = "close" not in connection and not is_old
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if status in _NO_BODY:
            self._left = 0
        elif coding is not None:
            if coding.strip().lower() != "chunked":
                raise NotHttpError("The answer comes in a coding that was not asked for")
            # A length beside it may be an attempt to smuggle; it is not looked at, and the connection not used again.
            self._persistent &= length is None
            self._chunked, self._left = True, 0
        elif length is not None:
            sizes = {size.strip() for size in length.split(",")}
            size = sizes.pop()
            if sizes or not (size.isascii() and size.isdigit() and len(size) < 16):
                raise NotHttpError("The answer's length cannot be read")
            self._left = int(size)
        self.status = status

    def _plain(self, data: bytes) -> None:
        if self._left is None:
            self.pieces.append(data)
            return
        if len(data) > self._left:
            raise NotHttpError("The answer is longer than it says")
        self._left -= len(data)
        if data:
            self.pieces.append(data)
        if self._left == 0:
            self._end()

    def _chunks(self, data: bytes) -> None:
        place = 0
        while not self.ended and place < len(data):
            if self._left:
                piece = data[place : place + self._left]
                self.pieces.append(piece)
                self._left -= len(piece)
                self._after_chunk = not self._left
                place += len(piece)
                continue
            end = data.find(b"\r\n", place)
            if end < 0:
                break
            self._line(data[place:end])
            place = end + 2
        self._rest = data[place:]
        if self.ended and self._rest:
            raise NotHttpError("The answer is longer than it says")
        if len(self._rest) > LARGEST_HEAD:
            raise NotHttpError("A chunk's head is too long")

    def _line(self, line: bytes) -> None:
        """Take in what stands between chunks: the line break after one, a size, or a trailer."""
        if self._after_chunk:
            if line:
                raise NotHttpError("A chunk does not end where it says")
            self._after_chunk = False
        elif self._in_trailer:
            if not line:
                self._end()
        else:
            found = _CHUNK_SIZE.match(line)
            if found is None:
                raise NotHttpError("A chunk's size cannot be read")
            self._left = int(found[1], 16)
            self._in_trailer = not self._left

    def _end(self) -> None:
        self.ended, self.kept = True, self._persistent


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.match(name):
            raise NotHttpError("A header of the answer cannot be read")
        key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
