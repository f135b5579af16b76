"""Uploads in parts, one call a step, so that whoever keeps the steps can go on after any interruption."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import NotFoundError
from .client import Service, path_segment
from .wire.reading import identifier, mapping, not_understood, parse

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Purpose = Literal["fine-tune", "evals", "batch"]
"""What a file is for."""

MIME_TYPE = "application/jsonl"
UPLOAD_SECONDS = 600.0

PART_BYTES = 16 * 2**20
"""Of one part. The service takes 64 MiB; what a dropped line costs is one part."""

OnSent = Callable[[int], None]
"""Is told how many bytes have gone out so far."""


class CountedFile(io.FileIO):
    """A file that tells how far it was read; what it raises from there ends the upload."""

    def __init__(self, path: Path, on_read: OnSent) -> None:
        super().__init__(path, "rb")
        self._on_read = on_read

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and tell the position."""
        block = super().read(-1 if size is None else size)
        self._on_read(self.tell())
        return block or b""

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read, and tell the position."""
        count = super().readinto(buffer)
        self._on_read(self.tell())
        return count or 0


async def begin(service: Service, name: str, size: int, purpose: Purpose) -> str:
    """Announce a file of `size` bytes; return the upload's id.

    Raises:
        NotFoundError: this route of the service has no uploads in parts.
        ServiceError: the service refused.
    """
    client = service.client.with_options(timeout=UPLOAD_SECONDS)
    try:
        async with service.telling():
            answer = await client.uploads.with_raw_response.create(
                bytes=size, filename=name, mime_type=MIME_TYPE, purpose=purpose
            )
    except NotFoundError as error:
        remedy = 'Use the resource\'s own endpoint with `route = "dated"`, or sample the file below 100 MB.'
        raise NotFoundError("The service takes no uploads in parts here.", error.why, remedy, error.raw) from error
    upload_id = identifier(parse(answer.content))
    if upload_id is None:
        raise not_understood("The upload has no id.")
    return upload_id


async def send_part(service: Service, upload_id: str, data: bytes) -> str:
    """Send one part; return its id. A part sent twice does no harm: only those named at the end count."""
    client = service.client.with_options(timeout=UPLOAD_SECONDS)
    async with service.telling():
        answer = await client.uploads.parts.with_raw_response.create(path_segment(upload_id), data=data)
    part_id = identifier(parse(answer.content))
    if part_id is None:
        raise not_understood("The part has no id.")
    return part_id


async def complete(service: Service, upload_id: str, parts: Sequence[str], md5: str) -> str:
    """Put the parts together; return the file's id. The service compares the MD5 of the whole."""
    client = service.client.with_options(timeout=UPLOAD_SECONDS)
    async with service.telling():
        answer = await client.uploads.with_raw_response.complete(path_segment(upload_id), part_ids=list(parts), md5=md5)
    file_id = identifier(mapping(parse(answer.content).get("file")))
    if file_id is None:
        raise not_understood("The finished upload names no file.")
    return file_id


async def cancel(service: Service, upload_id: str) -> None:
    """Give an upload up."""
    async with service.telling():
        await service.client.uploads.with_raw_response.cancel(path_segment(upload_id))


def parts_of(path: Path, size: int = PART_BYTES, skip: int = 0) -> Iterator[bytes]:
    """The file's parts in order, without the first `skip` ones."""
    with path.open("rb") as file:
        file.seek(skip * size)
        while block := file.read(size):
            yield block


def md5_of(path: Path) -> str:
    """The MD5 that `complete` asks for."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
