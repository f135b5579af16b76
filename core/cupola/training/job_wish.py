"""A job as a wish in the store: written by a face after one yes, carried out by the worker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ..azure.wire.jobs import NONCE_KEY
from ..errors import UsageError
from ..models import Job
from .job_spec import JobSpec, file_reference

SUBMIT = "job.submit"
"""The wish's kind; its target is the nonce, so that the same job is not wished twice."""

_FILES = ("training", "validation")


def arguments_of(spec: JobSpec) -> dict[str, object]:
    """What the wish carries; the files of this machine by absolute path.

    Raises:
        UsageError: the grader holds a secret, which has no place in the store.
    """
    if _has_headers(spec.grader):
        raise UsageError(
            "The grader's request headers may hold a secret, which Cupola does not write down.",
            remedy="Submit this job with `cupola job submit`, which keeps nothing of it.",
        )
    told = asdict(spec)
    return told | {name: _told(told[name]) for name in _FILES}


def spec_of(arguments: Mapping[str, Any]) -> JobSpec:
    """The job that a wish asks for.

    Raises:
        UsageError: the wish was written by another version of Cupola.
    """
    try:
        given = {field.name: arguments[field.name] for field in fields(JobSpec)}
        return JobSpec(**given | {name: _file(given[name]) for name in _FILES})
    except (KeyError, TypeError) as error:
        raise UsageError("The wish names no job that this Cupola knows.", str(error), "Ask again.") from error


def submitted_before(known: Iterable[Job], nonce: str) -> Job | None:
    """The job that was submitted with this nonce, if the store knows one."""
    return next((job for job in known if f'"{nonce}"' in job.raw and _nonce(job) == nonce), None)


def _nonce(job: Job) -> object:
    told = json.loads(job.raw)
    metadata = told.get("metadata") if isinstance(told, dict) else None
    return metadata.get(NONCE_KEY) if isinstance(metadata, dict) else None


def _told(file: str | Path | None) -> str | None:
    return f"local:{file.absolute()}" if isinstance(file, Path) else file


def _file(text: str | None) -> str | Path | None:
    return None if text is None else file_reference(text)


def _has_headers(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value.get("headers")) or any(_has_headers(part) for part in value.values())
    return isinstance(value, list | tuple) and any(_has_headers(part) for part in value)
