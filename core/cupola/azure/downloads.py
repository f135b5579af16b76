"""Downloads in pieces, so that whoever keeps what came can go on after any interruption."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ..errors import ServiceError, UnreachableError
from .client import Service, path_segment

PIECE_BYTES = 64 * 2**20
"""Asked for at once; a service that knows no ranges sends the whole."""

DOWNLOAD_SECONDS = 600.0

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file's content, as it comes."""

    start: int
    """Where in the file it begins: as asked for, or 0 where the service sends the whole instead."""
    total: int | None
    """Bytes of the whole file; None where the service does not say."""
    tag: str
    """The service's mark of the content, for going on later; empty where it gives none."""
    whole: bool
    """Nothing comes after it."""
    content: AsyncIterator[bytes]


@asynccontextmanager
async def piece(service: Service, file_id: str, start: int, tag: str = "") -> AsyncIterator[Piece]:
    """Ask for a file's content from a byte on; it can be read while the block lasts.

    Args:
        service: The connection.
        file_id: The file.
        start: The first byte wanted.
        tag: The mark of the content that the bytes before belong to; if it has changed since, the whole is sent.

    Raises:
        UnreachableError: no answer came, or it broke off.
        ServiceError: the service refused; `status` is 416 where the file has no byte there.
    """
    import httpx2

    headers = {"Range": f"bytes={start}-{start + PIECE_BYTES - 1}"}
    if tag and start:
        headers["If-Range"] = tag
    client = service.client.with_options(timeout=DOWNLOAD_SECONDS)
    try:
        async with (
            service.telling(),
            client.files.with_streaming_response.content(path_segment(file_id), extra_headers=headers) as answer,
        ):
            yield _piece(answer.status_code, answer.headers, answer.iter_bytes())
    except httpx2.TransportError as error:
        raise UnreachableError(
            "The connection to the service broke.",
            f"{type(error).__name__}: {error}".rstrip(":. ") + ".",
            "Check the network; Cupola tries again by itself.",
        ) from None


def _piece(status: int, headers: Mapping[str, str], content: AsyncIterator[bytes]) -> Piece:
    tag = headers.get("etag", "")
    # A weak mark says nothing about bytes.
    tag = "" if tag.startswith("W/") else tag
    if status != 206:
        length = headers.get("content-length", "")
        return Piece(0, int(length) if length.isdecimal() else None, tag, True, content)
    match = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if match is None:
        raise ServiceError("The service sent a part of the file without saying which.")
    total = None if match[3] == "*" else int(match[3])
    return Piece(int(match[1]), total, tag, total is not None and int(match[2]) + 1 >= total, content)
