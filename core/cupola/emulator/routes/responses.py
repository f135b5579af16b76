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
from ..chat.answering import answer_chat
from ..chat.completion import Completion
from ..errors import ApiError, bad_request, deployment_not_found
from ..pacing import keep_pace
from ..paging import list_body, read_page
from ..resource import Resource
from ..responses.items import chat_messages, read_items, shown_item
from ..responses.render import render_response, response_events
from ..responses.request import ResponseRequest, read_response_request
from ..service import resource_of, service_of
from ..serving import Serving, find_serving
from ..state import responses
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
    return stored.history


def _keep(resource: Resource, wanted: ResponseRequest, response: Mapping[str, Any]) -> None:
    said = chat_messages([item for item in response["output"] if item["type"] != "reasoning"])
    history = [*wanted.messages, *said]
    stored = StoredResponse(response["id"], resource.clock.now(), wanted.items, history, response)
    responses.add(resource.database, stored)


async def _stream(
    resource: Resource, serving: Serving, response: Mapping[str, Any], started: float
) -> AsyncIterator[bytes]:
    for number, event in enumerate(response_events(response)):
        await keep_pace(resource.clock, serving.base, started, number)
        yield f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


async def create(request: Request) -> Response:
    """`POST /responses`."""
    service, resource = service_of(request), resource_of(request)
    started = asyncio.get_running_loop().time()
    body = await read_object(request)
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise bad_request("Missing required parameter: 'model'.", "model", "missing_required_parameter")
    serving = find_serving(resource, name)
    if serving is None:
        raise deployment_not_found()
    wanted = read_response_request(body, read_items(body), _history(resource, body), serving.base)
    chat = wanted.chat
    allowance = admit(request, serving, "Responses_Create", chat.messages, chat.max_tokens)
    answers = await answer_chat(service.inference, serving, chat)
    completion = Completion(
        id=f"resp_{secrets.token_hex(24)}",
        created=int(resource.clock.now()),
        model=serving.model,
        answers=tuple(answers),
        tools=chat.tools,
    )
    note_paid(resource, serving, "responses", body, answers)
    response = render_response(completion, wanted)
    if wanted.store:
        _keep(resource, wanted, response)
    if chat.stream:
        stream = _stream(resource, serving, response, started)
        return StreamingResponse(stream, media_type="text/event-stream", headers=allowance.headers())
    await keep_pace(resource.clock, serving.base, started, answers[0].completion_tokens)
    return JSONResponse(response, headers=allowance.headers())


async def retrieve(request: Request) -> Response:
    """`GET /responses/{id}`."""
    return JSONResponse(_find(request).body)


async def delete(request: Request) -> Response:
    """`DELETE /responses/{id}`."""
    stored = _find(request)
    responses.remove(resource_of(request).database, stored.id)
    return JSONResponse({"id": stored.id, "object": "response", "deleted": True})


async def cancel(request: Request) -> Response:
    """`POST /responses/{id}/cancel`, which only background responses know; the emulator has none."""
    _find(request)
    raise bad_request("Cannot cancel a synchronous response.", "response_id")


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
