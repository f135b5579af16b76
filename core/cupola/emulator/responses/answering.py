"""Have a response answered, and keep it for those that go on from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..chat.answering import answer_chat
from ..chat.completion import Completion
from ..engine import Answer
from ..inference.client import Inference
from ..resource import Resource
from ..serving import Serving
from ..state.responses import StoredResponse
from .items import Json, chat_messages
from .render import render_response
from .request import ResponseRequest


async def answer_response(
    resource: Resource, inference: Inference, serving: Serving, wanted: ResponseRequest, response_id: str, created: int
) -> tuple[Json, Sequence[Answer]]:
    """The service's JSON of the answered response, and the answers to be paid for. Raises ApiError.

    Args:
        created: When the response was asked for, in unix seconds.
    """
    answers = await answer_chat(inference, serving, wanted.chat)
    completion = Completion(
        id=response_id,
        created=created,
        model=serving.model,
        answers=tuple(answers),
        logprobs=wanted.chat.logprobs,
        tools=wanted.chat.tools,
    )
    return render_response(completion, wanted, int(resource.clock.now())), answers


def history_of(wanted: ResponseRequest, response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Everything said up to and in a response, as chat messages."""
    said = chat_messages([item for item in response["output"] if item["type"] != "reasoning"])
    return [*wanted.messages, *said]


def record_of(wanted: ResponseRequest, response: Mapping[str, Any], created_at: float) -> StoredResponse:
    """The record of a response, answered or not."""
    return StoredResponse(response["id"], created_at, wanted.items, history_of(wanted, response), response)
