"""`/emulator/faults` and `/emulator/ledger`: the emulator's own, no part of the service.

Both want the account's key. `PUT /emulator/faults` takes `{"seed": 0, "rules": [{"route", "fault", "rate", "times",
"seconds", "bytes_per_second"}]}` and replaces what was there, `GET` shows the rules with their counters, `DELETE`
switches them off. `GET /emulator/ledger?after=&limit=&request_hash=` lists the inference calls that were answered,
oldest first, and their totals.
"""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..auth import check_access
from ..body import read_object
from ..errors import invalid_payload
from ..faults import read_faults
from ..resource import Resource
from ..service import resource_of, service_of

_MOST_IN_PAGE = 10_000


def _opened(request: Request) -> Resource:
    resource = resource_of(request)
    check_access(resource.account, "v1", request.headers, resource.clock.now())
    return resource


async def show(request: Request) -> Response:
    """`GET /emulator/faults`."""
    _opened(request)
    return JSONResponse(service_of(request).faults.render())


async def put(request: Request) -> Response:
    """`PUT /emulator/faults`."""
    _opened(request)
    seed, rules = read_faults(await read_object(request))
    faults = service_of(request).faults
    faults.put(seed, rules)
    return JSONResponse(faults.render())


async def clear(request: Request) -> Response:
    """`DELETE /emulator/faults`."""
    _opened(request)
    service_of(request).faults.put(0, ())
    return Response(status_code=204)


def _whole(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 19) or int(text) > most:
        raise invalid_payload(f"Invalid value for {name}: expected a whole number up to {most}.")
    return int(text)


async def paid_calls(request: Request) -> Response:
    """`GET /emulator/ledger`; `after` is a call's `seq`."""
    resource = _opened(request)
    after, limit = _whole(request, "after", 0, 2**62), _whole(request, "limit", 1000, _MOST_IN_PAGE)
    rows = resource.ledger.page(after, limit + 1, request.query_params.get("request_hash"))
    data = [{"seq": seq, **asdict(call)} for seq, call in rows[:limit]]
    totals = asdict(resource.ledger.totals())
    return JSONResponse({"object": "list", "data": data, "has_more": len(rows) > limit, "totals": totals})


ROUTES = [
    Route("/emulator/faults", show, methods=["GET"]),
    Route("/emulator/faults", put, methods=["PUT"]),
    Route("/emulator/faults", clear, methods=["DELETE"]),
    Route("/emulator/ledger", paid_calls, methods=["GET"]),
]
