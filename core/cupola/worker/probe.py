"""Asking a new deployment for one token: only an answer proves that it is there. The call is journalled, and paid."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..azure.chat import Chat
from ..azure.wire.chat import ChatReply
from ..benchmarks.hashing import digest
from ..benchmarks.prices import price_of
from ..errors import NotAllowedError, NotFoundError, ServiceError, ThrottledError, UnreachableError
from ..models import Problem
from ..store import answers
from ..store.answers import Answer, AnswerState, Sent
from ..store.database import Database
from ..store.deployments import Deployment

BODY = {"messages": [{"role": "user", "content": "ping"}], "max_completion_tokens": 1}
_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the data plane answers for a deployment."""

    answers: bool
    words: str = ""
    problem: Problem | None = None
    wait: float | None = None
    """Seconds that the service asks to wait."""


async def probe(database: Database, chat: Chat, row: Deployment) -> Verdict:
    """Ask once. What an earlier worker was answered counts, and is not paid for again."""
    request = digest({"probe": row.name, "made": row.nonce or row.created_at, "body": BODY})
    before = answers.find(database, request, 0)
    if before is not None and before.answer.state is AnswerState.ANSWERED:
        return Verdict(True, "It answers.")
    attempt, lost = (1, 0) if before is None else (before.sent.attempt + 1, before.sent.lost)
    if before is not None and before.answer.state is AnswerState.SENT:
        lost += 1
    sent = Sent(request, 0, "probe", row.name, chat.clock(), attempt, lost, json.dumps(BODY))
    answers.write(database, [sent], [])
    try:
        reply = await chat.ask(row.name, BODY)
    except UnreachableError as error:
        # No answer is no refusal: it may have been paid for, and stays in the journal as lost in flight.
        return Verdict(False, problem=error.problem, wait=error.retry_after)
    except ServiceError as error:
        failed = Answer(request, 0, AnswerState.FAILED, answered_at=chat.clock(), problem=error.problem)
        answers.write(database, [], [failed])
        return _refused(error)
    answers.write(database, [], [_answer(request, row, reply, chat.clock())])
    seconds = f" in {reply.seconds:.1f} s" if reply.seconds is not None else ""
    return Verdict(True, f"It answers{seconds}.")


def _refused(error: ServiceError) -> Verdict:
    if isinstance(error, NotFoundError):
        return Verdict(False, wait=error.retry_after)
    if isinstance(error, ThrottledError):
        return Verdict(False, problem=error.problem, wait=min(error.retry_after or 0.0, _LONGEST_WAIT))
    if isinstance(error, NotAllowedError) or error.status is None:
        return Verdict(False, problem=error.problem, wait=error.retry_after)
    # Whoever objects to the question is there.
    return Verdict(True, "It answers, though it refused to be asked for one token.")


def _answer(request: str, row: Deployment, reply: ChatReply, now: float) -> Answer:
    price = price_of(row.model)
    told = reply.prompt_tokens is not None and reply.completion_tokens is not None
    usd = None
    if price is not None and told:
        usd = price.usd(reply.prompt_tokens or 0, reply.completion_tokens or 0)
    return Answer(
        request,
        0,
        AnswerState.ANSWERED,
        answered_at=now,
        text=reply.text,
        finish_reason=reply.finish_reason,
        model=reply.model,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        seconds=reply.seconds,
        usd=usd,
        price=price.source if price else None,
    )
