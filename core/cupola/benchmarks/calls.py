"""Paid calls: found in the journal, or journalled, sent, retried where that is right, and answered once for all."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import CupolaError, NotAllowedError, NotFoundError, ServiceError, ThrottledError, UnreachableError
from ..store import answers
from ..store.answers import Answer, AnswerState, Entry, Sent
from .gate import Gate
from .hashing import canonical, digest_text
from .journal import Journal
from .lanes import AGAIN_FIRST, Lane, LaneClosedError
from .prices import TokenPrice, price_of
from .prompt_tokens import most_completion, most_tokens
from .purse import Purse

if TYPE_CHECKING:
    from ..azure.wire.chat import ChatReply

ATTEMPTS = 6
"""How often a call that fails is sent in one run."""

LONGEST_WAIT = 300.0
"""Seconds; a deployment that asks for more patience is left alone for this run."""

FAILURES_IN_A_ROW = 40
"""After so many the deployment is left alone for this run."""

_THROTTLES = 100
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0
_GUESSED_COMPLETION = 300


class AskChat(Protocol):
    """Sends one chat request, as `cupola.azure.chat.Chat.ask` does."""

    def __call__(self, deployment: str, body: Mapping[str, Any], /) -> Awaitable[ChatReply]: ...


@dataclass(frozen=True)
class Request:
    """One question to one deployment."""

    deployment: str
    body: Mapping[str, Any]
    """Messages and sampling."""
    number: int = 0
    """Which of several answers to the same question is wanted."""
    purpose: str = "arm"
    model: str = ""
    """For the price; the model that answers says it where this is empty."""
    tier: str = "globalStandard"
    known_hash: str = ""
    """The hash, where it has been computed before."""

    @cached_property
    def hash(self) -> str:
        """Of deployment, messages and sampling."""
        return self.known_hash or request_hash(self.deployment, self.body)

    @property
    def key(self) -> tuple[str, int]:
        """What the journal knows it by."""
        return self.hash, self.number


def request_hash(deployment: str, body: Mapping[str, Any]) -> str:
    """The content hash of what is asked of whom."""
    return digest_text(canonical([deployment, body]))


@dataclass(slots=True)
class Tally:
    """What the calls of one run came to."""

    asked: int = 0
    throttled: int = 0
    lost: int = 0
    reused: int = 0
    unpriced: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(slots=True)
class Calls:
    """Answers requests from the journal or the service. To be used in one event loop."""

    ask: AskChat
    journal: Journal
    purse: Purse
    first_limit: float = 16.0
    most_at_once: int = 256
    attempts: int = ATTEMPTS
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    tally: Tally = field(default_factory=Tally)
    lanes: dict[str, Lane] = field(default_factory=dict)
    _under_way: dict[tuple[str, int], asyncio.Future[Answer]] = field(default_factory=dict)

    def lane(self, deployment: str) -> Lane:
        """The queue before a deployment."""
        if deployment not in self.lanes:
            gate = Gate(limit=self.first_limit, most=self.most_at_once)
            self.lanes[deployment] = Lane(deployment, gate, self.monotonic)
        return self.lanes[deployment]

    async def answer(self, request: Request, rank: float) -> Answer:
        """The answer to a request: the stored one, the one that is being asked for already, or a new one.

        Raises:
            LaneClosedError: the deployment will not answer for now; nothing was sent.
            BudgetSpentError: likewise, by the budget.
            StoreError: the journal cannot be written; nothing was sent.
        """
        under_way = self._under_way.get(request.key)
        if under_way is not None:
            return await asyncio.shield(under_way)
        known = answers.find(self.journal.database, request.hash, request.number)
        if known is not None and known.answer.state is AnswerState.ANSWERED:
            self.tally.reused += 1
            return known.answer
        await self.lane(request.deployment).enter(rank)
        return await self.answer_now(request, known)

    async def answer_now(self, request: Request, known: Entry | None) -> Answer:
        """Ask, with leave of the lane; others who want the same answer meanwhile are given this one.

        Args:
            request: What to ask.
            known: What the journal knows of it: an attempt that failed, or one that was lost with a dead worker.
        """
        if request.key in self._under_way:
            self._leave(request)
            return await asyncio.shield(self._under_way[request.key])
        shared: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._under_way[request.key] = shared
        try:
            answer = await self._asked(request, known)
        except BaseException as error:
            shared.set_exception(
                error if isinstance(error, CupolaError) else LaneClosedError("The run was called off.")
            )
            shared.exception()
            raise
        else:
            shared.set_result(answer)
            return answer
        finally:
            del self._under_way[request.key]

    async def _asked(self, request: Request, known: Entry | None) -> Answer:
        lane, price = self.lane(request.deployment), price_of(request.model, request.tier) if request.model else None
        sent = self._first(request, known)
        failures = throttles = 0
        while True:
            guess = self._guess(request, price)
            try:
                await self.purse.take(guess)
            except BaseException:
                self._leave(request)
                raise
            outcome = await self._once(request, lane, sent, guess, price)
            if isinstance(outcome, Answer):
                return outcome
            throttled = isinstance(outcome, ThrottledError)
            failures, throttles = failures + (not throttled), throttles + throttled
            sent = replace(sent, lost=sent.lost + _may_be_lost(outcome))
            if failures >= self.attempts or throttles >= _THROTTLES or not _passes(outcome):
                return await self._failed(sent, outcome)
            if not throttled:
                pause = min(_FIRST_PAUSE * 2.0 ** (failures - 1), _LONGEST_PAUSE)
                await self.sleep(max(pause * (0.75 + 0.5 * self.chance()), outcome.retry_after or 0.0))
            try:
                await lane.enter(AGAIN_FIRST)
            except LaneClosedError:
                return await self._failed(sent, outcome)
            sent = replace(sent, sent_at=self.clock(), attempt=sent.attempt + 1)

    def _first(self, request: Request, known: Entry | None) -> Sent:
        body = json.dumps(request.body, ensure_ascii=False) if request.purpose != "arm" else None
        lost = 0
        if known is not None:
            # A row that was sent and has no answer outlived its worker.
            vanished = known.answer.state is AnswerState.SENT
            self.tally.lost += vanished
            lost = known.sent.lost + vanished
        return Sent(
            request=request.hash,
            number=request.number,
            purpose=request.purpose,
            deployment=request.deployment,
            sent_at=self.clock(),
            attempt=known.sent.attempt + 1 if known else 1,
            lost=lost,
            body=body,
        )

    async def _once(
        self, request: Request, lane: Lane, sent: Sent, guess: float, price: TokenPrice | None
    ) -> Answer | ServiceError:
        """One attempt. Whatever happens, the lane and the purse are told."""
        usd: float | None = 0.0
        left_at = self.monotonic()
        told = False
        try:
            await self.journal.sent(sent)
            self.tally.asked += 1
            left_at = self.monotonic()
            reply = await self.ask(request.deployment, request.body)
            lane.gate.succeeded(self.monotonic() - left_at)
            lane.failures, told = 0, True
            # Others may go while this answer is being committed.
            lane.pump()
            answer = self._answered(request, reply, price)
            usd = answer.usd
            await self.journal.answered(answer)
            return answer
        except ThrottledError as error:
            self.tally.throttled += 1
            lane.gate.throttled(self.monotonic(), left_at, error.retry_after, self.chance())
            told = True
            if (error.retry_after or 0.0) > LONGEST_WAIT:
                lane.close(error)
            return error
        except ServiceError as error:
            self._note_failure(lane, error)
            return error
        finally:
            self.purse.settle(request.deployment, guess, usd)
            if not told:
                lane.gate.failed()
            lane.pump()

    def _note_failure(self, lane: Lane, error: ServiceError) -> None:
        self.tally.lost += _may_be_lost(error)
        if isinstance(error, UnreachableError):
            lane.failures += 1
        if isinstance(error, NotAllowedError | NotFoundError) or lane.failures >= FAILURES_IN_A_ROW:
            lane.close(error)

    def _answered(self, request: Request, reply: ChatReply, price: TokenPrice | None) -> Answer:
        price = price or price_of(request.model or reply.model or "", request.tier)
        answer = answer_of(reply, request.hash, request.number, price, self.clock())
        self.tally.unpriced += answer.usd is None
        self.tally.prompt_tokens += reply.prompt_tokens or 0
        self.tally.completion_tokens += reply.completion_tokens or 0
        return answer

    async def _failed(self, sent: Sent, error: ServiceError) -> Answer:
        """Give up for this run; the journal learns as well whether the last attempt may have been paid for."""
        answer = Answer(sent.request, sent.number, AnswerState.FAILED, answered_at=self.clock(), problem=error.problem)
        await self.journal.failed(sent, answer)
        return answer

    def _guess(self, request: Request, price: TokenPrice | None) -> float:
        """The most that a call may cost, as far as its request bounds that."""
        if self.purse.budget is None:
            return 0.0
        dearest = self.purse.dearest(request.deployment)
        if price is None:
            return dearest
        body = request.body
        prompt = most_tokens(body.get("messages", ()), request.model, body.get("tools"), body.get("response_format"))
        bound = most_completion(body)
        if bound is not None:
            return price.usd(prompt, bound)
        # Nothing bounds the answer: what came before and a declared guess must do.
        return max(dearest, price.usd(prompt, _GUESSED_COMPLETION))

    def _leave(self, request: Request) -> None:
        """Give back the lane's leave unused."""
        lane = self.lane(request.deployment)
        lane.gate.failed()
        lane.pump()


def answer_of(
    reply: ChatReply, request: str, number: int, price: TokenPrice | None, now: float, *, timed: bool = True
) -> Answer:
    """A reply as the journal keeps it, with its cost.

    Args:
        reply: What the deployment said.
        request: The request's hash.
        number: Which answer to it this is.
        price: Of the model's tokens; None is not known.
        now: When, in unix seconds.
        timed: Whether the reply's duration was measured.
    """
    usd = None
    if reply.prompt_tokens is None and reply.filtered:
        # A prompt that the filter stopped reached no model.
        usd = 0.0
    elif price is not None and reply.prompt_tokens is not None and reply.completion_tokens is not None:
        usd = price.usd(reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens or 0)
    return Answer(
        request=request,
        number=number,
        state=AnswerState.ANSWERED,
        answered_at=now,
        text=reply.text,
        finish_reason=reply.finish_reason,
        refusal=reply.refusal,
        filtered=reply.filtered,
        tools=json.dumps(reply.tool_calls) if reply.tool_calls else None,
        model=reply.model,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        cached_tokens=reply.cached_tokens,
        reasoning_tokens=reply.reasoning_tokens,
        first_token_seconds=reply.first_token_seconds if timed else None,
        seconds=reply.seconds if timed else None,
        usd=usd,
        price=price.source if price and usd is not None else None,
        raw=reply.raw,
    )


def _passes(error: ServiceError) -> bool:
    """Whether the same request may be answered a little later."""
    return isinstance(error, ThrottledError | UnreachableError)


def _may_be_lost(error: ServiceError) -> bool:
    """Whether the request may have been answered, and paid for, without our hearing of it."""
    return isinstance(error, UnreachableError) and error.status is None
