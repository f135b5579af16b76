"""The service's own trial of a grader: whether it takes it, and what it gives an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import NotFoundError, ServiceError
from ..models import Problem
from .client import Service
from .wire.reading import Json, parse

_GRADERS = "/fine_tuning/alpha/graders"


async def validate(service: Service, grader: Mapping[str, Any]) -> Problem | None:
    """Why the service would refuse a grader; None if it takes it.

    Raises:
        NotFoundError: this resource or route validates no graders.
        UnreachableError, ThrottledError, NotAllowedError: it could not be asked.
    """
    try:
        await service.post(f"{_GRADERS}/validate", {"grader": dict(grader)})
    except NotFoundError:
        raise
    except ServiceError as error:
        if error.status not in (400, 422):
            raise
        return error.problem
    return None


async def run(service: Service, grader: Mapping[str, Any], answer: str, item: Mapping[str, Any]) -> Json:
    """Grade one answer at the service; its `graders/run` response. Model graders are paid for.

    Raises:
        ServiceError: the service refused, or could not be asked.
    """
    body = {"grader": dict(grader), "model_sample": answer, "item": dict(item)}
    return parse(await service.post(f"{_GRADERS}/run", body))
