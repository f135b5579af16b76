"""`/deployments` on the project route: what a project's clients may call, without the control plane."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..deployments import lifecycle
from ..deployments.view import provisioning_state, render_project_deployment
from ..errors import not_found
from ..service import resource_of
from ..state.deployments import Deployment

_FILTERS = {"modelName": "modelName", "modelPublisher": "modelPublisher", "deploymentType": "type"}


def _shown(request: Request) -> list[Deployment]:
    resource = resource_of(request)
    now = resource.clock.now()
    return [entry for entry in lifecycle.living(resource) if provisioning_state(entry, now) == "Succeeded"]


async def index(request: Request) -> Response:
    """`GET /deployments`, filtered by `modelName`, `modelPublisher` and `deploymentType` where they are given."""
    found = [render_project_deployment(deployment) for deployment in _shown(request)]
    for name, field in _FILTERS.items():
        wanted = request.query_params.get(name)
        if wanted is not None:
            found = [entry for entry in found if entry[field].casefold() == wanted.casefold()]
    return JSONResponse({"value": found})


async def retrieve(request: Request) -> Response:
    """`GET /deployments/{name}`."""
    name = request.path_params["name"].casefold()
    for deployment in _shown(request):
        if deployment.name.casefold() == name:
            return JSONResponse(render_project_deployment(deployment))
    raise not_found("The specified deployment could not be found.")


ROUTES = [
    Route("/deployments", index, methods=["GET"]),
    Route("/deployments/{name}", retrieve, methods=["GET"]),
]
