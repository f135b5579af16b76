"""Grading stored answers: graders read them, and the models that graders ask go through the same journal."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ..errors import CupolaError
from ..graders import (
    EndpointReply,
    EndpointRequest,
    GraderResult,
    ModelReply,
    ModelRequest,
    PythonSandbox,
    TokenUsage,
    run_grader_async,
    text_sample,
)
from ..store.answers import Answer, AnswerState
from ..store.grades import Grade
from .calls import Calls, Request
from .definition import GraderUse
from .items import Item
from .lanes import GRADERS_FIRST
from .prices import price_of

Post = Callable[[EndpointRequest], Awaitable[EndpointReply]]


class _PutOffError(Exception):
    """A grader's call could not be made now; the grading is left open instead of failed."""

    def __init__(self, cause: CupolaError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(slots=True)
class GradingRoom:
    """What graders need of the world."""

    calls: Calls
    sandbox: PythonSandbox
    post: Post | None = None
    clock: Callable[[], float] = time.time

    async def grade(self, use: GraderUse, item: Item, answer: Answer, again: int = 0) -> Grade:
        """Grade one answer; not yet stored.

        Raises:
            LaneClosedError, BudgetSpentError: a model that the grader asks will not answer now. Nothing is graded.
        """
        asked: list[tuple[str, int]] = []

        async def ask_model(request: ModelRequest) -> ModelReply:
            # Where a deployment bears its model's name, its price is known before the first answer; else that tells it.
            model = request.model if price_of(request.model) is not None else ""
            call = Request(request.model, body_of(request), again, "grader", model)
            asked.append(call.key)
            try:
                return reply_of(await self.calls.answer(call, GRADERS_FIRST))
            except CupolaError as error:
                raise _PutOffError(error) from error

        try:
            result = await run_grader_async(
                use.grader, item.fields, sample_of(answer), ask_model, sandbox=self.sandbox, post=self.post
            )
        except _PutOffError as put_off:
            raise put_off.cause from None
        return grade_of(result, use, item, answer, tuple(asked), self.clock(), again)


def body_of(request: ModelRequest) -> dict[str, Any]:
    """A grader's prompt as a chat request."""
    form = {} if request.response_format is None else {"response_format": dict(request.response_format)}
    return {"messages": [dict(message) for message in request.messages], **request.sampling, **form}


def sample_of(answer: Answer) -> dict[str, Any]:
    """An answer as graders see it."""
    return text_sample(answer.text or "", tool_calls=json.loads(answer.tools) if answer.tools else ())


def reply_of(answer: Answer) -> ModelReply:
    """A stored answer as a grader model's reply."""
    usage = TokenUsage(
        answer.prompt_tokens or 0,
        answer.completion_tokens or 0,
        answer.reasoning_tokens or 0,
        answer.cached_tokens or 0,
    )
    if answer.state is not AnswerState.ANSWERED:
        why = answer.problem.what if answer.problem else "There is no answer."
        return ModelReply(error=why, usage=usage)
    if answer.filtered:
        return ModelReply(error="The content filter stopped the grader's prompt or answer.", usage=usage)
    return ModelReply(answer.text or "", answer.model, answer.refusal, usage=usage)


def grade_of(
    result: GraderResult,
    use: GraderUse,
    item: Item,
    answer: Answer,
    calls: tuple[tuple[str, int], ...],
    now: float,
    again: int = 0,
) -> Grade:
    """A grader's result as the store keeps it."""
    return Grade(
        request=answer.request,
        number=answer.number,
        item=item.hash,
        grader=use.hash,
        reward=result.reward,
        passed=result.passed,
        again=again,
        label=result.label,
        errors=result.errors.families,
        details=result.details,
        parts=result.sub_rewards,
        calls=calls,
        graded_at=now,
    )
