"""Files of the service: list, upload, wait, read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..errors import ServiceError, UsageError
from ..models import Point, ServiceFile
from .client import Service, path_segment
from .pages import every
from .wire import files as wire
from .wire.measurements import points_of_results
from .wire.reading import not_understood, parse

Purpose = Literal["fine-tune", "evals", "batch"]
"""What a file is for."""

LARGEST_PLAIN = 100 * 2**20
"""Bytes; a larger file sent in one piece is taken, and then fails when a job reads it."""

LARGEST_IN_PARTS = 8 * 2**30
"""Bytes the service takes in parts."""

_WAITING = ("uploaded", "pending", "running", "unknown")
_UPLOAD_SECONDS = 600.0


async def list_files(service: Service) -> list[ServiceFile]:
    """All files of the resource, newest first."""
    as_of = service.clock()
    listed = [wire.file(entry, as_of) for entry in await every(service, "/files", 1_000)]
    return sorted(listed, key=lambda file: (-file.created_at, file.id))


async def get_file(service: Service, file_id: str) -> ServiceFile:
    """One file as it is now."""
    return wire.file(parse(await service.get(f"/files/{path_segment(file_id)}")), service.clock())


async def upload(
    service: Service, path: Path, purpose: Purpose = "fine-tune", largest_plain: int = LARGEST_PLAIN
) -> ServiceFile:
    """Send a file from disk, in parts if it is large.

    Raises:
        UsageError: it cannot be read, is too large, or its name has the wrong ending.
        ServiceError: the service refused it.
    """
    if path.suffix != ".jsonl":
        raise UsageError(f"{path.name} does not end in .jsonl.", "The service takes no other name.", "Rename the file.")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", str(error.strerror)) from error
    if size > LARGEST_IN_PARTS:
        raise UsageError(f"{path.name} is {size / 2**30:,.1f} GB; the service takes 8 GB.", remedy="Split the file.")
    try:
        return await (_in_one_piece if size <= largest_plain else _in_parts)(service, path, purpose)
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", str(error.strerror)) from error


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


async def _in_one_piece(service: Service, path: Path, purpose: Purpose) -> ServiceFile:
    with path.open("rb") as handle:
        async with service.telling():
            answer = await service.client.files.with_raw_response.create(
                file=(path.name, handle, "application/jsonl"),
                purpose=purpose,
                timeout=_UPLOAD_SECONDS,
            )
        return wire.file(parse(answer.content), service.clock())


async def _in_parts(service: Service, path: Path, purpose: Purpose) -> ServiceFile:
    client = service.client.with_options(timeout=_UPLOAD_SECONDS)
    async with service.telling():
        done = await client.uploads.upload_file_chunked(
            file=path,
            mime_type="application/jsonl",
            purpose=purpose,
        )
    if done.file is None or not isinstance(done.file.id, str):
        raise not_understood("The finished upload names no file.")
    return await get_file(service, done.file.id)
