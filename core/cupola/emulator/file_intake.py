"""Take files in: what their names, purposes, sizes and lives may be, and how they are kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from .dialect import Dialect, new_id
from .errors import ApiError, invalid_payload, quota_exceeded
from .resource import Resource
from .state import files
from .state.files import StoredFile

UPLOAD_PURPOSES = ("fine-tune", "evals", "batch", "assistants")
JSONL_PURPOSES = ("fine-tune", "evals", "batch")
MOST_FILES = {"fine-tune": 100, "batch": 500}
"""How many files of a purpose a resource may hold."""

MOST_EXPIRING_FILES = {"batch": 10_000}
"""How many it may hold of those whose newest has an expiry."""

MOST_TRAINING_BYTES = 1024**3
MOST_BATCH_BYTES = 200 * 1024**2
_EXPIRY_SECONDS = {"azure": (1_209_600, 2_592_000), "openai": (3_600, 2_592_000)}


def check_purpose(purpose: Any) -> str:
    """A purpose that clients may upload for. Raises ApiError."""
    if not isinstance(purpose, str) or purpose not in UPLOAD_PURPOSES:
        raise invalid_payload("Invalid value for purpose.")
    return purpose


def check_filename(given: Any, purpose: str) -> str:
    """The last part of a file's name, which is only ever shown: no path is made from it. Raises ApiError."""
    filename = given.replace("\\", "/").rsplit("/", 1)[-1] if isinstance(given, str) else ""
    if not filename or len(filename) > 255 or not filename.isprintable():
        raise invalid_payload("fileName contains an invalid filename.")
    if purpose in JSONL_PURPOSES and not filename.lower().endswith(".jsonl"):
        raise invalid_payload("fileName contains an invalid filename: wrong suffix.")
    return filename


def expiry_seconds(anchor: Any, seconds: Any, dialect: Dialect, field: str = "expires_after") -> int | None:
    """The life of a file from `anchor` and `seconds`, a number or its text; None without either. Raises ApiError."""
    if seconds is None and anchor is None:
        return None
    low, high = _EXPIRY_SECONDS[dialect]
    if anchor != "created_at":
        raise invalid_payload(f"Invalid value for {field}.anchor. Only 'created_at' is supported.")
    text = "" if isinstance(seconds, bool) else str(seconds)
    if not (text.isascii() and text.isdigit() and low <= int(text[:12]) <= high):
        raise invalid_payload(f"Invalid value for {field}.seconds. It must be between {low} and {high}.")
    return int(text)


def expiry_of(given: Any, dialect: Dialect, field: str = "expires_after") -> int | None:
    """The life of a file from a JSON object `{"anchor", "seconds"}`; None without one. Raises ApiError."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise invalid_payload(f"Invalid type for {field}: expected an object.")
    return expiry_seconds(given.get("anchor", ""), given.get("seconds", ""), dialect, field)


def check_room(resource: Resource, purpose: str, size: int, *, expires: bool) -> None:
    """Whether one more file of that size fits. Raises ApiError."""
    if purpose == "batch" and size > MOST_BATCH_BYTES:
        raise ApiError(413, "413", f"A batch input file may have at most {MOST_BATCH_BYTES // 1024**2} MB.")
    most = (MOST_EXPIRING_FILES if expires else {}).get(purpose, MOST_FILES.get(purpose))
    if most is None:
        return
    count, total = files.usage(resource.database, purpose, resource.clock.now())
    kind = "fine-tuning" if purpose == "fine-tune" else purpose
    if count >= most:
        raise quota_exceeded(f"The maximum number of {most} {kind} files has been reached.")
    if purpose == "fine-tune" and total + size > MOST_TRAINING_BYTES:
        raise quota_exceeded("The maximum total size of 1 GB of fine-tuning files has been reached.")


def arrival(resource: Resource) -> Path:
    """A fresh place for content that has no record yet; what is left there is cleared at the next start."""
    return resource.folders.uploads / uuid4().hex


def save(sources: Iterable[BinaryIO], path: Path) -> int:
    """Write streams one after the other to disk and return their bytes."""
    with path.open("wb") as target:
        for source in sources:
            shutil.copyfileobj(source, target, 1024 * 1024)
        target.flush()
        os.fsync(target.fileno())
        return target.tell()


def drop_expired(resource: Resource) -> None:
    """Forget files whose time is over, with their content."""
    for file_id in files.expired(resource.database, resource.clock.now()):
        files.remove(resource.database, file_id)
        resource.folders.file(file_id).unlink(missing_ok=True)


def keep(
    resource: Resource, arrived: Path, filename: str, purpose: str, seconds: int | None, *, empty: bool = False
) -> StoredFile:
    """Give content that has arrived its record.

    Args:
        seconds: Its life; None is without end.
        empty: Whether it may be empty, as an error file without errors is.
    """
    now, size = resource.clock.now(), arrived.stat().st_size
    file = StoredFile(
        id=new_id("file", resource.dialect),
        created_at=now,
        filename=filename,
        purpose=purpose,
        bytes=size,
        expires_at=None if seconds is None else now + seconds,
        error=None if size or empty else "The file is empty.",
    )
    # The content is in place before the record, so that no record ever lacks its content.
    arrived.replace(resource.folders.file(file.id))
    files.add(resource.database, file)
    return file
