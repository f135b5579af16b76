"""`/{tenant}/oauth2/v2.0/token`: the emulator's own stand-in for Entra's client credentials grant."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..auth import TOKEN_SECONDS, is_key, issue_token
from ..service import resource_of

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_SHORTEST_SECONDS, _LONGEST_SECONDS = 1, 86_400


def _refusal(status: int, error: str, code: int, words: str) -> Response:
    body = {"error": error, "error_description": f"AADSTS{code}: {words}", "error_codes": [code]}
    return JSONResponse(body, status, headers=_NO_STORE)


async def issue(request: Request) -> Response:
    """Issue a token to a client whose secret is one of the account's keys.

    `lifetime` (whole seconds, a day at most) is the emulator's own: Entra decides that for itself. Tokens expire on
    the emulator's clock, whatever its speed.
    """
    resource = resource_of(request)
    async with request.form(max_files=0, max_fields=16, max_part_size=4096) as form:
        grant, secret, scope, lifetime = (
            str(form.get(name) or default)
            for name, default in (
                ("grant_type", "client_credentials"),
                ("client_secret", ""),
                ("scope", ""),
                ("lifetime", str(TOKEN_SECONDS)),
            )
        )
    if grant != "client_credentials":
        return _refusal(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    if not is_key(resource.account, secret):
        return _refusal(401, "invalid_client", 7000215, "Invalid client secret provided.")
    if not (lifetime.isascii() and lifetime.isdigit() and len(lifetime) < 7):
        return _refusal(400, "invalid_request", 900144, "The lifetime must be a whole number of seconds.")
    seconds = min(max(int(lifetime), _SHORTEST_SECONDS), _LONGEST_SECONDS)
    token = issue_token(resource.account, scope.removesuffix("/.default"), resource.clock.now(), seconds)
    body = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
    return JSONResponse(body, headers=_NO_STORE)


ROUTES = [Route("/{tenant}/oauth2/v2.0/token", issue, methods=["POST"])]
