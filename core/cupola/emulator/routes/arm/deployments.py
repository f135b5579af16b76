"""`.../accounts/{account}/deployments`: put, get, list, patch, delete, and the SKUs of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...deployments import lifecycle
from ...deployments.quota import check_quota
from ...deployments.request import (
    DeploymentRequest,
    check_name,
    invalid,
    read_capacity,
    read_deployment_request,
    read_sku,
    read_tags,
)
from ...deployments.skus import capacity_steps, find_sku
from ...deployments.view import account_id, render_deployment
from ...errors import ApiError
from ...faults import Fault
from ...resource import Resource
from ...service import resource_of, service_of
from ...state import deployments
from ...state.deployments import Deployment
from .operations import result_headers, status_headers
from .route import ACCOUNT, arm_route, page_of, read_content, resource_not_found, values

MOST_TUNED = 10
MOST_BASE = 32

_KIND = "accounts/deployments"


def _found(request: Request) -> tuple[Resource, Deployment]:
    resource, name = resource_of(request), request.path_params["deployment"]
    deployment = lifecycle.find(resource, name)
    if deployment is None:
        raise resource_not_found(resource, f"accounts/{resource.account.name}/deployments/{name[:64]}")
    return resource, deployment


def _check_no_operation(resource: Resource, name: str) -> None:
    """The account does one thing at a time. Raises ApiError."""
    operation = deployments.operation_under_way(resource.database, resource.clock.now())
    if operation is None:
        return
    parent = account_id(resource.account)
    if operation.deployment.casefold() != name.casefold():
        message = f"Another operation is being performed on the parent resource '{parent}'. Please try again later."
    else:
        message = (
            f"Cannot modify resource with id '{parent}/deployments/{operation.deployment}' because the resource entity"
            " provisioning state is not terminal. Please wait for the provisioning state to become terminal and then"
            " retry the request."
        )
    raise ApiError(409, "RequestConflict", message)


def _check_count(resource: Resource, tuned: bool) -> None:
    most = MOST_TUNED if tuned else MOST_BASE
    if sum(deployment.tuned == tuned for deployment in lifecycle.living(resource)) >= most:
        kind = "fine-tuned model" if tuned else "standard"
        raise ApiError(400, "QuotaExceeded", f"The resource has reached its limit of {most} {kind} deployments.")


def _check_same_model(deployment: Deployment, wanted: DeploymentRequest) -> None:
    if deployment.model != wanted.model:
        raise ApiError(
            409,
            "itemDoesAlreadyExist",
            f"A deployment with the name '{deployment.name}' already exists with the model '{deployment.model}'. Delete"
            " it first or choose another name.",
        )


def _failure(request: Request) -> str | None:
    """Why what is about to begin will end as Failed, where a fault wants it so."""
    can: dict[Fault, bool] = {fault: fault == "deployment_fails" for fault in get_args(Fault)}
    fired = service_of(request).faults.draw(request.method, request.url.path, can)
    return "An error occurred. Please reach out to support for additional assistance." if fired else None


def _changes(deployment: Deployment, sku: str, capacity: int, options: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {"sku": sku, "capacity": capacity, "options": dict(options)}
    return {name: value for name, value in wanted.items() if getattr(deployment, name) != value}


async def put(request: Request) -> Response:
    """`PUT .../deployments/{deployment}`: 201 for a new one, 200 for a changed one; the work goes on behind it."""
    resource, name = resource_of(request), check_name(request.path_params["deployment"])
    wanted = read_deployment_request(resource, await read_content(request))
    before = lifecycle.find(resource, name)
    if before is not None:
        _check_same_model(before, wanted)
    _check_no_operation(resource, name)
    if before is None:
        _check_count(resource, wanted.tuned)
        check_quota(resource, wanted.sku, wanted.base, wanted.tuned, wanted.capacity, name)
        operation, status = lifecycle.create(resource, name, wanted, _failure(request)), 201
    else:
        changes = _changes(before, wanted.sku.name, wanted.capacity, wanted.options)
        if not changes and before.failure is None:
            return JSONResponse(render_deployment(resource, before))
        check_quota(resource, wanted.sku, wanted.base, wanted.tuned, wanted.capacity, before.name)
        operation, status = lifecycle.update(resource, before, _failure(request), **changes), 200
    made = lifecycle.find(resource, name)
    assert made is not None
    return JSONResponse(render_deployment(resource, made), status, headers=status_headers(request, operation))


async def patch(request: Request) -> Response:
    """`PATCH .../deployments/{deployment}` of SKU, capacity and tags: 202, or 200 where nothing changes."""
    resource, before = _found(request)
    body = await read_content(request)
    wanted_sku = body.get("sku") or {}
    if not isinstance(wanted_sku, dict):
        raise invalid("The request content was invalid: 'sku' must be an object.")
    base = resource.catalogue.find(before.base)
    assert base is not None
    sku = read_sku({"name": before.sku, **wanted_sku}, base, before.version, before.tuned, resource.account.location)
    capacity, tags = read_capacity(wanted_sku, sku, base, before.capacity), read_tags(body)
    options = before.options if tags is None else {**before.options, "tags": tags}
    changes = _changes(before, sku.name, capacity, options)
    if not changes and before.failure is None:
        return JSONResponse(render_deployment(resource, before))
    _check_no_operation(resource, before.name)
    check_quota(resource, sku, base, before.tuned, capacity, before.name)
    operation = lifecycle.update(resource, before, _failure(request), **changes)
    after = lifecycle.find(resource, before.name)
    assert after is not None
    return JSONResponse(render_deployment(resource, after), 202, headers=result_headers(request, operation))


async def delete(request: Request) -> Response:
    """`DELETE .../deployments/{deployment}`: 202 with a Location, 204 where there is none."""
    resource, name = resource_of(request), request.path_params["deployment"]
    deployment = lifecycle.find(resource, name)
    if deployment is None:
        return Response(status_code=204)
    _check_no_operation(resource, deployment.name)
    operation = lifecycle.delete(resource, deployment)
    return Response(status_code=202, headers=result_headers(request, operation))


async def get(request: Request) -> Response:
    """`GET .../deployments/{deployment}`."""
    return JSONResponse(render_deployment(*_found(request)))


async def index(request: Request) -> Response:
    """`GET .../deployments`, a page at a time."""
    resource = resource_of(request)
    return page_of(request, [render_deployment(resource, deployment) for deployment in lifecycle.living(resource)])


async def list_skus(request: Request) -> Response:
    """`GET .../deployments/{deployment}/skus`: the one it has."""
    resource, deployment = _found(request)
    sku, base = find_sku(deployment.sku), resource.catalogue.find(deployment.base)
    least, step = capacity_steps(sku, base) if sku and base else (1, 1)
    return values(
        [
            {
                "resourceType": "Microsoft.CognitiveServices/accounts/deployments",
                "sku": {"name": deployment.sku, "capacity": deployment.capacity},
                "capacity": {"minimum": least, "maximum": deployment.capacity, "step": step, "default": least},
            }
        ]
    )


_DEPLOYMENT = f"{ACCOUNT}/deployments/{{deployment}}"

ROUTES = [
    arm_route(f"{ACCOUNT}/deployments", "GET", index, _KIND),
    arm_route(_DEPLOYMENT, "GET", get, _KIND),
    arm_route(_DEPLOYMENT, "PUT", put, _KIND),
    arm_route(_DEPLOYMENT, "PATCH", patch, _KIND),
    arm_route(_DEPLOYMENT, "DELETE", delete, _KIND),
    arm_route(f"{_DEPLOYMENT}/skus", "GET", list_skus, _KIND),
]
