"""What every inference call passes before a model answers it, and what is written down after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.requests import Request

from .deployments import lifecycle
from .deployments.skus import find_sku
from .engine import Answer
from .errors import ApiError
from .limits import Allowance, RateLimitExceeded, Wording, estimate_tokens, too_many_requests
from .resource import Resource
from .service import is_dated, resource_of
from .serving import Serving
from .state.deployments import Deployment
from .state.ledger import PaidCall, request_hash


def _deployment(serving: Serving) -> Deployment:
    if serving.deployment is None:
        raise ValueError("Only a deployment can be called.")
    return serving.deployment


def check_online(serving: Serving) -> None:
    """Refuse a batch deployment, which answers files of requests only. Raises ApiError."""
    sku = find_sku(_deployment(serving).sku)
    if sku is not None and sku.kind == "batch":
        message = f"The operation does not work with a deployment of the SKU '{sku.name}'."
        raise ApiError(400, "OperationNotSupported", message)


def take(resource: Resource, serving: Serving, tokens: int) -> Allowance:
    """Count a call against its deployment's limits and life. Raises ApiError and RateLimitExceeded.

    Args:
        tokens: What the call may cost, as `limits.estimate_tokens` has it.
    """
    check_online(serving)
    deployment = _deployment(serving)
    allowance = resource.limits.admit(deployment, tokens)
    lifecycle.touch(resource, deployment)
    return allowance


def admit(
    request: Request,
    serving: Serving,
    operation: str,
    messages: Iterable[Mapping[str, Any]],
    max_tokens: int,
    choices: int = 1,
) -> Allowance:
    """Let a call over HTTP in, or raise the service's 429 (ApiError).

    Args:
        operation: The operation's name in the service's refusals, such as `ChatCompletions_Create`.
    """
    resource = resource_of(request)
    try:
        return take(resource, serving, estimate_tokens(messages, max_tokens, choices))
    except RateLimitExceeded as exceeded:
        version = request.query_params.get("api-version") or "v1"
        names = (serving.base.name, _deployment(serving).name)
        wording: Wording = "dated" if is_dated(request) else "v1"
        raise too_many_requests(exceeded, wording, operation, version, names, resource.account.region) from exceeded


def note_paid(
    resource: Resource, serving: Serving, operation: str, body: Mapping[str, Any], answers: Sequence[Answer]
) -> None:
    """Enter an answered call into the ledger.

    Args:
        operation: What asked: `chat.completions`, `responses`, `evals`, `batch`.
        body: The request's JSON as it came, or as it would have come over HTTP.
    """
    name = _deployment(serving).name
    call = PaidCall(
        at=resource.clock.now(),
        operation=operation,
        deployment=name,
        model=serving.model,
        request_hash=request_hash(name, body),
        prompt_tokens=answers[0].prompt_tokens if answers else 0,
        completion_tokens=sum(answer.completion_tokens for answer in answers),
    )
    resource.ledger.record(call)
