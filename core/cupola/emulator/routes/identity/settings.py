"""`/emulator/identity`: how long tokens last and whether codes need entering, switched while the emulator runs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...auth import check_access
from ...body import read_object
from ...errors import invalid_payload
from ...resource import Resource
from ...service import resource_of
from .token import LONGEST_SECONDS, SHORTEST_SECONDS


def _opened(request: Request) -> Resource:
    resource = resource_of(request)
    check_access(resource.account, "v1", request.headers, resource.clock.now())
    return resource


def _rendered(resource: Resource) -> Response:
    settings = resource.sign_ins
    return JSONResponse(
        {"lifetime_seconds": settings.lifetime_seconds, "approve_codes_at_once": settings.approves_at_once}
    )


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
    settings.lifetime_seconds, settings.approves_at_once = seconds, at_once
    return _rendered(resource)


ROUTES = [
    Route("/emulator/identity", show, methods=["GET"], include_in_schema=False),
    Route("/emulator/identity", put, methods=["PUT"], include_in_schema=False),
]
