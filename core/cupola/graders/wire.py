"""A grader's result in the JSON of the service's graders/run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .records import Grader, Multi
from .result import GraderResult


def service_reward(grader: Grader, result: GraderResult) -> float:
    """Return the reward as the service reports it: a failed grading is 0.0, or a multi grader's `invalid_grade`."""
    if result.reward is not None:
        return result.reward
    if isinstance(grader, Multi) and grader.invalid_grade is not None:
        return grader.invalid_grade
    return 0.0


def run_response(grader: Grader, result: GraderResult) -> dict[str, Any]:
    """Return the body of a graders/run response."""
    usage = {model: asdict(tokens) for model, tokens in result.token_usage.items()}
    metadata = {
        "name": result.name,
        "type": result.type,
        "errors": asdict(result.errors),
        "execution_time": result.execution_time,
        "scores": result.sub_rewards,
        "token_usage": sum(u["prompt_tokens"] + u["completion_tokens"] for u in usage.values()) if usage else None,
        "sampled_model_name": result.model_calls[-1].request.model if result.model_calls else None,
    }
    return {
        "reward": service_reward(grader, result),
        "metadata": metadata,
        "sub_rewards": result.sub_rewards,
        "model_grader_token_usage_per_model": usage,
    }
