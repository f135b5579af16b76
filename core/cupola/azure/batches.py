"""Global Batch: files of requests that the service answers within a day, for half the price."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UnreachableError
from .client import Service, path_segment
from .pages import pages
from .wire.reading import Json, identifier, integer, mapping, not_understood, parse, raw, text

NONCE_KEY = "cupola_nonce"
_BATCHES = "/batches"
_ENDED = ("completed", "failed", "expired", "cancelled", "canceled")


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the service last told it."""

    id: str
    status: str
    """In lower case; the service writes it both ways."""
    output_file: str | None
    error_file: str | None
    total: int
    completed: int
    failed: int
    errors: str
    """What was wrong with the file, in the service's words."""
    raw: str

    @property
    def ended(self) -> bool:
        """Nothing more will come."""
        return self.status in _ENDED


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One answered request."""

    custom_id: str
    status: int
    body: Json
    """The chat completion, or the error."""


async def create(service: Service, file_id: str, nonce: str) -> Batch:
    """Create a batch exactly once: one that carries `nonce` already is returned instead.

    Raises:
        UnreachableError: it is not known whether it was created; creating it again with the same nonce is safe.
        ServiceError: the service refused it.
    """
    found = await find(service, nonce)
    if found:
        return found
    body = {
        "input_file_id": file_id,
        "endpoint": "/chat/completions",
        "completion_window": "24h",
        "metadata": {NONCE_KEY: nonce},
    }
    try:
        return _batch(parse(await service.post(_BATCHES, body)))
    except UnreachableError:
        found = await find(service, nonce)
        if found:
            return found
        raise


async def find(service: Service, nonce: str) -> Batch | None:
    """The batch that was created with this nonce."""
    async for page in pages(service, _BATCHES, 100):
        for entry in page:
            if identifier(entry) and mapping(entry.get("metadata")).get(NONCE_KEY) == nonce:
                return _batch(entry)
    return None


async def get(service: Service, batch_id: str) -> Batch:
    """One batch as it is now."""
    return _batch(parse(await service.get(f"{_BATCHES}/{path_segment(batch_id)}")))


async def cancel(service: Service, batch_id: str) -> Batch:
    """Ask the service to stop; what it has answered is still delivered."""
    return _batch(parse(await service.post(f"{_BATCHES}/{path_segment(batch_id)}/cancel")))


def request_line(custom_id: str, deployment: str, body: Mapping[str, Any]) -> str:
    """One line of a batch's input file."""
    whole = {**body, "model": deployment}
    line = {"custom_id": custom_id, "method": "POST", "url": "/chat/completions", "body": whole}
    return json.dumps(line, ensure_ascii=False) + "\n"


def answered_lines(content: bytes) -> Iterator[BatchLine]:
    """The lines of an output or error file, in no order; lines that say nothing are left out."""
    for line in content.splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        custom_id = text(entry.get("custom_id")) if isinstance(entry, dict) else None
        if custom_id is None:
            continue
        response = mapping(entry.get("response"))
        body = mapping(response.get("body")) or {"error": mapping(entry.get("error"))}
        yield BatchLine(custom_id, integer(response.get("status_code")) or 0, body)


def _batch(value: Json) -> Batch:
    batch_id = identifier(value)
    if batch_id is None:
        raise not_understood("The batch has no id.")
    counts = mapping(value.get("request_counts"))
    errors = mapping(value.get("errors")).get("data")
    said = [str(mapping(error).get("message") or "") for error in errors] if isinstance(errors, list) else []
    return Batch(
        id=batch_id,
        status=(text(value.get("status")) or "unknown").lower(),
        output_file=text(value.get("output_file_id")) or None,
        error_file=text(value.get("error_file_id")) or None,
        total=integer(counts.get("total")) or 0,
        completed=integer(counts.get("completed")) or 0,
        failed=integer(counts.get("failed")) or 0,
        errors=" ".join(said)[:1_000],
        raw=raw(value),
    )
