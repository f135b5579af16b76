"""`/emulator/managed-identity`: tokens for a machine, as App Service gives them to what runs in it.

Of all ways to a token this one alone goes over plain http, so identity libraries take it unchanged: they read its
address from `IDENTITY_ENDPOINT` and its password, here one of the account's keys, from `IDENTITY_HEADER`.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...auth import is_key
from ...resource import Resource
from ...service import resource_of
from .answers import NO_STORE, tokens

CLIENT = "managed-identity"


def _refusal(status: int, words: str) -> Response:
    return JSONResponse({"statusCode": status, "message": words}, status, headers=NO_STORE)


def token_for(resource: Resource, wanted: str) -> tuple[str, int]:
    """A token for a resource, written with or without `/.default`, and when it expires in unix seconds."""
    seconds = resource.sign_ins.lifetime_seconds
    issued = tokens(resource, wanted.removesuffix("/.default"), CLIENT, seconds)
    return issued["access_token"], int(resource.clock.now()) + seconds


async def issue(request: Request) -> Response:
    """Issue a token for the `resource` of the query."""
    resource, wanted = resource_of(request), request.query_params.get("resource", "")
    if not is_key(resource.account, request.headers.get("x-identity-header", "")):
        return _refusal(403, "The X-IDENTITY-HEADER is not the one that this machine was given.")
    if not wanted:
        return _refusal(400, "The parameter 'resource' is missing.")
    token, expires = token_for(resource, wanted)
    body = {"access_token": token, "expires_on": str(expires), "resource": wanted, "token_type": "Bearer"}
    return JSONResponse({**body, "client_id": CLIENT}, headers=NO_STORE)


ROUTES = [Route("/emulator/managed-identity", issue, methods=["GET"], include_in_schema=False)]
