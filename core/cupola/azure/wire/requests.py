"""What is sent: the body that creates a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .jobs import NONCE_KEY


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to submit; files are ids of the service. Settings left out are the service's choice."""

    model: str
    training_file: str
    validation_file: str | None = None
    method: str = "supervised"
    """supervised, dpo or reinforcement."""
    hyperparameters: Mapping[str, float | str] = field(default_factory=dict)
    grader: Mapping[str, Any] | None = None
    """In the service's JSON; reinforcement only."""
    response_format: Mapping[str, Any] | None = None
    suffix: str | None = None
    seed: int | None = None
    training_type: str | None = None
    """Standard, globalStandard or developerTier; open models are trained on globalStandard only."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further top-level fields, passed on as they are."""


def job_body(request: JobRequest, nonce: str) -> dict[str, Any]:
    """The JSON that creates a job; `nonce` goes into the metadata, so that the job can be found again."""
    settings: dict[str, Any] = {}
    if request.hyperparameters:
        settings["hyperparameters"] = dict(request.hyperparameters)
    if request.grader is not None:
        settings["grader"] = dict(request.grader)
    if request.response_format is not None:
        settings["response_format"] = dict(request.response_format)
    optional = {
        "validation_file": request.validation_file,
        "suffix": request.suffix,
        "seed": request.seed,
        "trainingType": request.training_type,
    }
    return {
        **request.extra,
        "model": request.model,
        "training_file": request.training_file,
        **{name: value for name, value in optional.items() if value is not None},
        "method": {"type": request.method, request.method: settings},
        "metadata": {**request.metadata, NONCE_KEY: nonce},
    }
