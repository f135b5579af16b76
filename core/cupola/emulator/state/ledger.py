"""The ledger: every inference call that was answered, and so paid for."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .database import transaction


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


_COLUMNS = PaidCall.__slots__
_INSERT = f"INSERT INTO ledger ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


@dataclass(frozen=True, slots=True)
class Totals:
    """What all calls come to."""

    calls: int
    distinct_requests: int
    prompt_tokens: int
    completion_tokens: int


class Ledger:
    """Writes calls down and reads them back.

    Calls that are answered in the same turn of the event loop are written together at its end: a batch of answers then
    costs one commit, not one each.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._pending: list[PaidCall] = []

    def record(self, call: PaidCall) -> None:
        """Write a call down by the end of the event loop's turn; inside a transaction at once, as a part of it."""
        if self._database.in_transaction:
            self._write([call])
            return
        if not self._pending:
            asyncio.get_running_loop().call_soon(self.flush)
        self._pending.append(call)

    def flush(self) -> None:
        """Write down what is pending; not inside a transaction, whose failure would take others' calls along."""
        if not self._pending or self._database.in_transaction:
            return
        pending, self._pending = self._pending, []
        with transaction(self._database):
            self._write(pending)

    def _write(self, calls: Sequence[PaidCall]) -> None:
        self._database.executemany(_INSERT, [[getattr(call, column) for column in _COLUMNS] for call in calls])

    def page(self, after: int, limit: int, request_hash: str | None = None) -> list[tuple[int, PaidCall]]:
        """Calls after a sequence number, oldest first, each with its own; those of one request if it is named."""
        self.flush()
        rows = self._database.execute(
            "SELECT * FROM ledger WHERE seq > ? AND (? IS NULL OR request_hash = ?) ORDER BY seq LIMIT ?",
            (after, request_hash, request_hash, limit),
        )
        return [(row["seq"], PaidCall(**{column: row[column] for column in _COLUMNS})) for row in rows]

    def totals(self) -> Totals:
        """The sums over the whole ledger."""
        self.flush()
        row = self._database.execute(
            "SELECT count(*), count(DISTINCT request_hash), coalesce(sum(prompt_tokens), 0),"
            " coalesce(sum(completion_tokens), 0) FROM ledger"
        ).fetchone()
        return Totals(*row)
