"""`/files`: upload, import, list, retrieve, content, delete."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ..body import read_object, required_text
from ..dialect import Dialect
from ..errors import ApiError, invalid_payload, not_found
from ..file_import import file_status
from ..file_intake import (
    arrival,
    check_filename,
    check_purpose,
    check_room,
    drop_expired,
    expiry_seconds,
    keep,
    save,
)
from ..paging import fetch_page, list_body, read_page
from ..resource import Resource
from ..results import results_content
from ..service import created_status, resource_of
from ..state import files
from ..state.files import StoredFile


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

    return expiry_seconds(field("anchor"), field("seconds"), dialect)


def _checked_upload(form: FormData) -> tuple[UploadFile, str, str]:
    purpose, upload = check_purpose(form.get("purpose")), form.get("file")
    if not isinstance(upload, UploadFile):
        raise invalid_payload("The file part is required.")
    return upload, check_filename(upload.filename, purpose), purpose


async def _keep(resource: Resource, upload: UploadFile, filename: str, purpose: str, expiry: int | None) -> StoredFile:
    drop_expired(resource)
    arriving = arrival(resource)
    size = await to_thread.run_sync(save, [upload.file], arriving)
    try:
        check_room(resource, purpose, size, expires=expiry is not None)
    except ApiError:
        arriving.unlink()
        raise
    return keep(resource, arriving, filename, purpose, expiry)


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


async def import_from_url(request: Request) -> Response:
    """`POST /files/import`, which the emulator refuses: it fetches nothing from other machines."""
    body = await read_object(request)
    purpose = check_purpose(body.get("purpose"))
    check_filename(body.get("filename"), purpose)
    required_text(body, "content_url")
    raise ApiError(
        400,
        "fileImportFailed",
        "The emulator imports no files from URLs. Upload the file with POST /files or POST /uploads.",
    )


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
    Route("/files/import", import_from_url, methods=["POST"]),
    Route("/files", index, methods=["GET"]),
    Route("/files/{file_id}", retrieve, methods=["GET"]),
    Route("/files/{file_id}/content", content, methods=["GET"]),
    Route("/files/{file_id}", delete, methods=["DELETE"]),
]
