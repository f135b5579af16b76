"""The `sample` and the `item` that graders see, built from an answer and a training row."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

_NOT_ITEM_FIELDS = frozenset({"messages", "tools", "parallel_tool_calls"})


def text_sample(text: str, *, tool_calls: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the sample of one answer: `output_text`, `choices`, `output_tools`, and `output_json` if it is JSON."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if tool_calls:
        message["tool_calls"] = [dict(call) for call in tool_calls]
    sample: dict[str, Any] = {
        "output_text": text,
        "output_tools": [dict(call) for call in tool_calls],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    with contextlib.suppress(ValueError, RecursionError):
        sample["output_json"] = json.loads(text, parse_constant=_refuse_constant)
    return sample


def item_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a reinforcement row that a grader sees as `item`."""
    return {key: value for key, value in row.items() if key not in _NOT_ITEM_FIELDS}


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
