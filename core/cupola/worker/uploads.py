"""Uploads as records: each step is stored before the next, so that a drop, a crash or a reboot costs one part.

The same content is not sent twice for one purpose, and what may have arrived is looked for before it is sent again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from ..azure import files as service_files
from ..azure import uploads as service_uploads
from ..azure.client import Service
from ..azure.uploads import Purpose
from ..datasets.writing import fingerprint
from ..errors import CupolaError, NotFoundError, ServiceError, ThrottledError, UnreachableError, UsageError
from ..models import Intent, Problem, ServiceFile, Upload, UploadState
from ..store import datasets, files
from ..store.database import Database
from .poll import after_failure, pace_of

log = logging.getLogger("cupola.worker")

UPLOAD, CANCEL, DELETE = "file.upload", "upload.cancel", "file.delete"
KINDS = (UPLOAD, CANCEL, DELETE)
PURPOSES = ("fine-tune", "evals", "batch")

_TOLD_EVERY_SECONDS = 0.3
_CLOCK_SKEW_SECONDS = 60.0
"""By how much the service's clock may be behind ours."""

_GONE = frozenset({"error", "deleting", "deleted"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes."""

    plain: int = service_files.LARGEST_PLAIN
    """A larger file is sent in parts."""
    part: int = service_uploads.PART_BYTES


async def obey(service: Service, database: Database, intent: Intent) -> Problem | None:
    """Obey a wish about files; return why it could not be done. An upload is written down here and sent later."""
    try:
        if intent.kind == UPLOAD:
            _write_down(service, database, intent)
        elif intent.kind == CANCEL:
            if not (
                intent.target.isdecimal() and datasets.cancel_upload(database, int(intent.target), service.clock())
            ):
                return Problem("This upload is not under way any more.")
        else:
            await service_files.delete(service, intent.target)
            await _look(service, database)
    except CupolaError as error:
        return error.problem
    return None


async def drain(service: Service, database: Database, limits: Limits | None = None) -> None:
    """Carry every open upload to its end, oldest first; an outage is sat out."""
    pace, failures = pace_of(service.profile), 0
    while upload := datasets.next_upload(database):
        try:
            await carry(service, database, upload, limits or Limits())
            failures = 0
        except (UnreachableError, ThrottledError) as error:
            failures += 1
            kept = datasets.upload(database, upload.id) or upload
            datasets.save_upload(database, replace(kept, problem=error.problem))
            await service.sleep(after_failure(pace, failures, error.retry_after, random.random()))


async def carry(service: Service, database: Database, upload: Upload, limits: Limits) -> None:
    """Carry one upload to its end, from wherever it stands; a refusal is stored with it.

    Raises:
        UnreachableError, ThrottledError: it can go on later from where it stands now.
    """
    try:
        if upload.state is not UploadState.PROCESSING:
            upload = await _sent(service, database, upload, limits)
        await service_files.processed(service, upload.file_id or "")
        _save(service, database, replace(upload, state=UploadState.DONE, problem=None))
        await _look(service, database)
    except _GivenUpError:
        await _withdraw(service, database, upload)
    except (UnreachableError, ThrottledError):
        now = datasets.upload(database, upload.id)
        if now is None or now.state is not UploadState.CANCELLED:
            raise
    except CupolaError as error:
        now = datasets.upload(database, upload.id) or upload
        datasets.save_upload(
            database, replace(now, state=UploadState.FAILED, problem=error.problem, updated_at=service.clock())
        )


async def at_the_service(
    service: Service, database: Database, path: Path, purpose: Purpose = "fine-tune"
) -> ServiceFile:
    """A file's content at the service: what is known to be there already, else sent now in one go.

    Raises:
        CupolaError: the file cannot be read or was refused, or the service cannot be reached.
    """
    service_files.sendable(path)
    content = await asyncio.to_thread(fingerprint, path)
    found = await _holder(service, database, content.sha256, purpose)
    if found is None:
        found = await service_files.upload(service, path, purpose)
        datasets.save_content(database, found.id, content.sha256)
    return found


class _GivenUpError(CupolaError):
    """The person has cancelled the upload."""


def _write_down(service: Service, database: Database, intent: Intent) -> None:
    path = Path(intent.target)
    sha256, purpose = intent.arguments.get("sha256"), intent.arguments.get("purpose", "fine-tune")
    if not isinstance(sha256, str) or purpose not in PURPOSES:
        raise UsageError("The wish to upload names no content or purpose.", remedy="Ask again.")
    size = service_files.sendable(path)
    datasets.want_upload(database, str(path), path.name, sha256, size, str(purpose), service.clock())


async def _sent(service: Service, database: Database, upload: Upload, limits: Limits) -> Upload:
    """Bring the content to the service; return the upload with its file."""
    path, purpose = Path(upload.path), cast(Purpose, upload.purpose)
    content = await asyncio.to_thread(fingerprint, path)
    if content.sha256 != upload.sha256:
        raise UsageError(f"{upload.name} has changed since its upload was agreed to.", remedy="Ask again.")
    found = await _holder(service, database, upload.sha256, upload.purpose) or await _arrived(service, database, upload)
    if found is not None:
        return await _noted(service, database, upload, found.id)
    if upload.started_at is None:
        started = replace(upload, state=UploadState.SENDING, started_at=service.clock(), problem=None)
        upload = _save(service, database, started)
    if upload.bytes <= limits.plain:
        file = await service_files.upload_plain(service, path, purpose, _teller(service, database, upload))
        return await _noted(service, database, upload, file.id)
    return await _sent_in_parts(service, database, upload, limits)


async def _sent_in_parts(service: Service, database: Database, upload: Upload, limits: Limits) -> Upload:
    if upload.upload_id is not None:
        try:
            return await _parts_sent(service, database, upload)
        except (UnreachableError, ThrottledError, _GivenUpError):
            raise
        except ServiceError:
            # It has expired, or was put together by a call whose answer was lost.
            found = await _arrived(service, database, upload)
            if found is not None:
                return await _noted(service, database, upload, found.id)
    name, purpose = upload.name, cast(Purpose, upload.purpose)
    upload_id = await service_uploads.begin(service, name, upload.bytes, purpose)
    fresh = replace(upload, upload_id=upload_id, part_bytes=limits.part, parts=(), sent=0, problem=None)
    return await _parts_sent(service, database, _save(service, database, fresh))


async def _parts_sent(service: Service, database: Database, upload: Upload) -> Upload:
    path, upload_id = Path(upload.path), upload.upload_id or ""
    for data in service_uploads.parts_of(path, upload.part_bytes, skip=len(upload.parts)):
        part = await service_uploads.send_part(service, upload_id, data)
        sent = min(upload.bytes, upload.sent + len(data))
        upload = _save(service, database, replace(upload, parts=(*upload.parts, part), sent=sent, problem=None))
    md5 = await asyncio.to_thread(service_uploads.md5_of, path)
    return await _noted(
        service, database, upload, await service_uploads.complete(service, upload_id, upload.parts, md5)
    )


async def _noted(service: Service, database: Database, upload: Upload, file_id: str) -> Upload:
    """Store that the service holds the content as that file."""
    datasets.save_content(database, file_id, upload.sha256)
    upload = _save(
        service,
        database,
        replace(upload, state=UploadState.PROCESSING, file_id=file_id, sent=upload.bytes, problem=None),
    )
    await _look(service, database)
    return upload


async def _holder(service: Service, database: Database, sha256: str, purpose: str) -> ServiceFile | None:
    """The service file of that content and purpose, if there is one still."""
    for file_id in datasets.files_of_content(database, sha256):
        try:
            file = await service_files.get_file(service, file_id)
        except NotFoundError:
            continue
        if file.purpose == purpose and file.status not in _GONE:
            return file
    return None


async def _arrived(service: Service, database: Database, upload: Upload) -> ServiceFile | None:
    """A file that an earlier attempt may have left at the service though its answer was lost."""
    if upload.started_at is None:
        return None
    known = datasets.contents(database)
    for file in await service_files.list_files(service):
        recent = file.created_at >= upload.started_at - _CLOCK_SKEW_SECONDS
        same = (file.filename, file.purpose) == (upload.name, upload.purpose) and file.bytes in (upload.bytes, None)
        if recent and same and file.id not in known and file.status not in _GONE:
            return file
    return None


async def _withdraw(service: Service, database: Database, upload: Upload) -> None:
    now = datasets.upload(database, upload.id)
    if now is not None and now.upload_id is not None:
        try:
            await service_uploads.cancel(service, now.upload_id)
        except ServiceError as error:
            # It expires by itself.
            log.info("The upload could not be cancelled at the service: %s", error)


async def _look(service: Service, database: Database) -> None:
    files.save_files(database, await service_files.list_files(service))


def _teller(service: Service, database: Database, upload: Upload) -> Callable[[int], None]:
    """Stores how much has gone out, a few times a second."""
    told_at = time.monotonic()

    def tell(sent: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TOLD_EVERY_SECONDS:
            told_at = time.monotonic()
            _save(service, database, replace(upload, sent=min(sent, upload.bytes)))

    return tell


def _save(service: Service, database: Database, upload: Upload) -> Upload:
    upload = replace(upload, updated_at=service.clock())
    if not datasets.save_upload(database, upload):
        raise _GivenUpError("The upload was cancelled.")
    return upload
