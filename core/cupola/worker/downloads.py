"""Downloads as records: what has reached the disk is stored, so that a drop, a crash or a reboot costs little.

A file appears under its name when it is whole, never over another one, and no path comes from the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ..azure import files as service_files
from ..azure.client import Service
from ..azure.downloads import Piece, piece
from ..datasets.writing import fingerprint
from ..errors import CupolaError, ServiceError, ThrottledError, UnreachableError, UsageError
from ..models import Intent, Problem
from ..store import datasets, downloads
from ..store.database import Database
from ..store.downloads import Download, DownloadState
from .poll import after_failure, pace_of

DOWNLOAD, CANCEL = "file.download", "download.cancel"
KINDS = (DOWNLOAD, CANCEL)

_KEPT_EVERY_SECONDS = 0.5
_ROOM_LEFT = 64 * 2**20
"""Bytes that stay free on the disk."""
_LONGEST_NAME = 120
_MOST_NAMES = 1_000
_NO_SUCH_RANGE = 416
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
"""Names that are no files on Windows."""


def safe_name(name: str, file_id: str) -> str:
    """A name for a new file, made of what the service calls it: letters, digits, dot, dash and underscore alone.

    It holds no path, hides nothing and is no device; what is left of nothing is named after the id.
    """
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip("._-").rstrip("._-")
    stem, dot, ending = cleaned.rpartition(".")
    if len(cleaned) > _LONGEST_NAME:
        ending = ending[:16] if dot else ""
        cleaned = f"{(stem or cleaned)[: _LONGEST_NAME - len(ending) - 1]}{dot}{ending}"
    if not cleaned or _RESERVED.match(cleaned):
        cleaned = re.sub(r"[^A-Za-z0-9_-]+", "_", file_id)[:_LONGEST_NAME] + (f"_{cleaned}" if cleaned else "")
    return cleaned


async def obey(service: Service, database: Database, intent: Intent) -> Problem | None:
    """Obey a wish about downloads; return why it could not be done. A download is written down here, fetched later."""
    try:
        if intent.kind == DOWNLOAD:
            await _write_down(service, database, intent)
        elif not _given_up(service, database, intent.target):
            return Problem("This download is not under way any more.")
    except CupolaError as error:
        return error.problem
    return None


async def drain(service: Service, database: Database) -> None:
    """Carry every open download to its end, oldest first; an outage is sat out."""
    pace, failures = pace_of(service.profile), 0
    while download := downloads.next_download(database):
        try:
            await carry(service, database, download)
            failures = 0
        except (UnreachableError, ThrottledError) as error:
            now = downloads.download(database, download.id) or download
            # A line that breaks again and again but brings something each time is no outage.
            failures = 1 if now.received > download.received else failures + 1
            downloads.save_download(database, replace(now, problem=error.problem))
            await service.sleep(after_failure(pace, failures, error.retry_after, random.random()))


async def carry(service: Service, database: Database, download: Download) -> None:
    """Carry one download to its end, from wherever it stands; what makes it impossible is stored with it.

    Raises:
        UnreachableError, ThrottledError: it can go on later from where it stands now.
    """
    part = part_of(download)
    try:
        path = await _received(service, database, download, part)
        content = await asyncio.to_thread(fingerprint, path)
        # What came is the truth about the file, whatever was thought to have been sent.
        datasets.save_content(database, download.file_id, content.sha256)
        datasets.remember(database, str(path), service.clock())
        now = downloads.download(database, download.id) or download
        _save(service, database, replace(now, state=DownloadState.DONE, path=str(path), problem=None))
    except _GivenUpError:
        part.unlink(missing_ok=True)
    except (UnreachableError, ThrottledError):
        raise
    except (CupolaError, OSError) as error:
        part.unlink(missing_ok=True)
        problem = error.problem if isinstance(error, CupolaError) else _disk_problem(download, error)
        now = downloads.download(database, download.id) or download
        failed = replace(now, state=DownloadState.FAILED, problem=problem, updated_at=service.clock())
        downloads.save_download(database, failed)


def part_of(download: Download) -> Path:
    """Where a download lies until it is whole."""
    return Path(download.folder) / f".{download.name}.{download.id}.part"


class _GivenUpError(CupolaError):
    """The person has cancelled the download."""


async def _write_down(service: Service, database: Database, intent: Intent) -> None:
    folder = intent.arguments.get("folder")
    if not isinstance(folder, str) or not Path(folder).is_absolute():
        raise UsageError("The wish to download names no folder.", remedy="Ask again.")
    if not Path(folder).is_dir():
        raise UsageError(f"There is no folder {folder}.", remedy="Make it first, or choose another.")
    file = await service_files.get_file(service, intent.target)
    free = shutil.disk_usage(folder).free
    if (file.bytes or 0) + _ROOM_LEFT > free:
        raise UsageError(
            f"{folder} has no room for {file.filename or file.id}: {(file.bytes or 0) / 2**20:,.0f} MB.",
            f"{free / 2**20:,.0f} MB are free.",
            "Choose another folder, or make room.",
        )
    name = safe_name(file.filename, file.id)
    downloads.want_download(database, file.id, folder, name, file.bytes, service.clock())


def _given_up(service: Service, database: Database, target: str) -> bool:
    download = downloads.download(database, int(target)) if target.isdecimal() else None
    if download is None or not downloads.cancel_download(database, download.id, service.clock()):
        return False
    with contextlib.suppress(OSError):
        # Where it cannot be taken away while it is open, whoever has it open does so.
        part_of(download).unlink(missing_ok=True)
    return True


async def _received(service: Service, database: Database, download: Download, part: Path) -> Path:
    """Bring the content to the disk; return where it stands."""
    path = _published_before(download, part)
    if path is not None:
        return path
    with _opened(part) as out:
        # What was not stored as received may not have reached the disk when the machine went down.
        known = min(download.received, out.seek(0, os.SEEK_END))
        download = _save(service, database, replace(download, state=DownloadState.RECEIVING, received=known))
        whole = bool(known) and known == download.bytes
        while not whole:
            whole, download = await _one_piece(service, database, download, out)
    return _published(part, Path(download.folder), download.name)


async def _one_piece(service: Service, database: Database, download: Download, out: BinaryIO) -> tuple[bool, Download]:
    """Receive one piece; return whether it was the last."""
    try:
        async with piece(service, download.file_id, download.received, download.tag) as came:
            if not _goes_on(download, came):
                download = replace(download, received=0)
            if came.start != download.received:
                # Neither what was asked for nor the whole.
                return False, replace(download, received=0, tag="")
            download = replace(download, bytes=came.total, tag=came.tag)
            download = await _written(service, database, download, came, out)
            return came.whole or (came.total is not None and download.received >= came.total), download
    except ServiceError as error:
        if error.status != _NO_SUCH_RANGE:
            raise
        if download.received == 0:
            # An empty file has no byte to begin with.
            out.truncate(0)
            return True, replace(download, bytes=0)
        return False, replace(download, received=0, tag="")


def _goes_on(download: Download, came: Piece) -> bool:
    """Whether what comes belongs to what is there."""
    return came.start == download.received and (
        download.received == 0 or (came.total == download.bytes and came.tag == download.tag)
    )


async def _written(service: Service, database: Database, download: Download, came: Piece, out: BinaryIO) -> Download:
    out.seek(download.received)
    out.truncate()
    kept_at, position = time.monotonic(), download.received
    download = _save(service, database, download)
    try:
        async for block in came.content:
            out.write(block)
            position += len(block)
            if time.monotonic() - kept_at >= _KEPT_EVERY_SECONDS:
                kept_at = time.monotonic()
                download = await _kept(service, database, download, out, position)
    finally:
        download = await _kept(service, database, download, out, position)
    return download


async def _kept(service: Service, database: Database, download: Download, out: BinaryIO, position: int) -> Download:
    """Bring what was written to the disk for good, then store how far it is."""
    await asyncio.to_thread(_to_disk, out)
    return _save(service, database, replace(download, received=position, problem=None))


def _to_disk(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())


@contextlib.contextmanager
def _opened(part: Path) -> Iterator[BinaryIO]:
    # Through no link that somebody has laid there.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(part, flags, 0o600), "r+b") as file:
        yield file


def _published_before(download: Download, part: Path) -> Path | None:
    """Where the file stands already if a worker died between giving it its name and storing that."""
    if part.exists() or not download.received or download.received != download.bytes:
        return None
    for path in _names(Path(download.folder), download.name):
        if not path.exists():
            return None
        if path.stat().st_size == download.bytes and path.stat().st_mtime >= download.created_at:
            return path
    return None


def _published(part: Path, folder: Path, name: str) -> Path:
    """Give the whole file its name, or the next free one; the same content under it already is left alone."""
    content = fingerprint(part)
    for path in _names(folder, name):
        try:
            os.link(part, path)
        except FileExistsError:
            if path.is_file() and path.stat().st_size == content.bytes and fingerprint(path).sha256 == content.sha256:
                part.unlink()
                return path
            continue
        except OSError:
            # Some file systems have no links.
            if path.exists():
                continue
            part.rename(path)
            return path
        part.unlink()
        return path
    raise UsageError(f"{folder} holds too many files called {name}.", remedy="Choose another folder.")


def _names(folder: Path, name: str) -> Iterator[Path]:
    stem, dot, ending = name.rpartition(".")
    yield folder / name
    for number in range(2, _MOST_NAMES):
        yield folder / (f"{stem}-{number}.{ending}" if dot else f"{name}-{number}")


def _disk_problem(download: Download, error: OSError) -> Problem:
    return Problem(
        f"{download.name} cannot be written into {download.folder}.",
        error.strerror or str(error),
        "Check the disk and its rights, or choose another folder.",
    )


def _save(service: Service, database: Database, download: Download) -> Download:
    download = replace(download, updated_at=service.clock())
    if not downloads.save_download(database, download):
        raise _GivenUpError("The download was cancelled.")
    return download
