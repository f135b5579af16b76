"""Grade one answer by every criterion, and show the verdicts as output items do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from cupola.graders import (
    Grader,
    GraderResult,
    LabelModel,
    ModelCall,
    Multi,
    PythonGrader,
    PythonSandbox,
    ScoreModel,
    StringCheck,
    run_grader,
    run_grader_async,
    service_reward,
)

from ..resource import Resource
from ..state.eval_runs import Usage
from .calls import GraderModel, Payment, deployed
from .criteria import pass_threshold
from .data_source import DEFAULT_SAMPLING
from .prompts import shown_messages
from .samples import usage_of

INLINE_CHARACTERS = 4096
"""A longer text is compared on a thread, so that nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one criterion made of one answer."""

    criterion: str
    shown: Mapping[str, Any]
    passed: bool
    erred: bool
    """Whether the grader failed: the score is then 0 and counts as a failure and as an error."""
    usage: tuple[Usage, ...]
    payments: tuple[Payment, ...]


class Bench:
    """The sandbox of python graders, and a turn for as many of them as it has workers."""

    def __init__(self, workers: int = 2) -> None:
        self.sandbox = PythonSandbox(workers=workers)
        self.turns = asyncio.Semaphore(workers)

    def close(self) -> None:
        """End the sandbox."""
        self.sandbox.close()


def _has_part(grader: Grader, *kinds: type) -> bool:
    parts = grader.graders.values() if isinstance(grader, Multi) else (grader,)
    return any(isinstance(part, kinds) for part in parts)


async def graded(
    grader: Grader, item: Mapping[str, Any], sample: Mapping[str, Any], model: GraderModel, bench: Bench
) -> GraderResult:
    """What a grader makes of one sample; nothing that takes long holds the event loop or its threads."""
    async with bench.turns if _has_part(grader, PythonGrader) else nullcontext():
        if _has_part(grader, ScoreModel, LabelModel):
            return await run_grader_async(grader, item, sample, model.ask, sandbox=bench.sandbox)
        if isinstance(grader, StringCheck) and len(str(sample.get("output_text", ""))) <= INLINE_CHARACTERS:
            return run_grader(grader, item, sample)
        return await asyncio.to_thread(run_grader, grader, item, sample, sandbox=bench.sandbox)


async def grade(
    resource: Resource,
    bench: Bench,
    criterion: str,
    grader: Grader,
    item: Mapping[str, Any],
    sample: Mapping[str, Any],
) -> Verdict:
    """Grade an answer as `sample` to a row's `item`."""
    model = GraderModel(resource, grader, deployed)
    result = await graded(grader, item, sample, model, bench)
    score, erred = service_reward(grader, result), bool(result.errors)
    passed = not erred and score >= pass_threshold(grader)
    return Verdict(
        criterion=criterion,
        shown=_shown(criterion, grader, result, score, passed),
        passed=passed,
        erred=erred,
        usage=tuple(
            Usage(name, sum(call.request.model == name for call in result.all_model_calls), *_tokens(usage))
            for name, usage in result.token_usage.items()
        ),
        payments=tuple(model.payments),
    )


def _tokens(usage: Any) -> tuple[int, int, int]:
    return usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens


def _shown(criterion: str, grader: Grader, result: GraderResult, score: float, passed: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": criterion, "type": grader.type, "passed": passed, "score": score, "sample": None}
    error = None
    if result.errors:
        error = {"code": result.errors.families[0], "message": result.details}
    if result.model_calls:
        shown["sample"] = _grader_sample(result.model_calls[-1], error)
    elif error is not None:
        # Where there is no grader model to speak of, the reason stands beside the score.
        shown["error"] = error
    return shown


def _grader_sample(call: ModelCall, error: Mapping[str, Any] | None) -> dict[str, Any]:
    request, reply = call.request, call.reply
    sampling = {**DEFAULT_SAMPLING, **request.sampling}
    return {
        "input": shown_messages([dict(message) for message in request.messages]),
        "output": [{"role": "assistant", "content": reply.text}] if reply.text else [],
        "finish_reason": "stop" if reply.text else "error",
        "model": reply.model or request.model,
        "usage": usage_of(reply.usage.prompt_tokens, reply.usage.completion_tokens),
        "error": error,
        "temperature": sampling["temperature"],
        "max_completion_tokens": sampling.get("max_completion_tokens"),
        "top_p": sampling["top_p"],
        "seed": sampling["seed"],
    }
