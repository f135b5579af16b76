"""Long-running operations: where a client asks how far one has come."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...deployments import lifecycle
from ...deployments.view import render_deployment, timestamp
from ...errors import ApiError
from ...resource import Resource
from ...service import resource_of
from ...state import deployments
from ...state.deployments import Operation
from .route import PROVIDER, arm_route, here, retry_after

_KIND = "locations/operations"

FAILED = "DeploymentFailed"
"""The code of an operation that ended as Failed; the service's own is not known."""


def _path(resource: Resource, operation: Operation, collection: str) -> str:
    account = resource.account
    return (
        f"/subscriptions/{account.subscription_id}/providers/Microsoft.CognitiveServices"
        f"/locations/{account.location}/{collection}/{operation.id}"
    )


def status_headers(request: Request, operation: Operation) -> dict[str, str]:
    """The headers of an answer whose work goes on: where its status is, and when to ask."""
    resource = resource_of(request)
    left = operation.ends_at - resource.clock.now()
    return {
        "Azure-AsyncOperation": here(request, _path(resource, operation, "operationStatuses")),
        "Retry-After": retry_after(left),
    }


def result_headers(request: Request, operation: Operation) -> dict[str, str]:
    """The headers of a 202: where its result will be, and when to ask."""
    resource = resource_of(request)
    left = operation.ends_at - resource.clock.now()
    return {"Location": here(request, _path(resource, operation, "operationResults")), "Retry-After": retry_after(left)}


def _operation(request: Request) -> tuple[Resource, Operation, bool]:
    resource = resource_of(request)
    operation = deployments.find_operation(resource.database, request.path_params["operation"])
    if operation is None:
        raise ApiError(404, "OperationNotFound", "The specified operation could not be found.")
    return resource, operation, resource.clock.now() >= operation.ends_at


async def get_status(request: Request) -> Response:
    """`GET .../operationStatuses/{operation}`: InProgress, then Succeeded or Failed."""
    resource, operation, ended = _operation(request)
    body: dict[str, Any] = {
        "id": _path(resource, operation, "operationStatuses"),
        "name": operation.id,
        "status": "InProgress" if not ended else "Succeeded" if operation.failure is None else "Failed",
        "startTime": timestamp(operation.started_at),
    }
    if ended and operation.failure is not None:
        body["error"] = {"code": FAILED, "message": operation.failure}
    if ended:
        return JSONResponse({**body, "endTime": timestamp(operation.ends_at)})
    return JSONResponse(body, headers={"Retry-After": retry_after(operation.ends_at - resource.clock.now())})


async def get_result(request: Request) -> Response:
    """`GET .../operationResults/{operation}`: 202 while it runs; then the deployment, or 204 where it is gone."""
    resource, operation, ended = _operation(request)
    if not ended:
        return Response(status_code=202, headers=result_headers(request, operation))
    if operation.failure is not None:
        raise ApiError(400, FAILED, operation.failure)
    deployment = lifecycle.find(resource, operation.deployment)
    if operation.kind == "delete" or deployment is None:
        return Response(status_code=204)
    return JSONResponse(render_deployment(resource, deployment))


ROUTES = [
    arm_route(f"{PROVIDER}/locations/{{location}}/operationStatuses/{{operation}}", "GET", get_status, _KIND),
    arm_route(f"{PROVIDER}/locations/{{location}}/operationResults/{{operation}}", "GET", get_result, _KIND),
]
