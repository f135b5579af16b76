"""`/files`: upload, list, retrieve, content, delete."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from anyio import to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ..dialect import Dialect, new_id
from ..errors import ApiError, invalid_payload, not_found, quota_exceeded
from ..file_import import file_status
from ..paging import fetch_page, list_body, read_page
from ..resource import Resource
from ..results import results_content
from ..service import created_status, resource_of
from ..state import files
from ..state.files import StoredFile

UPLOAD_PURPOSES = ("fine-tune", "evals", "batch", "assistants")
JSONL_PURPOSES = ("fine-tune", "evals", "batch")
MOST_TRAINING_FILES = 100
MOST_TRAINING_BYTES = 1024**3
_EXPIRY_SECONDS = {"azure": (1_209_600, 2_592_000), "openai": (3_600, 2_592_000)}


def render_file(resource: Resource, file: StoredFile) -> dict[str, Any]:
    """The service's JSON of a file."""
    size = file.bytes
    if file.job_id is not None:
        size = len(results_content(resource, file.job_id))
    status = file_status(resource, file)
    body: dict[str, Any] = {
        "id": file.id,
        "bytes": size,
        "created_at": int(file.created_at),
        "filename": file.filename,
        "object": "file",
        "purpose": file.purpose,
        "status": status,
    }
    if file.expires_at is not None:
        body["expires_at"] = int(file.expires_at)
    if status == "error":
        body["status_details"] = file.error
    return body


def find_file(resource: Resource, file_id: str) -> StoredFile:
    """The file of that id. Raises ApiError."""
    file = files.find(resource.database, file_id, resource.clock.now())
    if file is None:
        raise not_found(f"The specified file '{file_id}' could not be found.")
    return file


def _expiry_seconds(form: FormData, dialect: Dialect) -> int | None:
    def field(name: str) -> str | None:
        value = form.get(f"expires_after[{name}]", form.get(f"expires_after.{name}"))
        return value if isinstance(value, str) else None

    seconds, anchor = field("seconds"), field("anchor")
    if seconds is None and anchor is None:
        return None
    low, high = _EXPIRY_SECONDS[dialect]
    if anchor != "created_at":
        raise invalid_payload("Invalid value for expires_after.anchor. Only 'created_at' is supported.")
    if not (seconds and seconds.isascii() and seconds.isdigit() and low <= int(seconds[:12]) <= high):
        raise invalid_payload(f"Invalid value for expires_after.seconds. It must be between {low} and {high}.")
    return int(seconds)


def _checked_upload(form: FormData) -> tuple[UploadFile, str, str]:
    purpose, upload = form.get("purpose"), form.get("file")
    if not isinstance(purpose, str) or purpose not in UPLOAD_PURPOSES:
        raise invalid_payload("Invalid value for purpose.")
    if not isinstance(upload, UploadFile):
        raise invalid_payload("The file part is required.")
    # Only a name to show: no path is ever made from it.
    filename = (upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    if not filename or len(filename) > 255 or not filename.isprintable():
        raise invalid_payload("fileName contains an invalid filename.")
    if purpose in JSONL_PURPOSES and not filename.lower().endswith(".jsonl"):
        raise invalid_payload("fileName contains an invalid filename: wrong suffix.")
    return upload, filename, purpose


def _save(source: BinaryIO, path: Path) -> int:
    with path.open("wb") as target:
        shutil.copyfileobj(source, target, 1024 * 1024)
        target.flush()
        os.fsync(target.fileno())
        return target.tell()


def _check_room(resource: Resource, purpose: str, size: int) -> None:
    if purpose != "fine-tune":
        return
    count, total = files.usage(resource.database, purpose, resource.clock.now())
    if count >= MOST_TRAINING_FILES:
        raise quota_exceeded(f"The maximum number of {MOST_TRAINING_FILES} fine-tuning files has been reached.")
    if total + size > MOST_TRAINING_BYTES:
        raise quota_exceeded("The maximum total size of 1 GB of fine-tuning files has been reached.")


def _drop_expired(resource: Resource) -> None:
    for file_id in files.expired(resource.database, resource.clock.now()):
        files.remove(resource.database, file_id)
        resource.folders.file(file_id).unlink(missing_ok=True)


async def _keep(resource: Resource, upload: UploadFile, filename: str, purpose: str, expiry: int | None) -> StoredFile:
    _drop_expired(resource)
    arriving = resource.folders.uploads / uuid4().hex
    size = await to_thread.run_sync(_save, upload.file, arriving)
    try:
        _check_room(resource, purpose, size)
    except ApiError:
        arriving.unlink()
        raise
    now = resource.clock.now()
    file = StoredFile(
        id=new_id("file", resource.dialect),
        created_at=now,
        filename=filename,
        purpose=purpose,
        bytes=size,
        expires_at=None if expiry is None else now + expiry,
        error=None if size else "The file is empty.",
    )
    # The content is in place before the record, so that no record ever lacks its content.
    arriving.replace(resource.folders.file(file.id))
    files.add(resource.database, file)
    return file


async def create(request: Request) -> Response:
    """`POST /files`, multipart; parts of more than a megabyte go to disk as they arrive."""
    resource = resource_of(request)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise invalid_payload("The request must be multipart/form-data.")
    async with request.form(max_files=1, max_fields=8, max_part_size=4096) as form:
        upload, filename, purpose = _checked_upload(form)
        file = await _keep(resource, upload, filename, purpose, _expiry_seconds(form, resource.dialect))
    location = {"Location": f"{str(request.url.replace(query='')).rstrip('/')}/{file.id}"}
    return JSONResponse(render_file(resource, file), created_status(request), headers=location)


async def index(request: Request) -> Response:
    """`GET /files`, newest first."""
    resource = resource_of(request)
    page = read_page(request, default=10_000, most=10_000)
    where, values = files.LIVE, [resource.clock.now()]
    conditions: list[Any] = list(values)
    purpose = request.query_params.get("purpose")
    if purpose:
        where += " AND purpose = ?"
        conditions.append(purpose)
    rows, has_more = fetch_page(resource.database, "files", where, conditions, page)
    data = [render_file(resource, files.from_row(row)) for row in rows]
    return JSONResponse(list_body(data, has_more, ends=True))


async def retrieve(request: Request) -> Response:
    """`GET /files/{id}`."""
    resource = resource_of(request)
    return JSONResponse(render_file(resource, find_file(resource, request.path_params["file_id"])))


async def content(request: Request) -> Response:
    """`GET /files/{id}/content`."""
    resource = resource_of(request)
    file = find_file(resource, request.path_params["file_id"])
    if file.job_id is not None:
        return Response(results_content(resource, file.job_id), media_type="application/octet-stream")
    return FileResponse(resource.folders.file(file.id), media_type="application/octet-stream")


async def delete(request: Request) -> Response:
    """`DELETE /files/{id}`, allowed even if a job uses it."""
    resource = resource_of(request)
    file = find_file(resource, request.path_params["file_id"])
    files.remove(resource.database, file.id)
    resource.folders.file(file.id).unlink(missing_ok=True)
    return JSONResponse({"id": file.id, "object": "file", "deleted": True})


ROUTES = [
    Route("/files", create, methods=["POST"]),
    Route("/files", index, methods=["GET"]),
    Route("/files/{file_id}", retrieve, methods=["GET"]),
    Route("/files/{file_id}/content", content, methods=["GET"]),
    Route("/files/{file_id}", delete, methods=["DELETE"]),
]
