"""The running emulator: what every route needs, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

from .faults import Faults
from .inference.client import Inference
from .resource import Resource
from .training.lifecycle import Lifecycle

if TYPE_CHECKING:
    # Evaluations and batches call deployments as requests do, by way of what this module offers.
    from .batch.runner import BatchRunner
    from .evals.runner import EvalRunner
    from .responses.background import BackgroundResponses


@dataclass(frozen=True, slots=True)
class Service:
    """One emulated resource with the processes that answer and train for it."""

    resource: Resource
    inference: Inference
    lifecycle: Lifecycle
    evals: EvalRunner
    batches: BatchRunner
    background: BackgroundResponses
    faults: Faults


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


def resource_of(request: Request) -> Resource:
    """The resource that a request came to."""
    return service_of(request).resource


def is_dated(request: Request) -> bool:
    """Whether the request came over a route with an api-version."""
    return bool(request.scope["cupola.surface"] == "dated")


def created_status(request: Request) -> int:
    """The status of a successful create: 201 on dated routes, 200 on v1."""
    return 201 if is_dated(request) else 200
