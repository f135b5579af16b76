"""Runs any grader on one sample, for synchronous and asynchronous callers alike."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from .calls import AskModel, Call, EndpointReply, EndpointRequest, ModelReply, ModelRequest, Post, PythonCall, Reply
from .endpoint import endpoint_request
from .formula import FormulaError, evaluate, parse_formula
from .label_model import label_request
from .records import Endpoint, Grader, LabelModel, Multi, PythonGrader, ScoreModel, StringCheck, TextSimilarity
from .result import GraderErrors, GraderResult
from .sandbox import PythonSandbox
from .score_model import score_request
from .string_check import check
from .template import InvalidVariableError, render
from .verdicts import endpoint_result, failed, model_result, python_result, similarity_result

Grading = Generator[Call, Reply, GraderResult]
"""Yields what it asks of the outside world, is sent each answer, and returns the result."""

Clock = Callable[[], float]

_NO_MODEL = ModelReply(error="There is no model to ask for this grader.")
_NO_ENDPOINT = EndpointReply(error="There is nothing to send this endpoint grader's request with.")


def grading(grader: Grader, item: Mapping[str, Any], sample: Mapping[str, Any]) -> Grading:
    """Grade one sample step by step; the outside world is reached only through what is yielded.

    `item` holds the row's fields and `sample` the answer, as `text_sample` makes it.
    """
    try:
        result = yield from _graded(grader, item, sample)
    except InvalidVariableError as error:
        unparsed = error.variable.startswith("sample.output_json") and "output_json" not in sample
        flag = GraderErrors(sample_parse_error=True) if unparsed else GraderErrors(invalid_variable_error=True)
        return failed(grader, flag, "The answer is not JSON." if unparsed else str(error))
    if result.reward is None or grader.pass_threshold is None:
        return result
    return replace(result, passed=result.reward >= grader.pass_threshold)


def run_grader(
    grader: Grader,
    item: Mapping[str, Any],
    sample: Mapping[str, Any],
    ask_model: AskModel | None = None,
    *,
    post: Post | None = None,
    sandbox: PythonSandbox | None = None,
    clock: Clock = time.perf_counter,
) -> GraderResult:
    """Grade one sample.

    `ask_model` answers model graders and `post` endpoint graders; without them such graders fail in plain words.
    A python grader runs in `sandbox`, or in one made for this call alone, which costs some 20 ms.
    """
    start = clock()
    with contextlib.ExitStack() as stack:
        steps = grading(grader, item, sample)
        try:
            call = next(steps)
            while True:
                if isinstance(call, PythonCall):
                    sandbox = sandbox or stack.enter_context(PythonSandbox(workers=1))
                    call = steps.send(sandbox.run(call))
                elif isinstance(call, ModelRequest):
                    call = steps.send(ask_model(call) if ask_model else _NO_MODEL)
                else:
                    call = steps.send(post(call) if post else _NO_ENDPOINT)
        except StopIteration as stop:
            result: GraderResult = stop.value
    return replace(result, execution_time=clock() - start)


async def run_grader_async(
    grader: Grader,
    item: Mapping[str, Any],
    sample: Mapping[str, Any],
    ask_model: Callable[[ModelRequest], Awaitable[ModelReply]] | None = None,
    *,
    sandbox: PythonSandbox,
    post: Callable[[EndpointRequest], Awaitable[EndpointReply]] | None = None,
    clock: Clock = time.perf_counter,
) -> GraderResult:
    """Grade one sample as `run_grader` does, without blocking the event loop."""
    start = clock()
    steps = grading(grader, item, sample)
    try:
        call = next(steps)
        while True:
            if isinstance(call, PythonCall):
                call = steps.send(await asyncio.to_thread(sandbox.run, call))
            elif isinstance(call, ModelRequest):
                call = steps.send(await ask_model(call) if ask_model else _NO_MODEL)
            else:
                call = steps.send(await post(call) if post else _NO_ENDPOINT)
    except StopIteration as stop:
        result: GraderResult = stop.value
    return replace(result, execution_time=clock() - start)


def _graded(grader: Grader, item: Mapping[str, Any], sample: Mapping[str, Any]) -> Grading:
    scope = {"item": item, "sample": sample}
    match grader:
        case StringCheck():
            reward = check(grader.operation, render(grader.input, scope), render(grader.reference, scope))
            return GraderResult(grader.name, grader.type, reward, None)
        case TextSimilarity():
            return similarity_result(grader, render(grader.input, scope), render(grader.reference, scope))
        case PythonGrader():
            return python_result(grader, (yield PythonCall(grader.source, sample, item)))
        case ScoreModel():
            request = score_request(grader, scope)
            return model_result(grader, request, (yield request))
        case LabelModel():
            request = label_request(grader, scope)
            return model_result(grader, request, (yield request))
        case Endpoint():
            return endpoint_result(grader, (yield endpoint_request(grader, item, sample)))
        case Multi():
            return (yield from _multi(grader, item, sample))


def _multi(grader: Multi, item: Mapping[str, Any], sample: Mapping[str, Any]) -> Grading:
    parts: dict[str, GraderResult] = {}
    for key, part in grader.graders.items():
        parts[key] = yield from grading(part, item, sample)
    errors = GraderErrors()
    for result in parts.values():
        errors = errors | result.errors
    if errors:
        details = "; ".join(f"{key}: {result.details}" for key, result in parts.items() if result.errors)
        return replace(failed(grader, errors, details), sub_results=parts)
    rewards = {key: result.reward for key, result in parts.items() if result.reward is not None}
    try:
        reward = evaluate(parse_formula(grader.calculate_output, rewards), rewards)
    except FormulaError as error:
        return replace(failed(grader, GraderErrors(formula_parse_error=True), str(error)), sub_results=parts)
    return GraderResult(grader.name, grader.type, reward, None, sub_results=parts)
