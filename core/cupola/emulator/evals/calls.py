"""Calls that an evaluation makes to deployments: let in, answered at the declared pace, paid for once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cupola.graders import Grader, ModelReply, ModelRequest, ScoreModel

from ..admission import note_paid, take
from ..chat.content_filter import check_prompt
from ..engine import Answer
from ..errors import ApiError, deployment_not_found
from ..judge import judge
from ..limits import NEVER_SECONDS, RateLimitExceeded, estimate_tokens
from ..pacing import keep_pace
from ..resource import Resource
from ..serving import Serving, find_serving

OPERATION = "evals"
MOST_TRIES = 6
"""How often a call that a deployment's limits refuse is made, the waits that it names between."""

_JUDGE_TOKENS = 512
"""What a verdict may come to where the grader sets no limit."""


@dataclass(frozen=True, slots=True)
class Payment:
    """An answered call that is to be entered into the ledger together with what it was for."""

    serving: Serving
    body: Mapping[str, Any]
    answer: Answer

    def enter(self, resource: Resource) -> None:
        """Enter it, inside the caller's transaction."""
        note_paid(resource, self.serving, OPERATION, self.body, [self.answer])
        resource.ledger.flush()


async def admitted(resource: Resource, serving: Serving, tokens: int) -> None:
    """Wait until the deployment takes a call. Raises ApiError when it will not, or not in time."""
    for _ in range(MOST_TRIES):
        try:
            take(resource, serving, tokens)
        except RateLimitExceeded as exceeded:
            if exceeded.seconds >= NEVER_SECONDS:
                break
            await asyncio.sleep(exceeded.seconds)
        else:
            return
    raise ApiError(429, "429", "The evaluation exceeded the rate limit of its deployment. Raise its capacity.")


class GraderModel:
    """Answers the prompts of one model grader through its deployment, by the judge."""

    def __init__(self, resource: Resource, grader: Grader, resolve: Callable[[Resource, str], Serving | None]) -> None:
        self._resource = resource
        self._scale = grader.range if isinstance(grader, ScoreModel) else (0.0, 1.0)
        self._resolve = resolve
        self.payments: list[Payment] = []
        """Answered calls to deployments, not yet in the ledger."""

    async def ask(self, request: ModelRequest) -> ModelReply:
        """The judge's reply, or why there is none."""
        serving = self._resolve(self._resource, request.model)
        if serving is None:
            return ModelReply(error=deployment_not_found().message)
        try:
            check_prompt(request.messages)
            if serving.deployment is not None:
                limit = request.sampling.get("max_completion_tokens")
                most = limit if isinstance(limit, int) else _JUDGE_TOKENS
                await admitted(self._resource, serving, estimate_tokens(request.messages, most))
        except ApiError as refusal:
            if refusal.code == "content_filter":
                return ModelReply(refusal=refusal.message)
            return ModelReply(error=refusal.message)
        return await self._answered(serving, request)

    async def _answered(self, serving: Serving, request: ModelRequest) -> ModelReply:
        started = asyncio.get_running_loop().time()
        reply = await asyncio.to_thread(judge, request, self._scale)
        usage = reply.usage
        if serving.deployment is not None:
            body = {"messages": request.messages, "response_format": request.response_format, **request.sampling}
            answer = Answer(reply.text, "stop", usage.prompt_tokens, usage.completion_tokens)
            self.payments.append(Payment(serving, body, answer))
        await keep_pace(self._resource.clock, serving.base, started, usage.completion_tokens)
        return replace(reply, model=serving.model)


def deployed(resource: Resource, name: str) -> Serving | None:
    """What answers for an evaluation's grader: a deployment."""
    return find_serving(resource, name)
