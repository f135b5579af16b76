"""`/{tenant}/oauth2/v2.0/token`: client credentials, codes of other devices, refresh tokens."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...auth import is_key, read_own_token
from ...resource import Resource
from ...service import resource_of
from ...sign_ins import Decision
from .answers import NO_STORE, audience_of, personal_tokens, read_form, refresh_audience, refusal, tokens

SHORTEST_SECONDS, LONGEST_SECONDS = 1, 86_400


async def issue(request: Request) -> Response:
    """Issue tokens by one of three grants.

    A program shows one of the account's keys as its client secret. `lifetime` (whole seconds, a day at most) is the
    emulator's own: Entra decides that for itself. Tokens expire on the emulator's clock, whatever its speed.
    """
    resource, form = resource_of(request), await read_form(request)
    match form.get("grant_type") or "client_credentials":
        case "client_credentials":
            return _for_program(resource, form)
        case "device_code" | "urn:ietf:params:oauth:grant-type:device_code":
            return _for_person(request, resource, form)
        case "refresh_token":
            return _refreshed(request, resource, form)
    return refusal(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")


def _for_program(resource: Resource, form: Mapping[str, str]) -> Response:
    if not is_key(resource.account, form.get("client_secret", "")):
        return refusal(401, "invalid_client", 7000215, "Invalid client secret provided.")
    lifetime = form.get("lifetime") or str(resource.sign_ins.lifetime_seconds)
    if not (lifetime.isascii() and lifetime.isdigit() and len(lifetime) < 7):
        return refusal(400, "invalid_request", 900144, "The lifetime must be a whole number of seconds.")
    seconds = min(max(int(lifetime), SHORTEST_SECONDS), LONGEST_SECONDS)
    audience = audience_of(form.get("scope", ""))
    if not audience:
        return refusal(
            400, "invalid_request", 900144, "The request body must contain the following parameter: 'scope'."
        )
    return JSONResponse(tokens(resource, audience, form.get("client_id", ""), seconds), headers=NO_STORE)


def _for_person(request: Request, resource: Resource, form: Mapping[str, str]) -> Response:
    entry = resource.sign_ins.find(form.get("device_code", ""))
    if entry is None or entry.client_id != form.get("client_id", ""):
        return refusal(400, "invalid_grant", 70000, "The provided value for the 'device_code' parameter is not valid.")
    if entry.expires_at <= resource.clock.now():
        resource.sign_ins.forget(entry)
        return refusal(
            400, "expired_token", 70020, "The provided value for the input parameter 'device_code' is expired."
        )
    if entry.decision is Decision.PENDING:
        return refusal(400, "authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending.")
    resource.sign_ins.forget(entry)
    if entry.decision is Decision.DECLINED:
        return refusal(400, "authorization_declined", 70018, "The user declined the sign-in.")
    return JSONResponse(personal_tokens(request, resource, entry.scope, entry.client_id), headers=NO_STORE)


def _refreshed(request: Request, resource: Resource, form: Mapping[str, str]) -> Response:
    client_id, now = form.get("client_id", ""), resource.clock.now()
    claims = read_own_token(resource.account, form.get("refresh_token", ""), refresh_audience(client_id), now)
    if claims is None:
        return refusal(400, "invalid_grant", 9002313, "Invalid request. The refresh token is malformed or has expired.")
    scope = form.get("scope") or str(claims.get("scp", ""))
    if not audience_of(scope):
        scope = f"{scope} {claims.get('scp', '')}"
    return JSONResponse(personal_tokens(request, resource, scope, client_id), headers=NO_STORE)


ROUTES = [Route("/{tenant}/oauth2/v2.0/token", issue, methods=["POST"])]
