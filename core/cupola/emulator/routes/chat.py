"""`/chat/completions` on both routes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ..admission import admit, note_paid
from ..body import read_object
from ..chat.answering import answer_chat
from ..chat.completion import Completion, chunks, render_completion
from ..chat.request import ChatRequest, read_chat_request
from ..dialect import new_id
from ..errors import bad_request, deployment_not_found
from ..pacing import keep_pace
from ..resource import Resource
from ..router import routed
from ..service import resource_of, service_of
from ..serving import Serving, find_serving
from ..state import stored_completions
from ..state.stored_completions import StoredCompletion


async def _stream(
    resource: Resource, serving: Serving, completion: Completion, started: float, include_usage: bool
) -> AsyncIterator[bytes]:
    # The whole answer is known before its first chunk is sent; the chunks come at the declared pace.
    for number, chunk in enumerate(chunks(completion, include_usage)):
        await keep_pace(resource.clock, serving.base, started, number)
        yield b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def _store(
    resource: Resource, deployment: str, chat: ChatRequest, body: Mapping[str, Any], completion: Completion
) -> None:
    stored = StoredCompletion(
        id=completion.id,
        created_at=resource.clock.now(),
        deployment=deployment,
        model=completion.model,
        metadata=chat.metadata,
        request=body,
        completion=render_completion(completion),
    )
    stored_completions.add(resource.database, stored)


async def _answer(request: Request, name: str, body: Mapping[str, Any]) -> Response:
    service, resource = service_of(request), resource_of(request)
    started = asyncio.get_running_loop().time()
    serving = find_serving(resource, name)
    if serving is None:
        raise deployment_not_found()
    serving, asked = routed(resource.catalogue, serving, body)
    chat: ChatRequest = read_chat_request(asked, serving.base)
    allowance = admit(request, serving, "ChatCompletions_Create", chat.messages, chat.max_tokens, chat.n)
    answers = await answer_chat(service.inference, serving, chat)
    completion = Completion(
        id=new_id("chatcmpl", "openai", 29),
        created=int(resource.clock.now()),
        model=serving.model,
        answers=tuple(answers),
        logprobs=chat.logprobs,
        tools=chat.tools,
    )
    note_paid(resource, serving, "chat.completions", body, answers)
    if chat.store:
        _store(resource, name, chat, body, completion)
    if chat.stream:
        stream = _stream(resource, serving, completion, started, chat.include_usage)
        return StreamingResponse(stream, media_type="text/event-stream", headers=allowance.headers())
    longest = max(answer.completion_tokens for answer in answers)
    await keep_pace(resource.clock, serving.base, started, longest)
    return JSONResponse(render_completion(completion), headers=allowance.headers())


async def create_for_deployment(request: Request) -> Response:
    """`POST /deployments/{name}/chat/completions`; the path says which deployment, whatever the body says."""
    return await _answer(request, request.path_params["deployment"], await read_object(request))


async def create(request: Request) -> Response:
    """`POST /chat/completions`; the body's `model` names the deployment."""
    body = await read_object(request)
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise bad_request("you must provide a model parameter", "model")
    return await _answer(request, name, body)


DATED_ROUTES = [Route("/deployments/{deployment}/chat/completions", create_for_deployment, methods=["POST"])]
V1_ROUTES = [Route("/chat/completions", create, methods=["POST"])]
