"""`/{tenant}/oauth2/v2.0/token`: the emulator's own stand-in for Entra."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..auth import TOKEN_SECONDS, access_denied, issue_token
from ..service import resource_of


async def issue(request: Request) -> Response:
    """Issue a token to a client whose secret is the account's key."""
    resource = resource_of(request)
    async with request.form(max_files=0, max_fields=16, max_part_size=4096) as form:
        secret, scope = form.get("client_secret"), form.get("scope")
    if secret != resource.account.api_key:
        raise access_denied()
    audience = str(scope or "").removesuffix("/.default")
    token = issue_token(resource.account, audience, resource.clock.now())
    return JSONResponse({"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "access_token": token})


ROUTES = [Route("/{tenant}/oauth2/v2.0/token", issue, methods=["POST"])]
