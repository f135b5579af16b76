"""Rows of a dataset as items: what a model is asked, what graders may read, and the key that joins arms."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..datasets.lines import iterate
from ..errors import UsageError
from ..graders import InvalidVariableError
from ..graders.template import render_json
from .definition import Benchmark
from .hashing import canonical, digest, digest_text

_VOLATILE = frozenset({"trace_id", "timestamp", "created_at", "id"})
"""Fields of a message that say nothing to a model."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row as it is asked."""

    place: int
    key: str
    """The content hash of the prompt: roles and text. Items that share it form one cluster."""
    hash: str
    """The content hash of the fields that graders read."""
    messages: tuple[dict[str, Any], ...]
    fields: Mapping[str, Any]


def read_rows(path: Path, count: int | None = None, seed: int = 0) -> list[str]:
    """The fields of a dataset's rows as canonical JSON: evaluation rows, bare or in `item`, and chat rows.

    Args:
        path: A JSON Lines file.
        count: Only so many rows, drawn by `seed`, in the file's order.
        seed: Of the draw.

    Raises:
        DatasetError: the file cannot be read.
        UsageError: a line is no JSON object, or there is none.
    """
    rows = [_fields(path, line.number, line.content) for line in iterate(path) if line.content.strip()]
    if not rows:
        raise UsageError(f"{path} holds no row.")
    if count is not None and count < len(rows):
        chosen = sorted(random.Random(seed).sample(range(len(rows)), count))
        rows = [rows[index] for index in chosen]
    return [canonical(row) for row in rows]


def split_hash(rows: Sequence[str]) -> str:
    """The hash of a split: its rows in any order."""
    return digest(sorted(map(digest_text, rows)))


def items_of(benchmark: Benchmark, rows: Iterable[str]) -> list[Item]:
    """The items of a split as a benchmark asks them.

    Raises:
        UsageError: a row lacks what the prompt names.
    """
    return [item_of(benchmark, place, row) for place, row in enumerate(rows)]


def item_of(benchmark: Benchmark, place: int, row: str) -> Item:
    """One item as a benchmark asks it; errors as for `items_of`."""
    fields = json.loads(row)
    messages = _messages(benchmark, place, fields)
    return Item(place, prompt_key(messages), digest_text(row), tuple(messages), fields)


def prompt_key(messages: Sequence[Mapping[str, Any]]) -> str:
    """The hash of a prompt: roles and content, white space kept; null and volatile fields are left out."""
    kept = [
        {name: value for name, value in message.items() if value is not None and name not in _VOLATILE}
        for message in messages
    ]
    return digest(kept)


def _messages(benchmark: Benchmark, place: int, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    if benchmark.prompt:
        try:
            return [dict(message) for message in render_json(list(benchmark.prompt), {"item": fields, "sample": {}})]
        except InvalidVariableError as error:
            raise UsageError(f"Row {place + 1} of {benchmark.name} cannot be asked.", str(error)) from error
    messages = fields.get(benchmark.messages_field)
    if not isinstance(messages, list) or not messages or not all(isinstance(entry, dict) for entry in messages):
        raise UsageError(
            f"Row {place + 1} of {benchmark.name} has no list of messages in {benchmark.messages_field!r}.",
            remedy="Give the benchmark a prompt, or name the field as `messages`.",
        )
    return [dict(entry) for entry in messages]


def _fields(path: Path, number: int, content: bytes) -> dict[str, Any]:
    try:
        row = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Line {number} of {path.name} is not JSON.", str(error)[:200]) from error
    fields = row.get("item", row) if isinstance(row, dict) else None
    if not isinstance(fields, dict) or not fields:
        raise UsageError(f"Line {number} of {path.name} is not an object with fields.")
    return _without_answer(fields)


def _without_answer(fields: dict[str, Any]) -> dict[str, Any]:
    """A training conversation asks for its last answer, which becomes the reference."""
    messages = fields.get("messages")
    if not isinstance(messages, list) or len(messages) < 2 or not isinstance(messages[-1], dict):
        return fields
    last = messages[-1]
    if last.get("role") != "assistant":
        return fields
    return {"reference": last.get("content") or "", **fields, "messages": messages[:-1]}
