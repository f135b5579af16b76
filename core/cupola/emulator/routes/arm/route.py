"""What every control-plane route checks first: bearer token, api-version, subscription, account."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...auth import check_access
from ...errors import ApiError
from ...resource import Resource
from ...roles import PERSON, principal_id
from ...service import resource_of
from ...strict_json import parse_json

Handler = Callable[[Request], Awaitable[Response]]

SUBSCRIPTION = "/subscriptions/{subscription}"
PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{{group}}"
ACCOUNTS = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts"
ACCOUNT = f"{ACCOUNTS}/{{account}}"

VERSIONS = (
    "2023-05-01",
    "2023-10-01-preview",
    "2024-04-01-preview",
    "2024-06-01-preview",
    "2024-10-01",
    "2024-10-21",
    "2025-04-01-preview",
    "2025-06-01",
    "2025-07-01-preview",
    "2025-09-01",
    "2025-10-01-preview",
)
"""The api-versions of Microsoft.CognitiveServices that are taken."""

PROJECTS_SINCE = "2025-04-01-preview"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(-preview|-privatepreview)?", re.ASCII)
_LONGEST_WAIT = 30
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_SUBSCRIPTION_KINDS = ("locations/usages", "modelCapacities", "locations/modelCapacities")
"""What a role on the account alone does not reach."""

MOST_ON_PAGE = 20
"""Deployments or models in one answer; declared, as the service says no number: clients follow the link."""


class _ArmRoute(Route):
    """A route whose fixed words match in any case, as resource ids do."""

    def __init__(self, path: str, endpoint: Handler, *, methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


def _check_version(request: Request, kind: str | None, since: str) -> None:
    version = request.query_params.get("api-version", "")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ApiError(400, "MissingApiVersionParameter", message)
    if not _DATE.fullmatch(version):
        raise ApiError(400, "InvalidApiVersionParameter", f"The api-version '{version[:80]}' is invalid.")
    taken = [known for known in VERSIONS if known >= since]
    if kind is not None and version not in taken:
        raise ApiError(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for API version '{version}' for type '{kind}'. The supported"
            f" api-versions are '{', '.join(taken)}'.",
        )


def _check_place(request: Request, resource: Resource) -> None:
    wanted, account = request.path_params, resource.account
    subscription = wanted.get("subscription", account.subscription_id)
    if subscription.casefold() != account.subscription_id.casefold():
        message = f"The subscription '{subscription[:80]}' could not be found."
        raise ApiError(404, "SubscriptionNotFound", message)
    group = wanted.get("group", account.resource_group)
    if group.casefold() != account.resource_group.casefold():
        raise ApiError(404, "ResourceGroupNotFound", f"Resource group '{group[:90]}' could not be found.")
    name = wanted.get("account", account.name)
    if name.casefold() != account.name.casefold():
        raise resource_not_found(resource, f"accounts/{name[:64]}")


def _check_rights(request: Request, resource: Resource, kind: str | None) -> None:
    """Refuse what no role of the caller allows. Raises ApiError in Resource Manager's words."""
    if kind is None:
        return
    # The one POST of the control plane lists the keys.
    verb = _VERBS.get(request.method, "listKeys/action")
    action = f"Microsoft.CognitiveServices/{kind}/{verb}"
    if resource.roles.allow(action, subscription=kind in _SUBSCRIPTION_KINDS):
        return
    account = resource.account
    path = request.url.path if request.url.path.isascii() else ""
    raise ApiError(
        403,
        "AuthorizationFailed",
        f"The client '{PERSON}' with object id '{principal_id(account)}' does not have authorization to perform action"
        f" '{action}' over scope '{path[:300]}' or the scope is invalid. If access was recently granted, please refresh"
        " your credentials.",
    )


def arm_route(path: str, method: str, handler: Handler, kind: str | None = None, since: str = "") -> Route:
    """A control-plane route.

    Args:
        kind: The resource type whose api-versions it is held to; None for Resource Manager's own routes, which take
            any date.
        since: The first api-version that has this type.
    """

    async def checked(request: Request) -> Response:
        resource = resource_of(request)
        check_access(resource.account, "arm", request.headers, resource.clock.now())
        _check_version(request, kind, since)
        _check_place(request, resource)
        _check_rights(request, resource, kind)
        return await handler(request)

    checked.__name__, checked.__doc__ = getattr(handler, "__name__", "handler"), handler.__doc__
    return _ArmRoute(path, checked, methods=[method])


def resource_not_found(resource: Resource, path: str) -> ApiError:
    """Resource Manager's 404 of a resource below the provider, such as `accounts/zava/deployments/d`."""
    return ApiError(
        404,
        "ResourceNotFound",
        f"The Resource 'Microsoft.CognitiveServices/{path}' under resource group '{resource.account.resource_group}'"
        " was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


async def read_content(request: Request) -> dict[str, Any]:
    """The JSON object of a request's body. Raises ApiError in Resource Manager's words."""
    try:
        body = parse_json(await request.body())
    except ValueError as error:
        message = "The request content was invalid and could not be deserialized."
        raise ApiError(400, "InvalidRequestContent", message) from error
    if not isinstance(body, dict):
        raise ApiError(400, "InvalidRequestContent", "The request content must be a JSON object.")
    return body


def values(items: list[dict[str, Any]]) -> Response:
    """A list; it is whole, so there is no next link."""
    return JSONResponse({"value": items})


def page_of(request: Request, items: list[dict[str, Any]]) -> Response:
    """A page of a list, with a link to the next one where there is one. Raises ApiError for a token not ours."""
    token = request.query_params.get("$skipToken", "0")
    if not (token.isascii() and token.isdigit() and len(token) < 9):
        raise ApiError(400, "InvalidSkipToken", "The query parameter $skipToken is invalid.")
    begin, end = int(token), int(token) + MOST_ON_PAGE
    body: dict[str, Any] = {"value": items[begin:end]}
    if end < len(items):
        body["nextLink"] = f"{here(request, request.url.path)}&$skipToken={end}"
    return JSONResponse(body)


def here(request: Request, path: str) -> str:
    """A link to a path of this control plane under the api-version of the request."""
    return f"{str(request.base_url).rstrip('/')}{path}?api-version={request.query_params['api-version']}"


def retry_after(seconds: float) -> str:
    """The Retry-After header: whole real seconds, at least one, for a client takes none for half a minute."""
    return str(min(_LONGEST_WAIT, max(1, math.ceil(seconds))))
