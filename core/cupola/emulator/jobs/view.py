"""Render jobs, events and checkpoints in either dialect."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from ..dialect import Dialect
from ..state import progress
from ..state.jobs import Job
from .hyperparameters import read_hyperparameters, render_hyperparameters

_AZURE_STATUS = {"validating_files": "pending", "queued": "pending"}
_MASK = "**********"


def masked(value: Any) -> Any:
    """A copy of a JSON value whose `headers` hold no secrets."""
    if isinstance(value, list):
        return [masked(entry) for entry in value]
    if isinstance(value, dict):
        return {
            key: dict.fromkeys(entry, _MASK) if key == "headers" and isinstance(entry, dict) else masked(entry)
            for key, entry in value.items()
        }
    return value


def given_hyperparameters(job: Job) -> dict[str, Any]:
    """The settings a job was created with, without those left to auto."""
    settings = (job.request.get("method") or {}).get(job.method) or {}
    legacy = read_hyperparameters(job.method, job.request.get("hyperparameters"))
    loose = {name: settings[name] for name in ("beta", "l2_multiplier") if name in settings}
    own = read_hyperparameters(job.method, settings.get("hyperparameters"))
    return {**legacy, **read_hyperparameters(job.method, loose), **own}


def _method(job: Job, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    settings = masked((job.request.get("method") or {}).get(job.method) or {})
    return {"type": job.method, job.method: {**settings, "hyperparameters": hyperparameters}}


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


def _azure(job: Job) -> dict[str, Any]:
    hyperparameters = render_hyperparameters(job.method, given_hyperparameters(job), job.hyperparameters, "azure")
    body = {
        "id": job.id,
        "created_at": int(job.created_at),
        "hyperparameters": hyperparameters,
        "method": _method(job, hyperparameters) if job.request.get("method") else None,
        "model": job.model,
        "object": "fine_tuning.job",
        "seed": job.seed,
        "status": _AZURE_STATUS.get(job.status, job.status),
        "training_file": job.request["training_file"],
        "validation_file": job.request.get("validation_file"),
        "estimated_finish": _whole(job.estimated_finish),
        "finished_at": _whole(job.finished_at),
        "fine_tuned_model": job.fine_tuned_model,
        "result_files": [job.result_file] if job.result_file else None,
        "trained_tokens": job.trained_tokens,
        "suffix": job.request.get("suffix"),
        "metadata": job.request.get("metadata"),
        "integrations": job.request.get("integrations"),
        "error": job.error,
        "eval_id": job.eval_id,
        "trainingType": job.training_type,
    }
    return {key: value for key, value in body.items() if value is not None}


def _openai(job: Job) -> dict[str, Any]:
    hyperparameters = render_hyperparameters(job.method, given_hyperparameters(job), job.hyperparameters, "openai")
    error = {**job.error, "param": job.error.get("param")} if job.error else {}
    return {
        "id": job.id,
        "created_at": int(job.created_at),
        "error": error,
        "fine_tuned_model": job.fine_tuned_model,
        "finished_at": _whole(job.finished_at),
        "hyperparameters": {
            name: hyperparameters[name] for name in ("n_epochs", "batch_size", "learning_rate_multiplier")
        },
        "model": job.model,
        "object": "fine_tuning.job",
        "organization_id": "org-emulator",
        "result_files": [job.result_file] if job.result_file else [],
        "seed": job.seed,
        "status": job.status,
        "trained_tokens": job.trained_tokens,
        "training_file": job.request["training_file"],
        "validation_file": job.request.get("validation_file"),
        "estimated_finish": _whole(job.estimated_finish),
        "integrations": job.request.get("integrations") or [],
        "metadata": job.request.get("metadata"),
        "method": _method(job, hyperparameters),
        "user_provided_suffix": job.request.get("suffix"),
        "usage_metrics": None,
        "shared_with_openai": False,
        "eval_id": job.eval_id,
    }


def render_job(job: Job, dialect: Dialect) -> dict[str, Any]:
    """The service's JSON of a job."""
    return _azure(job) if dialect == "azure" else _openai(job)


def render_event(row: sqlite3.Row, dialect: Dialect) -> dict[str, Any]:
    """The service's JSON of an event."""
    level = "warn" if dialect == "openai" and row["level"] == "warning" else row["level"]
    return {
        "id": row["id"],
        "created_at": int(row["created_at"]),
        "level": level,
        "message": row["message"],
        "type": row["type"],
        "object": "fine_tuning.job.event",
        "data": json.loads(row["data"]) if row["data"] else None,
    }


def render_checkpoint(checkpoint: progress.Checkpoint) -> dict[str, Any]:
    """The service's JSON of a checkpoint."""
    return {
        "object": "fine_tuning.job.checkpoint",
        "id": checkpoint.id,
        "created_at": int(checkpoint.created_at),
        "fine_tuned_model_checkpoint": checkpoint.model,
        "step_number": checkpoint.step,
        "fine_tuning_job_id": checkpoint.job_id,
        "metrics": {"step": checkpoint.step, **checkpoint.metrics},
    }
