"""`/emulator/identity`: how long tokens last, whether codes need entering, which roles whoever signs in has.

Switched while the emulator runs; a restart has the defaults again.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...auth import check_access
from ...body import read_object
from ...errors import invalid_payload
from ...resource import Resource
from ...roles import ROLES, Role, find_role
from ...service import resource_of
from .token import LONGEST_SECONDS, SHORTEST_SECONDS


def _opened(request: Request) -> Resource:
    resource = resource_of(request)
    check_access(resource.account, "v1", request.headers, resource.clock.now())
    return resource


def _rendered(resource: Resource) -> Response:
    settings = resource.sign_ins
    return JSONResponse(
        {
            "lifetime_seconds": settings.lifetime_seconds,
            "approve_codes_at_once": settings.approves_at_once,
            "roles": [role.name for role in resource.roles.roles],
        }
    )


def _roles(given: Any) -> tuple[Role, ...]:
    known = given if isinstance(given, list) and all(isinstance(name, str) for name in given) else None
    found = [find_role(name) for name in known or ()]
    if known is None or None in found:
        raise invalid_payload(f"roles must be a list of: {', '.join(role.name for role in ROLES)}.")
    return tuple(role for role in found if role is not None)


async def show(request: Request) -> Response:
    """`GET /emulator/identity`."""
    return _rendered(_opened(request))


async def put(request: Request) -> Response:
    """`PUT /emulator/identity`; what is not named stays as it is. Tokens already issued keep their time."""
    resource, body = _opened(request), await read_object(request)
    settings = resource.sign_ins
    seconds = body.get("lifetime_seconds", settings.lifetime_seconds)
    at_once = body.get("approve_codes_at_once", settings.approves_at_once)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise invalid_payload(f"lifetime_seconds must be between {SHORTEST_SECONDS} and {LONGEST_SECONDS}.")
    if not isinstance(at_once, bool):
        raise invalid_payload("approve_codes_at_once must be true or false.")
    roles = _roles(body["roles"]) if "roles" in body else resource.roles.roles
    settings.lifetime_seconds, settings.approves_at_once, resource.roles.roles = seconds, at_once, roles
    return _rendered(resource)


ROUTES = [
    Route("/emulator/identity", show, methods=["GET"], include_in_schema=False),
    Route("/emulator/identity", put, methods=["PUT"], include_in_schema=False),
]
