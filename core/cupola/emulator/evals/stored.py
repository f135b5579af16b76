"""Make rows of stored completions and responses: what was asked is the item's `input`, what was said the sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

from ..resource import Resource
from ..responses.items import chat_messages
from ..state import responses, stored_completions
from ..state.eval_items import EvalRow
from ..state.responses import StoredResponse
from ..state.stored_completions import StoredCompletion
from .data_source import MOST_STORED


def _sample(model: str, choices: list[Any]) -> dict[str, Any]:
    message = choices[0]["message"]
    calls = message.get("tool_calls") or []
    return {"model": model, "choices": choices, "output_text": message["content"] or "", "output_tools": calls}


def _completion_row(position: int, stored: StoredCompletion) -> EvalRow:
    choices = stored.completion["choices"]
    item = {"id": stored.id, "input": stored.request["messages"], "metadata": stored.metadata}
    return EvalRow(position, item, _sample(stored.model, choices))


def rows_of_completions(resource: Resource, source: Mapping[str, Any]) -> list[EvalRow]:
    """The rows of a `stored_completions` source, oldest first; both of its bounds in time are inclusive."""
    after, before = source.get("created_after"), source.get("created_before")
    found = stored_completions.select(
        resource.database,
        source.get("metadata") or {},
        model=source.get("model"),
        created_after=None if after is None else math.nextafter(after, -math.inf),
        created_before=None if before is None else before + 1,
        limit=source.get("limit") or MOST_STORED,
    )
    return [_completion_row(position, stored) for position, stored in enumerate(found)]


def _matches(source: Mapping[str, Any], models: set[str], stored: StoredResponse) -> bool:
    body = stored.body
    metadata, instructions = body.get("metadata") or {}, body.get("instructions") or ""
    tools = {tool.get("name", tool.get("type")) for tool in body.get("tools") or ()}
    alike = (
        not models or str(body["model"]).casefold() in models,
        all(metadata.get(key) == value for key, value in (source.get("metadata") or {}).items()),
        (source.get("instructions_search") or "").casefold() in instructions.casefold(),
        set(source.get("tools") or ()) <= tools,
        source.get("users") is None or body.get("user") in source["users"],
        source.get("reasoning_effort") in (None, (body.get("reasoning") or {}).get("effort")),
        *(source.get(name) in (None, body.get(name)) for name in ("temperature", "top_p")),
    )
    return all(alike)


def _response_row(position: int, stored: StoredResponse) -> EvalRow:
    body = stored.body
    said = chat_messages([item for item in body["output"] if item["type"] != "reasoning"])
    asked = stored.history[: len(stored.history) - len(said)]
    item = {"id": stored.id, "input": asked, "instructions": body.get("instructions"), "metadata": body["metadata"]}
    message = said[-1] if said else {"role": "assistant", "content": ""}
    choices = [{"index": 0, "message": message, "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}]
    return EvalRow(position, item, _sample(str(body["model"]), choices))


def rows_of_responses(resource: Resource, source: Mapping[str, Any]) -> list[EvalRow]:
    """The rows of a `responses` source, oldest first; both of its bounds in time are inclusive."""
    after, before = source.get("created_after"), source.get("created_before")
    model = source.get("model")
    known = resource.catalogue.find(model) if model else None
    models = {name.casefold() for name in (model, known.id if known else None) if name}
    stored = responses.created_between(resource.database, after, None if before is None else before + 1)
    found = islice((one for one in stored if _matches(source, models, one)), MOST_STORED)
    return [_response_row(position, one) for position, one in enumerate(found)]
