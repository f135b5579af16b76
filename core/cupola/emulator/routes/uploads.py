"""`/uploads`: a large file in parts, in any order and at the same time, put together in the end."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..body import read_object, required_text, text_field
from ..dialect import new_id
from ..errors import ApiError, invalid_payload, not_found, unexpected_state
from ..file_intake import arrival, check_filename, check_purpose, check_room, drop_expired, expiry_of, keep, save
from ..resource import Resource
from ..service import resource_of
from ..state import files, uploads
from ..state.database import transaction
from ..state.uploads import Part, Upload
from .files import render_file

MOST_BYTES = 9 * 1024**3
MOST_PART_BYTES = 64 * 1024**2
MOST_PARTS = 1000
LIFE_SECONDS = {"azure": 7200, "openai": 3600}


def _status(resource: Resource, upload: Upload) -> str:
    expired = upload.status == "pending" and upload.expires_at <= resource.clock.now()
    return "expired" if expired else upload.status


def _render(resource: Resource, upload: Upload) -> dict[str, Any]:
    file = files.find(resource.database, upload.file_id, resource.clock.now()) if upload.file_id else None
    return {
        "id": upload.id,
        "object": "upload",
        "bytes": upload.bytes,
        "created_at": int(upload.created_at),
        "expires_at": int(upload.expires_at),
        "filename": upload.filename,
        "purpose": upload.purpose,
        "status": _status(resource, upload),
        "file": render_file(resource, file) if file else None,
    }


def _render_part(part: Part) -> dict[str, Any]:
    return {
        "id": part.id,
        "object": "upload.part",
        "created_at": int(part.created_at),
        "upload_id": part.upload_id,
    }


def _find(request: Request) -> Upload:
    upload_id = request.path_params["upload_id"]
    upload = uploads.find(resource_of(request).database, upload_id)
    if upload is None:
        raise not_found(f"The specified upload '{upload_id}' could not be found.")
    return upload


def _pending(request: Request) -> Upload:
    upload = _find(request)
    status = _status(resource_of(request), upload)
    if status != "pending":
        raise unexpected_state(f"The upload '{upload.id}' takes nothing any more: its status is '{status}'.")
    return upload


def _drop_parts(resource: Resource, upload_id: str) -> None:
    for part_id in uploads.forget_parts(resource.database, upload_id):
        resource.folders.part(part_id).unlink(missing_ok=True)


def _whole(body: dict[str, Any], name: str, most: int) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise invalid_payload(f"Invalid value for {name}. It must be an integer between 1 and {most}.")
    return value


async def create(request: Request) -> Response:
    """`POST /uploads`."""
    resource, body = resource_of(request), await read_object(request)
    purpose = check_purpose(body.get("purpose"))
    filename = check_filename(body.get("filename"), purpose)
    size = _whole(body, "bytes", MOST_BYTES)
    required_text(body, "mime_type")
    seconds = expiry_of(body.get("expires_after"), resource.dialect)
    for upload_id in uploads.expired(resource.database, resource.clock.now()):
        _drop_parts(resource, upload_id)
    check_room(resource, purpose, size, expires=seconds is not None)
    now = resource.clock.now()
    prefix = purpose if resource.dialect == "azure" else "upload"
    upload = Upload(
        id=new_id(prefix, resource.dialect),
        created_at=now,
        expires_at=now + LIFE_SECONDS[resource.dialect],
        filename=filename,
        purpose=purpose,
        bytes=size,
        status="pending",
        file_seconds=seconds,
    )
    uploads.add(resource.database, upload)
    return JSONResponse(_render(resource, upload))


async def add_part(request: Request) -> Response:
    """`POST /uploads/{id}/parts`, multipart; parts may come at the same time and in any order."""
    resource, upload = resource_of(request), _pending(request)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise invalid_payload("The request must be multipart/form-data.")
    async with request.form(max_files=1, max_fields=4, max_part_size=4096) as form:
        data = form.get("data")
        if not isinstance(data, UploadFile):
            raise invalid_payload("The data part is required.")
        if (data.size or 0) > MOST_PART_BYTES:
            raise ApiError(413, "413", f"A part may have at most {MOST_PART_BYTES // 1024**2} MB.")
        arriving = arrival(resource)
        size = await to_thread.run_sync(save, [data.file], arriving)
    part = Part(new_id("part", resource.dialect), upload.id, resource.clock.now(), size)
    try:
        _check_part(request, size)
    except ApiError:
        arriving.unlink()
        raise
    arriving.replace(resource.folders.part(part.id))
    uploads.add_part(resource.database, part)
    return JSONResponse(_render_part(part))


def _check_part(request: Request, size: int) -> None:
    # The upload may have ended while the part arrived.
    upload = _pending(request)
    known = uploads.parts(resource_of(request).database, upload.id)
    if len(known) >= MOST_PARTS:
        raise invalid_payload(f"An upload may have at most {MOST_PARTS} parts.")
    if sum(part.bytes for part in known.values()) + size > upload.bytes:
        raise invalid_payload(f"The parts have more bytes than the {upload.bytes} that the upload was created with.")


def _chosen(resource: Resource, upload: Upload, given: Any) -> list[Part]:
    if not isinstance(given, list) or not all(isinstance(part_id, str) for part_id in given):
        raise invalid_payload("Invalid value for part_ids: expected an array of part ids.")
    if len(set(given)) != len(given):
        raise invalid_payload("Invalid value for part_ids: a part may stand there only once.")
    known = uploads.parts(resource.database, upload.id)
    unknown = next((part_id for part_id in given if part_id not in known), None)
    if unknown is not None:
        raise not_found(f"The specified part '{unknown}' could not be found in the upload '{upload.id}'.")
    chosen = [known[part_id] for part_id in given]
    total = sum(part.bytes for part in chosen)
    if total != upload.bytes:
        raise invalid_payload(f"The parts have {total} bytes together, but the upload was created for {upload.bytes}.")
    return chosen


def _joined(paths: list[Path], target: Path) -> str:
    """Put parts together; the MD5 of the whole, as clients may send it, no protection against anyone."""
    with ExitStack() as stack:
        save([stack.enter_context(path.open("rb")) for path in paths], target)
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


async def complete(request: Request) -> Response:
    """`POST /uploads/{id}/complete`: the named parts, in the named order, become a file."""
    resource, body, upload = resource_of(request), await read_object(request), _pending(request)
    chosen, md5 = _chosen(resource, upload, body.get("part_ids")), text_field(body, "md5")
    drop_expired(resource)
    arriving = arrival(resource)
    try:
        found = await to_thread.run_sync(_joined, [resource.folders.part(part.id) for part in chosen], arriving)
        if md5 is not None and md5.casefold() != found:
            raise invalid_payload("The md5 does not match the content of the parts.")
        # Another request may have ended the upload while the parts were put together.
        upload = _pending(request)
        check_room(resource, upload.purpose, upload.bytes, expires=upload.file_seconds is not None)
    except FileNotFoundError as error:
        arriving.unlink(missing_ok=True)
        raise unexpected_state(f"The upload '{upload.id}' was ended by another request.") from error
    except ApiError:
        arriving.unlink(missing_ok=True)
        raise
    with transaction(resource.database):
        file = keep(resource, arriving, upload.filename, upload.purpose, upload.file_seconds)
        uploads.settle(resource.database, upload.id, "completed", file.id)
    _drop_parts(resource, upload.id)
    return JSONResponse(_render(resource, _find(request)))


async def cancel(request: Request) -> Response:
    """`POST /uploads/{id}/cancel`."""
    resource, upload = resource_of(request), _pending(request)
    uploads.settle(resource.database, upload.id, "cancelled")
    _drop_parts(resource, upload.id)
    return JSONResponse(_render(resource, _find(request)))


ROUTES = [
    Route("/uploads", create, methods=["POST"]),
    Route("/uploads/{upload_id}/parts", add_part, methods=["POST"]),
    Route("/uploads/{upload_id}/complete", complete, methods=["POST"]),
    Route("/uploads/{upload_id}/cancel", cancel, methods=["POST"]),
]
