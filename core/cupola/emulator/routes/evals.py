"""`/evals`: create, list, retrieve, update, delete."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..body import metadata_field, read_object, text_field
from ..dialect import new_eval_id
from ..errors import invalid_payload, not_found
from ..evals.request import read_eval_request
from ..evals.view import render_eval
from ..paging import fetch_page, list_body, read_page
from ..resource import Resource
from ..service import created_status, resource_of, service_of
from ..state import eval_runs, evals
from ..state.database import transaction
from ..state.evals import Eval

MOST_ON_PAGE = 100
_ORDERS = {"created_at": "seq", "updated_at": "touched"}


def find_eval(resource: Resource, eval_id: str) -> Eval:
    """The evaluation of that id. Raises ApiError."""
    evaluation = evals.find(resource.database, eval_id)
    if evaluation is None:
        raise not_found(f"The specified evaluation '{eval_id}' could not be found.")
    return evaluation


async def create(request: Request) -> Response:
    """`POST /evals`."""
    resource = resource_of(request)
    wanted = read_eval_request(await read_object(request))
    now = resource.clock.now()
    evaluation = Eval(
        id=new_eval_id(now),
        created_at=now,
        name=wanted.name,
        metadata=wanted.metadata,
        data_source_config=wanted.data_source_config,
        testing_criteria=wanted.testing_criteria,
    )
    evals.add(resource.database, evaluation)
    return JSONResponse(render_eval(evaluation), created_status(request))


async def index(request: Request) -> Response:
    """`GET /evals`, oldest first unless asked otherwise."""
    resource = resource_of(request)
    order_by = request.query_params.get("order_by", "created_at")
    if order_by not in _ORDERS:
        raise invalid_payload("Invalid value for order_by. It must be 'created_at' or 'updated_at'.")
    page = read_page(request, default=20, most=MOST_ON_PAGE, descending=False)
    rows, has_more = fetch_page(resource.database, "evals", "1", [], page, by=_ORDERS[order_by])
    return JSONResponse(list_body([render_eval(evals.from_row(row)) for row in rows], has_more, ends=True))


async def retrieve(request: Request) -> Response:
    """`GET /evals/{id}`."""
    return JSONResponse(render_eval(find_eval(resource_of(request), request.path_params["eval_id"])))


async def update(request: Request) -> Response:
    """`POST /evals/{id}`: a new name, new metadata, or both."""
    resource = resource_of(request)
    evaluation = find_eval(resource, request.path_params["eval_id"])
    body = await read_object(request)
    name, metadata = text_field(body, "name"), metadata_field(body)
    evals.rename(
        resource.database,
        evaluation.id,
        evaluation.name if name is None else name,
        evaluation.metadata if metadata is None else metadata,
    )
    return JSONResponse(render_eval(find_eval(resource, evaluation.id)))


async def delete(request: Request) -> Response:
    """`DELETE /evals/{id}` with all its runs; those under way are stopped."""
    resource = resource_of(request)
    evaluation = find_eval(resource, request.path_params["eval_id"])
    runs = eval_runs.ids_of(resource.database, evaluation.id)
    for run_id in runs:
        eval_runs.move(resource.database, run_id, "canceled")
        await service_of(request).evals.stop(run_id)
    with transaction(resource.database):
        for run_id in runs:
            eval_runs.remove(resource.database, run_id)
        evals.remove(resource.database, evaluation.id)
    return JSONResponse({"object": "eval.deleted", "deleted": True, "eval_id": evaluation.id})


ROUTES = [
    Route("/evals", create, methods=["POST"]),
    Route("/evals", index, methods=["GET"]),
    Route("/evals/{eval_id}", retrieve, methods=["GET"]),
    Route("/evals/{eval_id}", update, methods=["POST"]),
    Route("/evals/{eval_id}", delete, methods=["DELETE"]),
]
