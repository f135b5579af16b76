"""Obeying the wish to have the service say whether it takes a grader; nothing is paid for."""

from __future__ import annotations

from ..azure.client import Service
from ..azure.graders import validate
from ..errors import CupolaError, NotFoundError
from ..models import Intent, Problem

VALIDATE = "grader.validate"
"""Its target is the grader's name; arguments: `definition`, the grader in the service's JSON."""


async def obey(service: Service, intent: Intent) -> Problem | None:
    """None if the service takes it; else why not, or why it cannot be asked."""
    definition = intent.arguments.get("definition")
    try:
        problem = await validate(service, definition if isinstance(definition, dict) else {})
    except NotFoundError:
        return Problem(
            "This resource validates no graders.", remedy="It was checked here only, by the documented rules."
        )
    except CupolaError as error:
        return error.problem
    if problem is None:
        return None
    return Problem(f"The service refuses {intent.target}: {problem.what}", problem.why, problem.remedy, problem.raw)
