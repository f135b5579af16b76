"""`/fine_tuning/alpha/graders`: run a grader on one sample, validate a definition."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cupola.graders import (
    GraderDefinitionError,
    GraderErrors,
    GraderResult,
    Multi,
    parse_grader,
    run_response,
    text_sample,
)

from ..body import read_object
from ..errors import ApiError, invalid_payload
from ..evals.calls import GraderModel
from ..evals.grading import graded
from ..jobs.graders import check_grader
from ..resource import Resource
from ..service import resource_of, service_of
from ..serving import Serving, find_serving, resolve_model

TYPES = ("string_check", "text_similarity", "python", "score_model", "multi")


def _definition(body: Mapping[str, Any]) -> dict[str, Any]:
    definition = body.get("grader")
    if not isinstance(definition, dict) or definition.get("type") not in TYPES:
        raise invalid_payload(f"Invalid value for grader.type. Supported values are: {', '.join(TYPES)}.")
    return definition


def _deployed_or_base(resource: Resource, name: str) -> Serving | None:
    """What answers for a grader model, which needs no deployment here."""
    return find_serving(resource, name) or resolve_model(resource, name)


def _unreadable_formula(definition: Mapping[str, Any], error: GraderDefinitionError) -> dict[str, Any]:
    """The result of a multi grader whose formula cannot be read; other faults are refusals. Raises ApiError."""
    formula = definition.get("calculate_output")
    if error.path != "grader.calculate_output" or not isinstance(formula, str):
        raise invalid_payload(f"Invalid grader. {error}") from error
    name = str(definition.get("name") or "multi")
    result = GraderResult(name, "multi", None, None, GraderErrors(formula_parse_error=True), str(error))
    return run_response(Multi(name, {}, formula), result)


async def run(request: Request) -> Response:
    """`POST .../run`: what the grader cannot do is told by flags in an answer of 200."""
    body, service = await read_object(request), service_of(request)
    definition = _definition(body)
    sample, item = body.get("model_sample"), body.get("item")
    if not isinstance(sample, str):
        raise invalid_payload("The model_sample field is required.")
    if item is not None and not isinstance(item, dict):
        raise invalid_payload("Invalid type for item: expected an object.")
    try:
        grader = parse_grader(definition, "grader")
    except GraderDefinitionError as error:
        return JSONResponse(_unreadable_formula(definition, error))
    started = time.perf_counter()
    model = GraderModel(service.resource, grader, _deployed_or_base)
    result = await graded(grader, item or {}, text_sample(sample), model, service.evals.bench)
    for payment in model.payments:
        payment.enter(service.resource)
    result = replace(result, execution_time=time.perf_counter() - started)
    return JSONResponse(run_response(grader, result))


async def validate(request: Request) -> Response:
    """`POST .../validate`: the definition as it was understood, or why it is refused."""
    body, resource = await read_object(request), resource_of(request)
    definition = _definition(body)
    check_grader({"grader": definition})
    for part in (definition.get("graders") or {"": definition}).values():
        if part.get("type") == "score_model" and _deployed_or_base(resource, part["model"]) is None:
            raise ApiError(400, "invalidPayload", f"Invalid grader. The model '{part['model']}' does not exist.")
    return JSONResponse({"grader": definition})


_GRADERS = "/fine_tuning/alpha/graders"

ROUTES = [
    Route(f"{_GRADERS}/run", run, methods=["POST"]),
    Route(f"{_GRADERS}/validate", validate, methods=["POST"]),
]
