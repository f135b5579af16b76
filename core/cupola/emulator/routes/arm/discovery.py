"""What leads to an account: subscriptions, resource groups, accounts, keys, projects."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...account import Account
from ...deployments.view import account_id
from ...service import resource_of
from .route import (
    ACCOUNT,
    ACCOUNTS,
    GROUP,
    PROJECTS_SINCE,
    PROVIDER,
    SUBSCRIPTION,
    arm_route,
    resource_not_found,
    values,
)

_TYPE = "Microsoft.CognitiveServices/accounts"


def _subscription(account: Account) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{account.subscription_id}",
        "subscriptionId": account.subscription_id,
        "tenantId": account.tenant_id,
        "displayName": "Cupola emulator",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


def _group(account: Account) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{account.subscription_id}/resourceGroups/{account.resource_group}",
        "name": account.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": account.location,
        "properties": {"provisioningState": "Succeeded"},
    }


def _endpoint(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/"


def _account(request: Request) -> dict[str, Any]:
    account, endpoint = resource_of(request).account, _endpoint(request)
    return {
        "id": account_id(account),
        "name": account.name,
        "type": _TYPE,
        "location": account.location,
        "kind": "AIServices",
        "sku": {"name": "S0"},
        "properties": {
            "provisioningState": "Succeeded",
            "endpoint": endpoint,
            "endpoints": {"OpenAI Language Model Instance API": endpoint, "AI Foundry API": endpoint},
            "customSubDomainName": account.name,
            "disableLocalAuth": False,
            "publicNetworkAccess": "Enabled",
            **_projects_of(request),
        },
    }


def _projects_of(request: Request) -> dict[str, Any]:
    if request.query_params["api-version"] < PROJECTS_SINCE:
        return {}
    name = resource_of(request).account.name
    return {"allowProjectManagement": True, "defaultProject": name, "associatedProjects": [name]}


def _project(request: Request) -> dict[str, Any]:
    account = resource_of(request).account
    return {
        "id": f"{account_id(account)}/projects/{account.name}",
        "name": f"{account.name}/{account.name}",
        "type": f"{_TYPE}/projects",
        "location": account.location,
        "properties": {
            "provisioningState": "Succeeded",
            "displayName": account.name,
            "endpoints": {"AI Foundry API": f"{_endpoint(request)}api/projects/{account.name}"},
            "isDefault": True,
        },
    }


async def list_subscriptions(request: Request) -> Response:
    """`GET /subscriptions`: there is one."""
    return values([_subscription(resource_of(request).account)])


async def get_subscription(request: Request) -> Response:
    """`GET /subscriptions/{subscription}`."""
    return JSONResponse(_subscription(resource_of(request).account))


async def list_groups(request: Request) -> Response:
    """`GET .../resourceGroups`: there is one."""
    return values([_group(resource_of(request).account)])


async def get_group(request: Request) -> Response:
    """`GET .../resourceGroups/{group}`."""
    return JSONResponse(_group(resource_of(request).account))


async def list_accounts(request: Request) -> Response:
    """`GET .../accounts` of the subscription or of a resource group: there is one."""
    return values([_account(request)])


async def get_account(request: Request) -> Response:
    """`GET .../accounts/{account}`."""
    return JSONResponse(_account(request))


async def list_keys(request: Request) -> Response:
    """`POST .../accounts/{account}/listKeys`; both keys open the data plane."""
    account = resource_of(request).account
    return JSONResponse({"key1": account.api_key, "key2": account.second_key})


async def list_projects(request: Request) -> Response:
    """`GET .../accounts/{account}/projects`: there is one."""
    return values([_project(request)])


async def get_project(request: Request) -> Response:
    """`GET .../accounts/{account}/projects/{project}`."""
    resource, name = resource_of(request), request.path_params["project"]
    if name.casefold() != resource.account.name.casefold():
        raise resource_not_found(resource, f"accounts/{resource.account.name}/projects/{name[:64]}")
    return JSONResponse(_project(request))


ROUTES = [
    arm_route("/subscriptions", "GET", list_subscriptions),
    arm_route(SUBSCRIPTION, "GET", get_subscription),
    arm_route(f"{SUBSCRIPTION}/resourceGroups", "GET", list_groups),
    arm_route(GROUP, "GET", get_group),
    arm_route(f"{PROVIDER}/accounts", "GET", list_accounts, "accounts"),
    arm_route(ACCOUNTS, "GET", list_accounts, "accounts"),
    arm_route(ACCOUNT, "GET", get_account, "accounts"),
    arm_route(f"{ACCOUNT}/listKeys", "POST", list_keys, "accounts"),
    arm_route(f"{ACCOUNT}/projects", "GET", list_projects, "accounts/projects", PROJECTS_SINCE),
    arm_route(f"{ACCOUNT}/projects/{{project}}", "GET", get_project, "accounts/projects", PROJECTS_SINCE),
]
