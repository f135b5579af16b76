"""Answer one line of a batch as its endpoint would."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..chat.answering import answer_chat
from ..chat.completion import Completion, render_completion
from ..chat.request import read_chat_request
from ..dialect import new_id
from ..engine import Answer
from ..errors import ApiError, bad_request, deployment_not_found
from ..inference.client import Inference
from ..resource import Resource
from ..responses.answering import answer_response
from ..responses.items import chat_messages, read_items
from ..responses.request import read_response_request
from ..router import routed
from ..serving import Serving, find_serving
from ..state.batches import BatchAnswer
from .lines import Line, path_of


@dataclass(frozen=True, slots=True)
class Answered:
    """A line with what it came to, and what is to be paid for it."""

    answer: BatchAnswer
    body: Mapping[str, Any]
    serving: Serving | None = None
    answers: Sequence[Answer] = ()


def _output(line: Line, status: int, body: Mapping[str, Any]) -> BatchAnswer:
    response = {"request_id": str(uuid.uuid4()), "status_code": status, "body": body}
    entry = {
        "id": f"batch_req_{secrets.token_hex(16)}",
        "custom_id": line.custom_id,
        "response": response,
        "error": None,
    }
    return BatchAnswer(line.position, status != 200, json.dumps(entry, ensure_ascii=False))


async def _chat(resource: Resource, inference: Inference, serving: Serving, line: Line) -> Answered:
    serving, asked = routed(resource.catalogue, serving, line.body)
    chat = read_chat_request(asked, serving.base)
    answers = await answer_chat(inference, serving, chat)
    completion = Completion(
        id=new_id("chatcmpl", "openai", 29),
        created=int(resource.clock.now()),
        model=serving.model,
        answers=tuple(answers),
        logprobs=chat.logprobs,
        tools=chat.tools,
    )
    return Answered(_output(line, 200, render_completion(completion)), line.body, serving, answers)


async def _response(resource: Resource, inference: Inference, serving: Serving, line: Line) -> Answered:
    items = read_items(line.body)
    serving, asked = routed(resource.catalogue, serving, line.body, chat_messages(items))
    wanted = read_response_request(asked, items, (), serving.base)
    if wanted.background:
        raise bad_request("Background mode is not supported in batches.", "background", "unsupported_parameter")
    response_id, created = f"resp_{secrets.token_hex(24)}", int(resource.clock.now())
    response, answers = await answer_response(resource, inference, serving, wanted, response_id, created)
    return Answered(_output(line, 200, response), line.body, serving, answers)


async def answer_line(resource: Resource, inference: Inference, endpoint: str, deployment: str, line: Line) -> Answered:
    """What a line comes to; a refusal is an answer too."""
    try:
        serving = find_serving(resource, deployment)
        if serving is None:
            raise deployment_not_found()
        ask = _chat if path_of(endpoint) == "/chat/completions" else _response
        return await ask(resource, inference, serving, line)
    except ApiError as refusal:
        return Answered(_output(line, refusal.status, refusal.body()), line.body)
