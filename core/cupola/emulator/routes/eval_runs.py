"""`/evals/{id}/runs`: create, list, retrieve, cancel, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..body import metadata_field, read_object, text_field
from ..dialect import new_timed_id
from ..errors import invalid_payload, not_found, unexpected_state
from ..evals.data_source import STORED, read_data_source
from ..evals.rows import RowError, rows_of_content
from ..evals.stored import rows_of_completions, rows_of_responses
from ..evals.view import render_run
from ..file_import import file_status
from ..paging import fetch_page, list_body, read_page
from ..resource import Resource
from ..service import created_status, resource_of, service_of
from ..state import eval_items, eval_runs, files
from ..state.database import transaction
from ..state.eval_items import EvalRow
from ..state.eval_runs import Run
from ..state.evals import Eval
from .evals import MOST_ON_PAGE, find_eval

STATUSES = ("queued", "in_progress", "completed", "failed", "canceled")


def find_run(resource: Resource, request: Request) -> Run:
    """The run that a path names. Raises ApiError."""
    evaluation = find_eval(resource, request.path_params["eval_id"])
    run_id = request.path_params["run_id"]
    run = eval_runs.find(resource.database, run_id)
    if run is None or run.eval_id != evaluation.id:
        raise not_found(f"The specified evaluation run '{run_id}' could not be found.")
    return run


def _check_file(resource: Resource, file_id: str) -> None:
    file = files.find(resource.database, file_id, resource.clock.now())
    if file is None:
        raise not_found(f"The specified file '{file_id}' could not be found.")
    status = file_status(resource, file)
    if status != "processed":
        raise invalid_payload(f"The file '{file_id}' is not ready to be used: its status is '{status}'.")


def _given_rows(resource: Resource, evaluation: Eval, source: Mapping[str, Any]) -> list[EvalRow] | None:
    """The rows that are known at once; None for those of a file, which is read in the queue. Raises ApiError."""
    if source["type"] == "file_id":
        _check_file(resource, source["id"])
        return None
    if source["type"] in STORED:
        completions = source["type"] == "stored_completions"
        rows = (rows_of_completions if completions else rows_of_responses)(resource, source)
        if not rows:
            raise invalid_payload(f"No stored {'completions' if completions else 'responses'} match the source.")
        return rows
    item_schema = evaluation.data_source_config["schema"]["properties"]["item"]
    try:
        return rows_of_content(source["content"], item_schema)
    except RowError as error:
        raise invalid_payload(str(error)) from error


async def create(request: Request) -> Response:
    """`POST /evals/{id}/runs`: the run is queued and carried out in the background."""
    service, resource = service_of(request), resource_of(request)
    evaluation = find_eval(resource, request.path_params["eval_id"])
    body = await read_object(request)
    data_source = read_data_source(body)
    rows = _given_rows(resource, evaluation, data_source["source"])
    now = resource.clock.now()
    run_id = new_timed_id("evalrun", now)
    run = Run(
        id=run_id,
        eval_id=evaluation.id,
        created_at=now,
        name=text_field(body, "name") or "",
        metadata=metadata_field(body) or {},
        model=data_source.get("model") if data_source["type"] != "jsonl" else None,
        data_source=data_source,
        status="queued",
        source=run_id,
        total=None if rows is None else len(rows),
    )
    with transaction(resource.database):
        eval_runs.add(resource.database, run)
        eval_items.add_rows(resource.database, run.source, rows or ())
    service.evals.wake()
    return JSONResponse(render_run(resource, run), created_status(request))


async def index(request: Request) -> Response:
    """`GET /evals/{id}/runs`, oldest first unless asked otherwise."""
    resource = resource_of(request)
    evaluation = find_eval(resource, request.path_params["eval_id"])
    page = read_page(request, default=20, most=MOST_ON_PAGE, descending=False)
    where, arguments = "eval_id = ?", [evaluation.id]
    status = request.query_params.get("status")
    if status is not None:
        if status not in STATUSES:
            raise invalid_payload(f"Invalid value for status. Supported values are: {', '.join(STATUSES)}.")
        where, arguments = f"{where} AND status = ?", [*arguments, status]
    rows, has_more = fetch_page(resource.database, "eval_runs", where, arguments, page)
    runs = [render_run(resource, eval_runs.from_row(row)) for row in rows]
    return JSONResponse(list_body(runs, has_more, ends=True))


async def retrieve(request: Request) -> Response:
    """`GET /evals/{id}/runs/{run}`."""
    resource = resource_of(request)
    return JSONResponse(render_run(resource, find_run(resource, request)))


async def cancel(request: Request) -> Response:
    """`POST /evals/{id}/runs/{run}`, and with `/cancel` as newer clients have it: what has been graded stays."""
    resource = resource_of(request)
    run = find_run(resource, request)
    if not eval_runs.move(resource.database, run.id, "canceled"):
        raise unexpected_state(f"The evaluation run '{run.id}' cannot be canceled: its status is '{run.status}'.")
    await service_of(request).evals.stop(run.id)
    return JSONResponse(render_run(resource, find_run(resource, request)))


async def delete(request: Request) -> Response:
    """`DELETE /evals/{id}/runs/{run}` with its output items; one under way is stopped."""
    resource = resource_of(request)
    run = find_run(resource, request)
    eval_runs.move(resource.database, run.id, "canceled")
    await service_of(request).evals.stop(run.id)
    with transaction(resource.database):
        eval_runs.remove(resource.database, run.id)
    return JSONResponse({"object": "eval.run.deleted", "deleted": True, "run_id": run.id})


_RUN = "/evals/{eval_id}/runs/{run_id}"

ROUTES = [
    Route("/evals/{eval_id}/runs", create, methods=["POST"]),
    Route("/evals/{eval_id}/runs", index, methods=["GET"]),
    Route(_RUN, retrieve, methods=["GET"]),
    Route(_RUN, cancel, methods=["POST"]),
    Route(f"{_RUN}/cancel", cancel, methods=["POST"]),
    Route(_RUN, delete, methods=["DELETE"]),
]
