"""What the token endpoints have in common: their refusals, the tokens of an answer, and the shape of a form."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...auth import issue_token
from ...resource import Resource
from ...roles import PERSON, principal_id

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
REFRESH_SECONDS = 90 * 86_400
_NOT_RESOURCES = ("openid", "profile", "offline_access", "email")
_MOST_FIELDS, _MOST_FIELD_BYTES = 16, 16_384


async def read_form(request: Request) -> Mapping[str, str]:
    """The text fields of a form."""
    async with request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_MOST_FIELD_BYTES) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


def refusal(status: int, error: str, code: int, words: str) -> Response:
    """Entra's refusal; `code` is the number behind AADSTS."""
    body = {"error": error, "error_description": f"AADSTS{code}: {words}", "error_codes": [code]}
    return JSONResponse(body, status, headers=NO_STORE)


def address(request: Request) -> str:
    """Where the emulator was reached, as identity libraries want to read it: they take nothing but https."""
    return f"https://{request.headers.get('host', '127.0.0.1')}"


def audience_of(scope: str) -> str:
    """The resource that scopes are of; empty where they name none."""
    named = [entry for entry in scope.split() if entry not in _NOT_RESOURCES]
    if not named:
        return ""
    head, _, last = named[0].rpartition("/")
    return head if last == ".default" or (last and head.count("/") > 1) else named[0]


def tokens(resource: Resource, audience: str, client_id: str, seconds: int) -> dict[str, Any]:
    """The answer's tokens for a program that acts in its own name."""
    claims = {"appid": client_id, "oid": client_id, "sub": client_id, "idtyp": "app", "ver": "1.0"}
    token = issue_token(resource.account, audience, resource.clock.now(), seconds, claims)
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


def personal_tokens(request: Request, resource: Resource, scope: str, client_id: str) -> dict[str, Any]:
    """The answer's tokens for a program that acts in a person's name, with what libraries keep of the person."""
    account, now, seconds = resource.account, resource.clock.now(), resource.sign_ins.lifetime_seconds
    person = {"oid": principal_id(account), "sub": principal_id(account)}
    access = {**person, "appid": client_id, "upn": PERSON, "idtyp": "user", "ver": "1.0"}
    issuer = f"{address(request)}/{account.tenant_id}/v2.0"
    identity = {**person, "iss": issuer, "preferred_username": PERSON, "name": "Developer", "ver": "2.0"}
    known = json.dumps({"uid": person["oid"], "utid": account.tenant_id}).encode()
    return {
        "token_type": "Bearer",
        "scope": scope,
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": issue_token(account, audience_of(scope), now, seconds, access),
        "refresh_token": issue_token(account, refresh_audience(client_id), now, REFRESH_SECONDS, {"scp": scope}),
        "id_token": issue_token(account, client_id, now, seconds, identity),
        "client_info": base64.urlsafe_b64encode(known).rstrip(b"=").decode(),
    }


def refresh_audience(client_id: str) -> str:
    """Whom a refresh token is meant for: this token endpoint, asked by the same program."""
    return f"refresh:{client_id}"
