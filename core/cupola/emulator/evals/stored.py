"""Make rows of stored completions: what was asked is the item's `input`, what was answered is the sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..resource import Resource
from ..state import stored_completions
from ..state.eval_items import EvalRow
from ..state.stored_completions import StoredCompletion
from .data_source import MOST_STORED


def _row(position: int, stored: StoredCompletion) -> EvalRow:
    choices = stored.completion["choices"]
    message = choices[0]["message"]
    item = {"id": stored.id, "input": stored.request["messages"], "metadata": stored.metadata}
    sample = {
        "model": stored.model,
        "choices": choices,
        "output_text": message["content"] or "",
        "output_tools": message.get("tool_calls") or [],
    }
    return EvalRow(position, item, sample)


def rows_of_stored(resource: Resource, source: Mapping[str, Any]) -> list[EvalRow]:
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
    return [_row(position, stored) for position, stored in enumerate(found)]
