"""Files of the service: list, upload, wait, read."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..errors import NotFoundError, ServiceError, UsageError
from ..models import Point, ServiceFile
from . import uploads
from .client import Service, path_segment
from .pages import every
from .uploads import MIME_TYPE, UPLOAD_SECONDS, OnSent, Purpose
from .wire import files as wire
from .wire.measurements import points_of_results
from .wire.reading import parse

LARGEST_PLAIN = 100 * 2**20
"""Bytes; a larger file sent in one piece is taken, and then fails when a job reads it."""

LARGEST_IN_PARTS = 8 * 2**30
"""Bytes the service takes in parts."""

_WAITING = ("uploaded", "pending", "running", "unknown")


def _nothing(sent: int) -> None:
    """Tell nobody."""


async def list_files(service: Service) -> list[ServiceFile]:
    """All files of the resource, newest first."""
    as_of = service.clock()
    listed = [wire.file(entry, as_of) for entry in await every(service, "/files", 1_000)]
    return sorted(listed, key=lambda file: (-file.created_at, file.id))


async def get_file(service: Service, file_id: str) -> ServiceFile:
    """One file as it is now."""
    return wire.file(parse(await service.get(f"/files/{path_segment(file_id)}")), service.clock())


async def upload(
    service: Service,
    path: Path,
    purpose: Purpose = "fine-tune",
    largest_plain: int = LARGEST_PLAIN,
    on_sent: OnSent = _nothing,
) -> ServiceFile:
    """Send a file from disk in one go, in parts if it is large. `cupola.worker.uploads` can go on where it ended.

    Raises:
        UsageError: it cannot be read, is too large, or its name has the wrong ending.
        ServiceError: the service refused it.
    """
    size = sendable(path)
    try:
        if size <= largest_plain:
            return await upload_plain(service, path, purpose, on_sent)
        return await _in_parts(service, path, size, purpose, on_sent)
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", str(error.strerror)) from error


def sendable(path: Path) -> int:
    """The size of a file that the service would take by name and size.

    Raises:
        UsageError: it cannot be read, is too large, or its name has the wrong ending.
    """
    if path.suffix != ".jsonl":
        raise UsageError(f"{path.name} does not end in .jsonl.", "The service takes no other name.", "Rename the file.")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", str(error.strerror)) from error
    if size > LARGEST_IN_PARTS:
        raise UsageError(f"{path.name} is {size / 2**30:,.1f} GB; the service takes 8 GB.", remedy="Split the file.")
    return size


async def delete(service: Service, file_id: str) -> None:
    """Delete a file for good. One that is gone already is deleted."""
    try:
        async with service.telling():
            await service.client.files.with_raw_response.delete(path_segment(file_id))
    except NotFoundError:
        return


async def processed(service: Service, file_id: str, seconds: float = 1_800.0) -> ServiceFile:
    """Wait until the service has looked through a file.

    Raises:
        ServiceError: it refused the file, or `seconds` have passed.
    """
    pause = 0.25 if service.profile.is_local else 2.0
    waited = 0.0
    while (file := await get_file(service, file_id)).status in _WAITING:
        if waited >= seconds:
            raise ServiceError(
                f"File {file_id} is still {file.status} after {seconds:.0f} s.", remedy="Try again later."
            )
        await service.sleep(pause)
        waited += pause
    if file.status != "processed":
        raise ServiceError(
            f"The service could not use {file.filename or file_id}: its status is {file.status!r}.",
            remedy="Check that each line is a JSON object as the method wants it.",
            raw=file.raw,
        )
    return file


async def content(service: Service, file_id: str) -> bytes:
    """A file's bytes."""
    return await service.get(f"/files/{path_segment(file_id)}/content")


async def results(service: Service, file_id: str) -> list[Point]:
    """The measurements in a job's results file."""
    return points_of_results(await content(service, file_id))


async def upload_plain(service: Service, path: Path, purpose: Purpose, on_sent: OnSent = _nothing) -> ServiceFile:
    """Send a file in one piece.

    Raises:
        OSError: it cannot be read.
        ServiceError: the service refused it.
    """
    with uploads.CountedFile(path, on_sent) as handle:
        async with service.telling():
            answer = await service.client.files.with_raw_response.create(
                file=(path.name, handle, MIME_TYPE),
                purpose=purpose,
                timeout=UPLOAD_SECONDS,
            )
        return wire.file(parse(answer.content), service.clock())


async def _in_parts(service: Service, path: Path, size: int, purpose: Purpose, on_sent: OnSent) -> ServiceFile:
    md5 = await asyncio.to_thread(uploads.md5_of, path)
    upload_id = await uploads.begin(service, path.name, size, purpose)
    parts: list[str] = []
    sent = 0
    for data in uploads.parts_of(path):
        parts.append(await uploads.send_part(service, upload_id, data))
        sent += len(data)
        on_sent(sent)
    return await get_file(service, await uploads.complete(service, upload_id, parts, md5))
