"""What a reinforcement job reports of a step: its columns in the results file and its `metrics` event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from ..resource import Resource
from ..state.jobs import Job


def validation_eval_name(job: Job) -> str:
    """The name of the evaluation under which a job's validation passes are found, one run `Step N` for each."""
    return f"Reinforcement Fine Tuning validation runs for {UUID(job.uuid)}"


def _grader(job: Job) -> dict[str, Any]:
    grader: dict[str, Any] = job.request["method"]["reinforcement"]["grader"]
    return grader


def _grader_name(job: Job) -> str:
    return str(_grader(job).get("name") or _grader(job)["type"])


def _parts(job: Job, grading: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, type and measurements of each part of a multi grader."""
    measured = grading.get("parts", {})
    for key, definition in (_grader(job).get("graders") or {}).items():
        told = measured.get(key, {"rewards": {}, "errors": {}})
        yield str(definition.get("name") or key), str(definition["type"]), told


def step_columns(job: Job, message: dict[str, Any]) -> dict[str, float]:
    """The measurements of a step with the counts of the grader's errors as flattened paths."""
    columns: dict[str, float] = dict(message["metrics"])
    for name, value in (message["grading"] or {}).get("errors", {}).items():
        if name.endswith("_count"):
            columns[f"errors/graders/{_grader_name(job)}/{name}"] = value
    return columns


def metrics_event(resource: Resource, job: Job, message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The text and data of a step's event, the validation parts only where validation ran."""
    metrics, grading = message["metrics"], message["grading"] or {"errors": {}, "usage": {}, "seconds": {}}
    identity = {"name": _grader_name(job), "type": _grader(job)["type"]}
    text = f"Step {message['step']}/{job.total_steps} , train mean reward={metrics.get('train_mean_reward', 0):.2f}"
    rewards = {"train_reward_mean": metrics.get("train_mean_reward")}
    parse_error = None
    if "full_valid_mean_reward" in metrics:
        parse_error = grading["errors"].get("valid_sample_parse_error_mean", 0.0)
        rewards["valid_reward_mean"] = metrics["full_valid_mean_reward"]
        text += f", full validation mean reward={metrics['full_valid_mean_reward']:.2f}"
        text += f", full validation mean parse error={parse_error:.2f}"
    data: dict[str, Any] = {"step": message["step"], "total_steps": job.total_steps, **metrics}
    if parse_error is not None:
        data["full_valid_mean_parse_error"] = parse_error
    parts = [({"name": name, "type": kind}, told) for name, kind, told in _parts(job, grading)]
    data["scores"] = {
        **rewards,
        "graders": [{**identity, **rewards}, *({**part, **told["rewards"]} for part, told in parts)],
    }
    data["errors"] = {
        "graders": [{**identity, **grading["errors"]}, *({**part, **told["errors"]} for part, told in parts)]
    }
    data["timing"] = {
        "step": {"full_iteration": message["seconds"] * resource.clock.speed},
        "graders": [{**identity, **grading["seconds"]}],
    }
    if grading["usage"]:
        data["usage"] = {"graders": [{**identity, "model": _grader(job).get("model"), **grading["usage"]}]}
    return text, data
