"""The ledger: every inference call that was answered, and so paid for."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PaidCall:
    """One inference call that a model has answered, whether or not the answer arrived."""

    at: float
    """Unix seconds."""
    operation: str
    """What asked: `chat.completions`, `responses`, `evals`, `batch`."""
    deployment: str
    model: str
    request_hash: str
    prompt_tokens: int
    completion_tokens: int


def request_hash(deployment: str, body: Mapping[str, Any]) -> str:
    """SHA-256 of a request's canonical JSON, with the deployment as its `model`: the same question, the same hash."""
    canonical = json.dumps({**body, "model": deployment}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def record(database: sqlite3.Connection, call: PaidCall) -> None:
    """Write a call down."""
    database.execute(
        "INSERT INTO ledger (at, operation, deployment, model, request_hash, prompt_tokens, completion_tokens)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            call.at,
            call.operation,
            call.deployment,
            call.model,
            call.request_hash,
            call.prompt_tokens,
            call.completion_tokens,
        ),
    )


def page(
    database: sqlite3.Connection, after: int, limit: int, request_hash: str | None = None
) -> list[tuple[int, PaidCall]]:
    """Calls after a sequence number, oldest first, each with its own number; those of one request if it is named."""
    rows = database.execute(
        "SELECT * FROM ledger WHERE seq > ? AND (? IS NULL OR request_hash = ?) ORDER BY seq LIMIT ?",
        (after, request_hash, request_hash, limit),
    )
    return [(row["seq"], PaidCall(**{name: row[name] for name in PaidCall.__slots__})) for row in rows]


@dataclass(frozen=True, slots=True)
class Totals:
    """What all calls come to."""

    calls: int
    distinct_requests: int
    prompt_tokens: int
    completion_tokens: int


def totals(database: sqlite3.Connection) -> Totals:
    """The sums over the whole ledger."""
    row = database.execute(
        "SELECT count(*), count(DISTINCT request_hash), coalesce(sum(prompt_tokens), 0),"
        " coalesce(sum(completion_tokens), 0) FROM ledger"
    ).fetchone()
    return Totals(*row)
