"""`.../providers/Microsoft.Authorization/...`: what the caller may do, and by which roles."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...account import Account
from ...deployments.view import account_id
from ...errors import ApiError
from ...roles import ROLES, Role, principal_id
from ...service import resource_of
from .route import ACCOUNT, GROUP, SUBSCRIPTION, arm_route, values

_TYPE = "Microsoft.Authorization"


def _reaching(request: Request) -> Sequence[Role]:
    return tuple(resource_of(request).roles.reaching(subscription="account" not in request.path_params))


def _scope(account: Account, role: Role) -> str:
    return f"/subscriptions/{account.subscription_id}" if role.on_subscription else account_id(account)


def _definition_id(account: Account, role: Role) -> str:
    return f"/subscriptions/{account.subscription_id}/providers/{_TYPE}/roleDefinitions/{role.id}"


def _rights(role: Role) -> dict[str, list[str]]:
    return {
        "actions": list(role.actions),
        "notActions": [],
        "dataActions": list(role.data_actions),
        "notDataActions": [],
    }


def _definition(account: Account, role: Role) -> dict[str, Any]:
    return {
        "id": _definition_id(account, role),
        "type": f"{_TYPE}/roleDefinitions",
        "name": role.id,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": "",
            "assignableScopes": ["/"],
            "permissions": [_rights(role)],
        },
    }


async def list_permissions(request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/permissions`: the rights that the caller has at a scope."""
    return values([_rights(role) for role in _reaching(request)])


async def list_assignments(request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleAssignments`: the caller's; a filter changes nothing."""
    account = resource_of(request).account
    found = []
    for role in _reaching(request):
        scope, name = _scope(account, role), str(uuid.uuid5(uuid.UUID(account.tenant_id), role.id))
        properties = {
            "roleDefinitionId": _definition_id(account, role),
            "principalId": principal_id(account),
            "principalType": "User",
            "scope": scope,
        }
        path = f"{scope}/providers/{_TYPE}/roleAssignments/{name}"
        found.append({"id": path, "type": f"{_TYPE}/roleAssignments", "name": name, "properties": properties})
    return values(found)


async def list_definitions(request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleDefinitions`: the roles that the emulator knows."""
    return values([_definition(resource_of(request).account, role) for role in ROLES])


async def get_definition(request: Request) -> Response:
    """`GET {scope}/providers/Microsoft.Authorization/roleDefinitions/{role}`."""
    wanted = request.path_params["role"]
    role = next((role for role in ROLES if role.id == wanted.casefold()), None)
    if role is None:
        message = f"The specified role definition with ID '{wanted[:36]}' does not exist."
        raise ApiError(404, "RoleDefinitionDoesNotExist", message)
    return JSONResponse(_definition(resource_of(request).account, role))


ROUTES: list[Route] = [
    arm_route(f"{scope}/providers/{_TYPE}/{path}", "GET", handler)
    for scope in (ACCOUNT, GROUP, SUBSCRIPTION)
    for path, handler in (
        ("permissions", list_permissions),
        ("roleAssignments", list_assignments),
        ("roleDefinitions", list_definitions),
        ("roleDefinitions/{role}", get_definition),
    )
]
