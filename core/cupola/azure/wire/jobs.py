"""Fine-tuning jobs, their events and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping

from ...models import Checkpoint, Event, Job
from .measurements import flatten
from .reading import Json, identifier, integer, mapping, not_understood, number, raw, text

_AUTO = (-1, "-1", "auto", None)
_LEVELS = {"warn": "warning"}
_METHODS = ("supervised", "dpo", "reinforcement")

NONCE_KEY = "cupola_nonce"
"""Metadata key under which Cupola recognises a job that it submitted."""


def job(value: Json, as_of: float) -> Job:
    """Read a job.

    Raises:
        ServiceError: it has no id.
    """
    job_id = identifier(value)
    if job_id is None:
        raise not_understood("A job in it has no id.")
    # A healthy job of the OpenAI dialect carries `error: {}`.
    error = mapping(value.get("error"))
    return Job(
        id=job_id,
        model=text(value.get("model")) or "",
        method=_method(value),
        status=text(value.get("status")) or "unknown",
        created_at=integer(value.get("created_at")) or 0,
        finished_at=integer(value.get("finished_at")),
        estimated_finish=integer(value.get("estimated_finish")),
        suffix=text(value.get("suffix")) or text(value.get("user_provided_suffix")) or None,
        training_type=_training_type(value.get("trainingType")),
        seed=integer(value.get("seed")),
        hyperparameters=_hyperparameters(value),
        training_file=text(value.get("training_file")),
        validation_file=text(value.get("validation_file")),
        result_files=_names(value.get("result_files")),
        fine_tuned_model=text(value.get("fine_tuned_model")),
        trained_tokens=integer(value.get("trained_tokens")),
        eval_id=text(value.get("eval_id")),
        error_code=text(error.get("code")) or None,
        error_message=text(error.get("message")) or None,
        raw=raw(value),
        as_of=as_of,
    )


def event(value: Json, job_id: str) -> Event | None:
    """Read an event; None if it has no id."""
    event_id = identifier(value)
    if event_id is None:
        return None
    level = text(value.get("level")) or "info"
    data = value.get("data")
    return Event(
        id=event_id,
        job_id=job_id,
        created_at=integer(value.get("created_at")) or 0,
        level=_LEVELS.get(level, level),
        message=text(value.get("message")) or "",
        type=text(value.get("type")) or "message",
        data=raw(data) if data else None,
    )


def checkpoint(value: Json, job_id: str) -> Checkpoint | None:
    """Read a checkpoint; None if it has no id."""
    checkpoint_id = identifier(value)
    if checkpoint_id is None:
        return None
    metrics = flatten(mapping(value.get("metrics")))
    metrics.pop("step", None)
    return Checkpoint(
        id=checkpoint_id,
        job_id=job_id,
        created_at=integer(value.get("created_at")) or 0,
        step=integer(value.get("step_number")) or 0,
        model=text(value.get("fine_tuned_model_checkpoint")) or "",
        metrics=metrics,
        raw=raw(value),
    )


def is_submission(value: Json, nonce: str, body: Mapping[str, object]) -> bool:
    """Whether a listed job is the one that was submitted with this nonce and body.

    A resource that does not echo `metadata` at all is met by comparing what it does echo.
    """
    if isinstance(value.get("metadata"), dict):
        return bool(value["metadata"].get(NONCE_KEY) == nonce)
    return (
        body.get("suffix") is not None
        and value.get("suffix") == body["suffix"]
        and value.get("training_file") == body.get("training_file")
        and str(value.get("model", "")).lower().startswith(str(body.get("model", "")).lower())
    )


def _method(value: Json) -> str:
    method = mapping(value.get("method"))
    named = text(method.get("type"))
    return named or next((name for name in _METHODS if name in method), "supervised")


def _hyperparameters(value: Json) -> dict[str, float | str | None]:
    own = mapping(mapping(mapping(value.get("method")).get(_method(value))).get("hyperparameters"))
    merged = {**mapping(value.get("hyperparameters")), **own}
    return {text(name) or "": _setting(setting) for name, setting in merged.items()}


def _setting(value: object) -> float | str | None:
    if value is None or (isinstance(value, int | float | str) and value in _AUTO):
        return None
    if isinstance(value, str):
        return text(value)
    whole = integer(value)
    return whole if whole is not None else number(value)


def _training_type(value: object) -> str | None:
    # One route has been seen to speak in numbers.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


def _names(value: object) -> tuple[str, ...]:
    return tuple(name for name in map(text, value) if name) if isinstance(value, list) else ()
