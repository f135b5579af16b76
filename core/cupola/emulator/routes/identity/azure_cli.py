"""`/emulator/az/account/...`: what `az` would print, for a stand-in of that name to fetch."""

from __future__ import annotations

import datetime as dt

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...auth import access_denied, is_key
from ...errors import invalid_payload
from ...resource import Resource
from ...roles import PERSON
from ...service import resource_of
from .answers import NO_STORE
from .managed import token_for


def _opened(request: Request) -> Resource:
    resource = resource_of(request)
    if not is_key(resource.account, request.headers.get("api-key", "")):
        raise access_denied()
    return resource


async def show(request: Request) -> Response:
    """What `az account show` prints."""
    account = _opened(request).account
    return JSONResponse(
        {
            "environmentName": "AzureCloud",
            "homeTenantId": account.tenant_id,
            "id": account.subscription_id,
            "isDefault": True,
            "name": "Cupola emulator",
            "state": "Enabled",
            "tenantId": account.tenant_id,
            "user": {"name": PERSON, "type": "user"},
        },
        headers=NO_STORE,
    )


async def get_access_token(request: Request) -> Response:
    """What `az account get-access-token` prints, for the `resource` of the query, which may be a scope."""
    resource, wanted = _opened(request), request.query_params.get("resource", "")
    if not wanted:
        raise invalid_payload("The resource parameter is required.")
    token, expires = token_for(resource, wanted)
    local = dt.datetime.fromtimestamp(expires).astimezone()
    body = {
        "accessToken": token,
        "expiresOn": f"{local:%Y-%m-%d %H:%M:%S.%f}",
        "expires_on": expires,
        "subscription": resource.account.subscription_id,
        "tenant": resource.account.tenant_id,
        "tokenType": "Bearer",
    }
    return JSONResponse(body, headers=NO_STORE)


ROUTES = [
    Route("/emulator/az/account/show", show, methods=["GET"], include_in_schema=False),
    Route("/emulator/az/account/get-access-token", get_access_token, methods=["GET"], include_in_schema=False),
]
