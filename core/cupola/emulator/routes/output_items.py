"""`/evals/{id}/runs/{run}/output_items`: list, retrieve."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import invalid_payload, not_found
from ..evals.view import render_item
from ..paging import fetch_page, list_body, read_page
from ..service import resource_of
from ..state import eval_items
from .eval_runs import find_run
from .evals import MOST_ON_PAGE

_STATUSES = {"pass": "pass", "fail": "fail", "failed": "fail", "error": "error"}
"""The filter's words; the documentation uses both of the second."""


async def index(request: Request) -> Response:
    """`GET .../output_items`, in the order in which they were graded."""
    resource = resource_of(request)
    run = find_run(resource, request)
    page = read_page(request, default=20, most=MOST_ON_PAGE, descending=False)
    where, arguments = "run_id = ?", [run.id]
    status = request.query_params.get("status")
    if status is not None:
        if status not in _STATUSES:
            raise invalid_payload(f"Invalid value for status. Supported values are: {', '.join(_STATUSES)}.")
        where, arguments = f"{where} AND status = ?", [*arguments, _STATUSES[status]]
    rows, has_more = fetch_page(resource.database, "eval_items", where, arguments, page)
    items = [render_item(resource, run, eval_items.item_from_row(row)) for row in rows]
    return JSONResponse(list_body(items, has_more, ends=True))


async def retrieve(request: Request) -> Response:
    """`GET .../output_items/{item}`."""
    resource = resource_of(request)
    run = find_run(resource, request)
    item_id = request.path_params["item_id"]
    item = eval_items.find(resource.database, run.id, item_id)
    if item is None:
        raise not_found(f"The specified output item '{item_id}' could not be found.")
    return JSONResponse(render_item(resource, run, item))


_ITEMS = "/evals/{eval_id}/runs/{run_id}/output_items"

ROUTES = [
    Route(_ITEMS, index, methods=["GET"]),
    Route(f"{_ITEMS}/{{item_id}}", retrieve, methods=["GET"]),
]
