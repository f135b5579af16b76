"""Rate limits of deployments: leaky buckets of requests and tokens that drain in emulated time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .clock import Clock
from .deployments.skus import Limits, deployment_limits
from .errors import ApiError
from .state.deployments import Deployment

WINDOW_SECONDS = 60.0
"""A full bucket drains in this time."""

NEVER_SECONDS = 86_400
"""What the service tells a request to wait that is larger than the deployment's limit by itself."""

_CHARACTERS_PER_TOKEN = 4
_FORGET_BUCKETS = 1000

_SLACK_SECONDS = 0.05
"""Emulated seconds that a request may come early: a clock of this century is not finer at high speeds."""

Wording = Literal["dated", "v1"]
Kind = Literal["token", "call"]


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float
    """When the level was right, in unix seconds."""

    def wait(self, clock: Clock, cost: float, limit: int) -> float:
        """Emulated seconds until `cost` fits into what has not drained by now; infinite when it never will."""
        self.level = max(0.0, self.level - clock.passed(self.at) * limit / WINDOW_SECONDS)
        self.at = clock.now()
        return math.inf if cost > limit else max(0.0, (self.level + cost - limit) * WINDOW_SECONDS / limit)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a deployment has left after a request."""

    limits: Limits
    remaining_requests: int
    remaining_tokens: int

    def headers(self) -> dict[str, str]:
        """The headers that every inference answer carries."""
        headers = {}
        if self.limits.requests is not None:
            headers["x-ratelimit-limit-requests"] = str(self.limits.requests)
            headers["x-ratelimit-remaining-requests"] = str(self.remaining_requests)
        if self.limits.tokens is not None:
            headers["x-ratelimit-limit-tokens"] = str(self.limits.tokens)
            headers["x-ratelimit-remaining-tokens"] = str(self.remaining_tokens)
        return headers


class RateLimitExceeded(Exception):
    """A request that a deployment cannot take now."""

    def __init__(self, kind: Kind, seconds: float, allowance: Allowance) -> None:
        super().__init__(f"The {kind} rate limit is exceeded for {seconds:.3f} seconds.")
        self.kind = kind
        self.seconds = seconds
        """Real seconds to wait; `NEVER_SECONDS` when the request can never fit."""
        self.allowance = allowance


class RateLimits:
    """The buckets of every deployment. They live in memory: a restart starts with empty ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, float], tuple[_Bucket, _Bucket]] = {}

    def admit(self, deployment: Deployment, tokens: int) -> Allowance:
        """Count one request of so many estimated tokens. Raises RateLimitExceeded, and then counts nothing."""
        limits = deployment_limits(deployment)
        of_calls, of_tokens = self._of(deployment)
        waits: list[tuple[float, Kind]] = []
        if limits.tokens is not None:
            waits.append((of_tokens.wait(self._clock, tokens, limits.tokens), "token"))
        if limits.requests is not None:
            waits.append((of_calls.wait(self._clock, 1, limits.requests), "call"))
        longest, kind = max(waits, default=(0.0, "call"))
        if longest > _SLACK_SECONDS:
            real = NEVER_SECONDS if longest == math.inf else self._clock.real(longest)
            raise RateLimitExceeded(kind, real, self._allowance(limits, of_calls, of_tokens))
        of_calls.level += 1
        of_tokens.level += tokens
        return self._allowance(limits, of_calls, of_tokens)

    def _of(self, deployment: Deployment) -> tuple[_Bucket, _Bucket]:
        key = (deployment.name, deployment.created_at)
        buckets = self._buckets.get(key)
        if buckets is None:
            if len(self._buckets) >= _FORGET_BUCKETS:
                self._buckets.clear()
            now = self._clock.now()
            buckets = self._buckets[key] = (_Bucket(0.0, now), _Bucket(0.0, now))
        return buckets

    @staticmethod
    def _allowance(limits: Limits, of_calls: _Bucket, of_tokens: _Bucket) -> Allowance:
        return Allowance(
            limits,
            int(max(0.0, (limits.requests or 0) - of_calls.level)),
            int(max(0.0, (limits.tokens or 0) - of_tokens.level)),
        )


def estimate_tokens(messages: Iterable[Mapping[str, Any]], max_tokens: int, choices: int = 1) -> int:
    """What a request may cost before it is answered: its prompt by length, and all that it may say."""
    characters = 0
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            characters += len(content)
        elif isinstance(content, list):
            characters += sum(len(str(part.get("text", ""))) for part in content if isinstance(part, dict))
    return math.ceil(characters / _CHARACTERS_PER_TOKEN) + max_tokens * choices


def _message(
    exceeded: RateLimitExceeded, wording: Wording, operation: str, version: str, names: tuple[str, str], region: str
) -> str:
    wait = max(1, math.ceil(exceeded.seconds))
    kind = f"{exceeded.kind} rate limit"
    if wording == "dated":
        return (
            f"Requests to the {operation} Operation under Azure OpenAI API version {version} have exceeded {kind} of"
            f" your current OpenAI S0 pricing tier. Please retry after {wait} seconds. Please go here:"
            " https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
        )
    model, deployment = names
    return (
        f"Your requests to {model} for {deployment} in {region} have exceeded the {kind} for your current AIServices S0"
        f" pricing tier. This request was for {operation} under Azure OpenAI API version {version}. Please retry after"
        f" {wait} seconds. To increase your default rate limit, visit: https://aka.ms/oai/quotaincrease."
    )


def too_many_requests(
    exceeded: RateLimitExceeded, wording: Wording, operation: str, version: str, names: tuple[str, str], region: str
) -> ApiError:
    """The service's 429.

    Args:
        wording: Which of the two recorded sentences: dated routes have the older one.
        operation: The operation's name, such as `ChatCompletions_Create`.
        version: The api-version of the request.
        names: The model's and the deployment's name.
        region: The region's display name.
    """
    headers = {
        **exceeded.allowance.headers(),
        "retry-after": str(max(1, math.ceil(exceeded.seconds))),
        "retry-after-ms": str(max(1, math.ceil(exceeded.seconds * 1000))),
    }
    return ApiError(429, "429", _message(exceeded, wording, operation, version, names, region), headers=headers)
