"""`/batches`: create, list, retrieve, cancel."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import replace
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..batch.lines import ENDPOINTS, first_deployment
from ..batch.odata import Condition, read_filter, read_order
from ..batch.runner import most_enqueued_tokens
from ..body import metadata_field, read_object, required_text
from ..errors import invalid_payload, not_found, unexpected_state
from ..file_import import file_status
from ..file_intake import expiry_of
from ..paging import fetch_page, list_body, read_page
from ..resource import Resource
from ..service import created_status, is_dated, resource_of, service_of
from ..state import batches
from ..state.batches import Batch
from .files import find_file

WINDOW = "24h"
LIFE_SECONDS = 86_400

_TIMES = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")


def render_batch(resource: Resource, batch: Batch) -> dict[str, Any]:
    """The service's JSON of a batch; Azure writes a file that is not there yet as an empty id."""
    times = {f"{state}_at": batch.times.get(f"{state}_at") for state in _TIMES}
    none = "" if resource.dialect == "azure" else None
    errors = {"object": "list", "data": batch.errors} if batch.errors else None
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "input_file_id": batch.input_file_id,
        "completion_window": WINDOW,
        "status": batch.status,
        "created_at": int(batch.created_at),
        "expires_at": int(batch.created_at) + LIFE_SECONDS,
        **{name: None if time is None else int(time) for name, time in times.items()},
        "output_file_id": batch.output_file_id or none,
        "error_file_id": batch.error_file_id or none,
        "request_counts": {"total": batch.total, "completed": batch.completed, "failed": batch.failed},
        "errors": errors,
        "metadata": batch.metadata,
    }


def _find(request: Request) -> Batch:
    batch_id = request.path_params["batch_id"]
    batch = batches.find(resource_of(request).database, batch_id)
    if batch is None:
        raise not_found(f"The specified batch '{batch_id}' could not be found.")
    return batch


def _check_input(resource: Resource, file_id: str) -> None:
    file = find_file(resource, file_id)
    if file.purpose != "batch":
        raise invalid_payload(f"The input file '{file_id}' must have purpose 'batch', not '{file.purpose}'.")
    status = file_status(resource, file)
    # An empty file is let in here: the batch's own validation says so.
    if status not in ("processed", "error"):
        raise invalid_payload(f"The input file '{file_id}' is not ready to be used: its status is '{status}'.")


def _read(resource: Resource, body: dict[str, Any]) -> Batch:
    if body.get("input_blob") is not None or body.get("output_folder") is not None:
        raise invalid_payload("The emulator has no blob storage. Upload the input and name it as input_file_id.")
    file_id, endpoint = required_text(body, "input_file_id"), required_text(body, "endpoint")
    if endpoint not in ENDPOINTS:
        raise invalid_payload(f"Invalid value for endpoint. Supported values are: {', '.join(ENDPOINTS)}.")
    if body.get("completion_window") != WINDOW:
        raise invalid_payload(f"Invalid value for completion_window. Only '{WINDOW}' is supported.")
    metadata = metadata_field(body)
    seconds = expiry_of(body.get("output_expires_after"), resource.dialect, "output_expires_after")
    _check_input(resource, file_id)
    now = resource.clock.now()
    return Batch(f"batch_{uuid.uuid4()}", now, file_id, endpoint, metadata, seconds, "validating", now, {})


def _enqueued(request: Request, deployment: str | None) -> dict[str, str]:
    """The headers of dated routes that tell how full a deployment's queue is; none where no deployment is named."""
    if deployment is None or not is_dated(request):
        return {}
    resource = resource_of(request)
    return {
        "deployment-enqueued-tokens": str(batches.enqueued_tokens(resource.database, deployment)),
        "deployment-maximum-enqueued-tokens": str(most_enqueued_tokens(resource, deployment)),
    }


async def create(request: Request) -> Response:
    """`POST /batches`."""
    resource = resource_of(request)
    batch = _read(resource, await read_object(request))
    copy = resource.folders.batch(batch.id)
    try:
        await to_thread.run_sync(shutil.copyfile, resource.folders.file(batch.input_file_id), copy)
    except FileNotFoundError as error:
        raise not_found(f"The specified file '{batch.input_file_id}' could not be found.") from error
    batches.add(resource.database, batch)
    service_of(request).batches.wake()
    # Which deployment it is for is checked later; until then the first line tells.
    headers = _enqueued(request, await to_thread.run_sync(first_deployment, copy))
    return JSONResponse(render_batch(resource, batch), created_status(request), headers=headers)


async def index(request: Request) -> Response:
    """`GET /batches`, newest first unless `$orderby` says otherwise; those that `$filter` lets through."""
    resource, query = resource_of(request), request.query_params
    page = read_page(request, default=20, most=100)
    if query.get("$orderby"):
        page = replace(page, descending=read_order(query["$orderby"]))
    wanted = read_filter(query["$filter"]) if query.get("$filter") else Condition("1")
    rows, has_more = fetch_page(resource.database, "batches", wanted.sql, wanted.arguments, page)
    data = [render_batch(resource, batches.from_row(row)) for row in rows]
    return JSONResponse(list_body(data, has_more, ends=True))


async def retrieve(request: Request) -> Response:
    """`GET /batches/{id}`."""
    resource, batch = resource_of(request), _find(request)
    return JSONResponse(render_batch(resource, batch), headers=_enqueued(request, batch.deployment))


async def cancel(request: Request) -> Response:
    """`POST /batches/{id}/cancel`; what was answered by then is kept."""
    batch = _find(request)
    if batch.status not in ("validating", "in_progress"):
        raise unexpected_state(f"The batch '{batch.id}' cannot be cancelled: its status is '{batch.status}'.")
    service_of(request).batches.cancel(batch)
    return JSONResponse(render_batch(resource_of(request), _find(request)))


ROUTES = [
    Route("/batches", create, methods=["POST"]),
    Route("/batches", index, methods=["GET"]),
    Route("/batches/{batch_id}", retrieve, methods=["GET"]),
    Route("/batches/{batch_id}/cancel", cancel, methods=["POST"]),
]
