"""Render answers as the service's responses, whole or in events."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..chat.completion import Completion, Said, logprobs_of, say
from ..chat.tools import call_id
from .items import Json
from .request import ResponseRequest

_PIECE = re.compile(r"\s*\S+|\s+$")


def _item_id(prefix: str, response_id: str, number: int) -> str:
    return f"{prefix}_{hashlib.sha256(f'{response_id}/{number}'.encode()).hexdigest()[:48]}"


def _text_part(text: str, logprobs: Sequence[Json] = ()) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": list(logprobs)}


def _status(said: Said) -> tuple[str, Json | None]:
    if said.harm:
        return "incomplete", {"reason": "content_filter"}
    if said.finish_reason == "length":
        return "incomplete", {"reason": "max_output_tokens"}
    return "completed", None


def output_items(completion: Completion) -> list[Json]:
    """What the model did: a mark that it thought, then its words or its calls."""
    answer = completion.answers[0]
    said = say(completion, answer)
    items: list[Json] = []
    if answer.reasoning_tokens:
        items.append({"id": _item_id("rs", completion.id, 0), "type": "reasoning", "summary": []})
    for number, call in enumerate(said.calls):
        items.append(
            {
                "id": _item_id("fc", completion.id, number + 1),
                "type": "function_call",
                "status": "completed",
                "call_id": call_id(completion.id, 0, number),
                "name": call.name,
                "arguments": call.arguments,
            }
        )
    if not said.calls:
        items.append(
            {
                "id": _item_id("msg", completion.id, 1),
                "type": "message",
                "status": _status(said)[0],
                "role": "assistant",
                "content": [_text_part(said.content or "", logprobs_of(answer) if completion.logprobs else ())],
            }
        )
    return items


def _usage(completion: Completion) -> Json:
    answer = completion.answers[0]
    return {
        "input_tokens": answer.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answer.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }


def _echoed(wanted: ResponseRequest) -> Json:
    body, chat = wanted.body, wanted.chat
    reasoning, text = body.get("reasoning") or {}, body.get("text") or {}
    effort = reasoning.get("effort")
    tools = body.get("tools") or []
    return {
        "background": wanted.background,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "metadata": dict(wanted.metadata),
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": effort, "summary": reasoning.get("summary")},
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "default",
        "store": wanted.store,
        "temperature": chat.temperature,
        "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": [{"parameters": None, "strict": None, **tool} for tool in tools],
        "top_logprobs": chat.top_logprobs,
        "top_p": chat.top_p,
        "truncation": body.get("truncation") or "disabled",
        "user": body.get("user") if isinstance(body.get("user"), str) else None,
    }


def unfinished_response(
    response_id: str, created: int, model: str, wanted: ResponseRequest, status: str = "queued"
) -> Json:
    """The service's JSON of a response without an answer yet."""
    return {
        "id": response_id,
        "object": "response",
        "created_at": created,
        "completed_at": None,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        **_echoed(wanted),
        "usage": None,
    }


def render_response(completion: Completion, wanted: ResponseRequest, completed: int) -> Json:
    """The service's JSON of a whole response that was answered at `completed`, in unix seconds."""
    status, details = _status(say(completion, completion.answers[0]))
    return {
        **unfinished_response(completion.id, completion.created, completion.model, wanted, status),
        "completed_at": completed if status == "completed" else None,
        "incomplete_details": details,
        "output": output_items(completion),
        "usage": _usage(completion),
    }


def _unfinished(response: Json, status: str) -> Json:
    unanswered: Json = {"completed_at": None, "error": None, "incomplete_details": None, "output": [], "usage": None}
    return {**response, **unanswered, "status": status}


def _message_events(item: Json, place: Json) -> Iterator[Json]:
    text, where = item["content"][0]["text"], {**place, "item_id": item["id"], "content_index": 0}
    yield {"type": "response.content_part.added", **where, "part": _text_part("")}
    for piece in _PIECE.findall(text):
        yield {"type": "response.output_text.delta", **where, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **where, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **where, "part": item["content"][0]}


def _call_events(item: Json, place: Json) -> Iterator[Json]:
    where = {**place, "item_id": item["id"]}
    for piece in _PIECE.findall(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", **where, "delta": piece}
    yield {
        "type": "response.function_call_arguments.done",
        **where,
        "name": item["name"],
        "arguments": item["arguments"],
    }


def _opened(item: Json) -> Json:
    match item["type"]:
        case "message":
            return {**item, "status": "in_progress", "content": []}
        case "function_call":
            return {**item, "status": "in_progress", "arguments": ""}
        case _:
            return item


def _openings(response: Json) -> Iterator[Json]:
    status = "queued" if response["background"] else "in_progress"
    yield {"type": "response.created", "response": _unfinished(response, status)}
    if response["background"]:
        yield {"type": "response.queued", "response": _unfinished(response, status)}


def _events(response: Json) -> Iterator[Json]:
    yield from _openings(response)
    yield {"type": "response.in_progress", "response": _unfinished(response, "in_progress")}
    for index, item in enumerate(response["output"]):
        place = {"output_index": index}
        yield {"type": "response.output_item.added", **place, "item": _opened(item)}
        if item["type"] == "message":
            yield from _message_events(item, place)
        elif item["type"] == "function_call":
            yield from _call_events(item, place)
        yield {"type": "response.output_item.done", **place, "item": item}
    # A cancelled response ends without a word: no event is known for it.
    if response["status"] in ("completed", "incomplete", "failed"):
        yield {"type": f"response.{response['status']}", "response": response}


def response_events(response: Any) -> Iterator[Json]:
    """The events of a streamed response that has ended, numbered."""
    for number, event in enumerate(_events(response)):
        yield {**event, "sequence_number": number}


def opening_events(response: Any) -> Iterator[Json]:
    """The first of these events, which are known before a response is answered."""
    for number, event in enumerate(_openings(response)):
        yield {**event, "sequence_number": number}
