"""Files of the service: list, upload, wait, read."""

from __future__ import annotations

from pathlib import Path

from ..errors import ServiceError, UsageError
from ..models import Point, ServiceFile
from .client import Service, path_segment
from .pages import every
from .wire import files as wire
from .wire.measurements import points_of_results
from .wire.reading import parse

LARGEST_UPLOAD = 512 * 2**20
"""Bytes the service takes in one upload."""

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


async def upload(service: Service, path: Path, purpose: str = "fine-tune") -> ServiceFile:
    """Send a file from disk.

    Raises:
        UsageError: it cannot be read, is too large, or its name has the wrong ending.
    """
    if path.suffix != ".jsonl":
        raise UsageError(f"{path.name} does not end in .jsonl.", "The service takes no other name.", "Rename the file.")
    try:
        size = path.stat().st_size
        handle = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", str(error.strerror)) from error
    with handle:
        if size > LARGEST_UPLOAD:
            raise UsageError(
                f"{path.name} is {size / 2**20:,.0f} MB; the service takes 512 MB.", remedy="Split the file."
            )
        async with service.telling():
            answer = await service.client.files.with_raw_response.create(
                file=(path.name, handle, "application/jsonl"),
                purpose=purpose,  # type: ignore[arg-type]  # the service knows more purposes than the SDK
                timeout=_UPLOAD_SECONDS,
            )
        return wire.file(parse(answer.content), service.clock())


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
