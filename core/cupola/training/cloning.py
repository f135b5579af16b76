"""A job as the document it could have been submitted from; and the model from which tuning can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..azure.wire.jobs import NONCE_KEY
from ..errors import UsageError
from ..models import Checkpoint, Job, Phase
from .curves import ROWS_KEY
from .token_bounds import TOKENS_KEY

_OWN_KEYS = (NONCE_KEY, ROWS_KEY, TOKENS_KEY)
_AZD_NAMES = {"n_epochs": "epochs"}
_MASK = "***"


@dataclass(frozen=True, slots=True)
class Clone:
    """A job file's content, in the keys that azd takes, and what could not be carried over."""

    document: Mapping[str, Any]
    notes: tuple[str, ...]


def clone(job: Job, *, go_on: bool = False, checkpoints: Sequence[tuple[Checkpoint, bool]] = ()) -> Clone:
    """The document of a job.

    Args:
        job: As the service told it.
        go_on: Begin with the model that the job made instead of the one that it began with.
        checkpoints: For `go_on` where the job made no model in the end.

    Raises:
        UsageError: `go_on` is asked for and the job left no model.
    """
    told = _object(job.raw)
    own = _object_in(_object_in(told, "method"), job.method)
    notes: list[str] = []
    settings = {_AZD_NAMES.get(k, k): "auto" if v is None else v for k, v in job.hyperparameters.items()}
    method: dict[str, Any] = {"hyperparameters": settings} if settings else {}
    for name in ("grader", "response_format"):
        if own.get(name):
            method[name] = _unmasked(own[name], name, notes)
    metadata = {k: v for k, v in _object_in(told, "metadata").items() if k not in _OWN_KEYS}
    document = {
        "model": tuned_model(job, checkpoints) if go_on else job.model,
        "training_file": job.training_file,
        "validation_file": job.validation_file,
        "suffix": job.suffix,
        "seed": job.seed,
        "method": {"type": job.method, job.method: method},
        "integrations": _integrations(told, notes),
        "extra_body": {"trainingType": job.training_type} if job.training_type else None,
        "metadata": metadata,
    }
    return Clone({name: value for name, value in document.items() if value not in (None, {}, [])}, tuple(notes))


def tuned_model(job: Job, checkpoints: Sequence[tuple[Checkpoint, bool]] = (), step: int | None = None) -> str:
    """The model that tuning goes on from: the one the job made, or a checkpoint that the service still holds.

    Args:
        job: The earlier job.
        checkpoints: Its checkpoints, each with whether the service still holds it.
        step: Of a checkpoint; the job's model, or else its last checkpoint, if left out.

    Raises:
        UsageError: there is none, or the service holds it no more.
    """
    held = {checkpoint.step: checkpoint.model for checkpoint, deployable in checkpoints if deployable}
    if step is not None:
        if step not in held:
            steps = ", ".join(map(str, sorted(held))) or "none"
            raise UsageError(f"{job.name} has no checkpoint of step {step}.", f"The service holds: {steps}.")
        return held[step]
    if job.fine_tuned_model:
        return job.fine_tuned_model
    if held:
        return held[max(held)]
    state = "It has not ended." if not job.phase.ended else f"It {job.status}."
    waiting = "" if job.phase.ended else f"Wait for it: `cupola job watch {job.id}`."
    raise UsageError(f"{job.name} has made no model.", state, waiting)


def next_methods(job: Job) -> tuple[str, ...]:
    """Methods by which its model can be tuned on, as recorded: after supervised training the same, or preferences."""
    if job.phase in (Phase.FAILED, Phase.CANCELLED) and not job.fine_tuned_model:
        return ()
    return {"supervised": ("supervised", "dpo"), "dpo": ("dpo",), "reinforcement": ("reinforcement",)}.get(
        job.method, (job.method,)
    )


def _unmasked(value: Any, path: str, notes: list[str]) -> Any:
    """The value without secrets that the service has masked; each is noted."""
    if isinstance(value, dict):
        kept = {}
        for name, part in value.items():
            if isinstance(part, str) and part.startswith(_MASK):
                notes.append(f"{path}.{name} is a secret that the service does not tell; give it again.")
            else:
                kept[name] = _unmasked(part, f"{path}.{name}", notes)
        return kept
    return [_unmasked(part, path, notes) for part in value] if isinstance(value, list) else value


def _integrations(told: Mapping[str, Any], notes: list[str]) -> list[dict[str, Any]]:
    """The service names settings after the integration; azd calls them config."""
    found = told.get("integrations")
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    return [
        {"type": kind, "config": _unmasked(_object_in(entry, kind), f"integrations.{kind}", notes)}
        for entry in entries
        for kind in [str(entry.get("type"))]
    ]


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    return value if isinstance(value, dict) else {}


def _object_in(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}
