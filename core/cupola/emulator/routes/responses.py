"""`/responses`: create, retrieve, delete, cancel, input items."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ..admission import admit, note_paid
from ..body import read_object
from ..errors import ApiError, bad_request, deployment_not_found
from ..pacing import keep_pace
from ..paging import list_body, read_page
from ..resource import Resource
from ..responses.answering import answer_response, record_of
from ..responses.background import ask
from ..responses.items import shown_item
from ..responses.render import opening_events, response_events, unfinished_response
from ..responses.request import ResponseRequest
from ..service import Service, resource_of, service_of
from ..serving import Serving, find_serving
from ..state import background, responses
from ..state.background import BackgroundWork
from ..state.responses import StoredResponse


def _not_found(response_id: str) -> ApiError:
    fields = {"type": "invalid_request_error", "param": "response_id"}
    return ApiError(404, "invalid_request_error", f"Response with id '{response_id}' not found.", fields=fields)


def _find(request: Request) -> StoredResponse:
    response_id = request.path_params["response_id"]
    stored = responses.find(resource_of(request).database, response_id)
    if stored is None:
        raise _not_found(response_id)
    return stored


def _history(resource: Resource, body: Mapping[str, Any]) -> Sequence[Any]:
    previous = body.get("previous_response_id")
    if previous is None:
        return ()
    stored = responses.find(resource.database, previous) if isinstance(previous, str) else None
    if stored is None:
        message = f"Previous response with id '{str(previous)[:200]}' not found."
        raise bad_request(message, "previous_response_id", "previous_response_not_found")
    if background.find(resource.database, stored.id) is not None:
        message = f"Previous response with id '{stored.id}' has not ended yet."
        raise bad_request(message, "previous_response_id", "previous_response_not_completed")
    return stored.history


def _event(event: Mapping[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


async def _stream(
    resource: Resource, serving: Serving, response: Mapping[str, Any], started: float
) -> AsyncIterator[bytes]:
    for number, event in enumerate(response_events(response)):
        await keep_pace(resource.clock, serving.base, started, number)
        yield _event(event)


async def _background_stream(service: Service, stored: StoredResponse, after: int) -> AsyncIterator[bytes]:
    """The events of a background response after a sequence number; what is not known yet is waited for."""
    sent = after
    for event in opening_events(stored.body):
        if event["sequence_number"] > sent:
            sent = event["sequence_number"]
            yield _event(event)
    await service.background.until_ended(stored.id)
    ended = responses.find(service.resource.database, stored.id)
    for event in response_events(ended.body) if ended is not None else ():
        if event["sequence_number"] > sent:
            yield _event(event)


def _event_stream(events: AsyncIterator[bytes], headers: Mapping[str, str] | None = None) -> Response:
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _queue(service: Service, serving: Serving, wanted: ResponseRequest, work: BackgroundWork) -> StoredResponse:
    now = service.resource.clock.now()
    queued = unfinished_response(work.id, int(now), serving.model, wanted)
    stored = record_of(wanted, queued, now)
    service.background.add(stored, work)
    return stored


async def create(request: Request) -> Response:
    """`POST /responses`."""
    service, resource = service_of(request), resource_of(request)
    started = asyncio.get_running_loop().time()
    body = await read_object(request)
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise bad_request("Missing required parameter: 'model'.", "model", "missing_required_parameter")
    deployed = find_serving(resource, name)
    if deployed is None:
        raise deployment_not_found()
    work = BackgroundWork(f"resp_{secrets.token_hex(24)}", name, body, _history(resource, body))
    serving, wanted = ask(resource, deployed, work)
    chat = wanted.chat
    allowance = admit(request, serving, "Responses_Create", chat.messages, chat.max_tokens).headers()
    if wanted.background:
        stored = _queue(service, serving, wanted, work)
        if chat.stream:
            return _event_stream(_background_stream(service, stored, -1), allowance)
        return JSONResponse(stored.body, headers=allowance)
    created = resource.clock.now()
    response, answers = await answer_response(resource, service.inference, serving, wanted, work.id, int(created))
    note_paid(resource, serving, "responses", body, answers)
    if wanted.store:
        responses.add(resource.database, record_of(wanted, response, created))
    if chat.stream:
        return _event_stream(_stream(resource, serving, response, started), allowance)
    await keep_pace(resource.clock, serving.base, started, answers[0].completion_tokens)
    return JSONResponse(response, headers=allowance)


def _starting_after(request: Request) -> int:
    text = request.query_params.get("starting_after", "-1")
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise bad_request("Invalid value for 'starting_after': expected an integer.", "starting_after", "invalid_type")
    return int(text)


async def retrieve(request: Request) -> Response:
    """`GET /responses/{id}`; with `stream=true` the events of a background response, from `starting_after` on."""
    stored = _find(request)
    if request.query_params.get("stream", "").lower() != "true":
        return JSONResponse(stored.body)
    if not stored.body.get("background"):
        raise bad_request("Only a response that was created in the background can be streamed again.", "stream")
    return _event_stream(_background_stream(service_of(request), stored, _starting_after(request)))


async def delete(request: Request) -> Response:
    """`DELETE /responses/{id}`."""
    stored = _find(request)
    service_of(request).background.forget(stored.id)
    responses.remove(resource_of(request).database, stored.id)
    return JSONResponse({"id": stored.id, "object": "response", "deleted": True})


async def cancel(request: Request) -> Response:
    """`POST /responses/{id}/cancel`, which only background responses know; one that has ended stays as it is."""
    stored = _find(request)
    if not stored.body.get("background"):
        raise bad_request("Cannot cancel a synchronous response.", "response_id")
    service_of(request).background.cancel(stored.id)
    return JSONResponse(_find(request).body)


async def input_items(request: Request) -> Response:
    """`GET /responses/{id}/input_items`, newest first unless asked otherwise."""
    stored = _find(request)
    page = read_page(request, default=20, most=100)
    numbered = list(enumerate(stored.input))
    shown = [shown_item(dict(item), f"msg_{stored.id.removeprefix('resp_')}{number:04d}") for number, item in numbered]
    ordered = shown[::-1] if page.descending else shown
    ids = [item["id"] for item in ordered]
    if page.after is not None and page.after not in ids:
        raise bad_request("Invalid value for 'after': no such item.", "after", "invalid_value")
    rest = ordered[ids.index(page.after) + 1 :] if page.after is not None else ordered
    return JSONResponse(list_body(rest[: page.limit], len(rest) > page.limit, ends=True))


_ONE = "/responses/{response_id}"

ROUTES = [
    Route("/responses", create, methods=["POST"]),
    Route(_ONE, retrieve, methods=["GET"]),
    Route(_ONE, delete, methods=["DELETE"]),
    Route(f"{_ONE}/cancel", cancel, methods=["POST"]),
    Route(f"{_ONE}/input_items", input_items, methods=["GET"]),
]
