"""The journal of paid calls: a row is there before its request leaves, its answer before anything uses it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from ..models import Problem
from .database import Database, Stored


class AnswerState(StrEnum):
    """How far a call has come."""

    SENT = "sent"
    """It left, or was about to. Found after a worker's death, it counts as lost in flight."""
    ANSWERED = "answered"
    FAILED = "failed"
    """The service refused it, or failed as often as it was asked. It may be asked again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A call about to leave."""

    request: str
    """The hash of what is asked: deployment, messages, sampling."""
    number: int
    """Which of several answers to that same request."""
    purpose: str
    """arm or grader."""
    deployment: str
    sent_at: float
    attempt: int = 1
    lost: int = 0
    """How many earlier attempts may have been paid for but were never heard of again."""
    body: str | None = None
    """The request's JSON where it cannot be made again from an item: graders' prompts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Times are unix seconds, durations seconds; None is not told."""

    request: str
    number: int
    state: AnswerState
    answered_at: float | None = None
    text: str | None = None
    finish_reason: str | None = None
    refusal: str | None = None
    filtered: bool = False
    """The content filter held back the prompt or the answer."""
    tools: str | None = None
    """The tool calls as JSON."""
    model: str | None = None
    """The model that answered, as the service names it."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    """Reasoning included."""
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    first_token_seconds: float | None = None
    seconds: float | None = None
    """Of the attempt that was answered."""
    usd: float | None = None
    price: str | None = None
    """Source and date of the price."""
    problem: Problem | None = None
    raw: str | None = None
    """The whole answer's JSON."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A call with its answer, as stored."""

    sent: Sent
    answer: Answer


_ANSWER = (
    "state, answered_at, text, finish_reason, refusal, filtered, tools, model, prompt_tokens, completion_tokens,"
    " cached_tokens, reasoning_tokens, first_token_seconds, seconds, usd, price, problem, raw"
)
_SET_ANSWER = ", ".join(f"{name.strip()} = ?" for name in _ANSWER.split(","))


def write(database: Database, sent: Sequence[Sent], answered: Sequence[Answer]) -> None:
    """Commit calls about to leave and answers that came, all or nothing."""
    with database.transaction() as connection:
        enter(connection, sent, answered)


def enter(connection: sqlite3.Connection, sent: Sequence[Sent], answered: Sequence[Answer]) -> None:
    """Write them in a transaction that is open already; an answer that is there is never replaced."""
    connection.executemany(
        "INSERT INTO answers (request, number, purpose, deployment, state, attempt, lost, sent_at, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request, number) DO UPDATE SET"
        " state = excluded.state, attempt = excluded.attempt, lost = excluded.lost, sent_at = excluded.sent_at"
        " WHERE state != 'answered'",
        [
            (s.request, s.number, s.purpose, s.deployment, AnswerState.SENT, s.attempt, s.lost, s.sent_at, s.body)
            for s in sent
        ],
    )
    connection.executemany(
        f"UPDATE answers SET {_SET_ANSWER} WHERE request = ? AND number = ? AND state != 'answered'",
        [(*_values(answer), answer.request, answer.number) for answer in answered],
    )


def find(database: Database, request: str, number: int) -> Entry | None:
    """One call."""
    rows = database.rows("SELECT * FROM answers WHERE request = ? AND number = ?", (request, number))
    return entry_of(rows[0]) if rows else None


def find_many(database: Database, keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
    """The calls of these requests and numbers that are stored."""
    wanted = list(keys)
    found: dict[tuple[str, int], Entry] = {}
    for start in range(0, len(wanted), 400):
        part = wanted[start : start + 400]
        marks = ", ".join("(?, ?)" for _ in part)
        query = f"SELECT * FROM answers WHERE (request, number) IN (VALUES {marks})"
        for row in database.rows(query, tuple(value for key in part for value in key)):
            found[row["request"], row["number"]] = entry_of(row)
    return found


def of_run(database: Database, run_id: int) -> list[Entry]:
    """The stored calls that answer a run's rows, in no order."""
    query = "SELECT * FROM answers WHERE (request, number) IN (SELECT DISTINCT request, number FROM asks WHERE run = ?)"
    return [entry_of(row) for row in database.rows(query, (run_id,))]


def count_by_state(database: Database) -> dict[AnswerState, int]:
    """How many calls stand in each state."""
    return {
        AnswerState(row[0]): int(row[1]) for row in database.rows("SELECT state, count(*) FROM answers GROUP BY state")
    }


def _values(answer: Answer) -> tuple[object, ...]:
    return (
        *(answer.state, answer.answered_at, answer.text, answer.finish_reason, answer.refusal, answer.filtered),
        *(answer.tools, answer.model, answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens),
        *(answer.reasoning_tokens, answer.first_token_seconds, answer.seconds, answer.usd, answer.price),
        *(json.dumps(asdict(answer.problem)) if answer.problem else None, answer.raw),
    )


def entry_of(row: Stored) -> Entry:
    sent = Sent(
        request=row["request"],
        number=row["number"],
        purpose=row["purpose"],
        deployment=row["deployment"],
        sent_at=row["sent_at"],
        attempt=row["attempt"],
        lost=row["lost"],
        body=row["body"],
    )
    answer = Answer(
        request=row["request"],
        number=row["number"],
        state=AnswerState(row["state"]),
        answered_at=row["answered_at"],
        text=row["text"],
        finish_reason=row["finish_reason"],
        refusal=row["refusal"],
        filtered=bool(row["filtered"]),
        tools=row["tools"],
        model=row["model"],
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        cached_tokens=row["cached_tokens"],
        reasoning_tokens=row["reasoning_tokens"],
        first_token_seconds=row["first_token_seconds"],
        seconds=row["seconds"],
        usd=row["usd"],
        price=row["price"],
        problem=Problem(**json.loads(row["problem"])) if row["problem"] else None,
        raw=row["raw"],
    )
    return Entry(sent, answer)
