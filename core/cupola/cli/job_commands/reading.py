"""Verbs that print what the store knows of jobs."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ...errors import UsageError
from ...models import Event, Job
from ...store import checkpoints, events, health, jobs, points
from ...store.database import Database
from ..context import Context, session_of, store_of
from ..fresh import refreshed
from ..naming import find
from ..output import emit, emit_one, when

EVENT, EVENT_COLUMNS = "cupola.event/1", ("at", "level", "message")
_JOB_COLUMNS = ("name", "id", "method", "model", "status", "step", "created")


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print all jobs."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = refreshed(session, context, database, options.offline)
        rows = [_row(database, job) for job in jobs.newest(database)]
        emit(options, context.out, "cupola.job/1", rows, _JOB_COLUMNS, None)
    return code


def show(options: argparse.Namespace, context: Context) -> int:
    """Print one job with all that is known of it."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = refreshed(session, context, database, options.offline, options.job)
        job = find(database, options.job)
        row = {**_row(database, job), **_details(job), "raw": json.loads(job.raw)}
        emit_one(options, context.out, "cupola.job/1", row, job.as_of, hidden=("raw", "created_at", "as_of"))
    return code


def events_(options: argparse.Namespace, context: Context) -> int:
    """Print a job's events."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = refreshed(session, context, database, options.offline, options.job)
        job = find(database, options.job)
        rows = [event_row(event) for event in events.of_job(database, job.id)]
        emit(options, context.out, EVENT, rows, EVENT_COLUMNS, health.get(database).checked_at)
    return code


def event_row(event: Event) -> dict[str, Any]:
    """One line of a job's log as printed."""
    return {
        "id": event.id,
        "at": when(event.created_at),
        "created_at": event.created_at,
        "level": event.level,
        "message": event.message,
        "type": event.type,
        "data": json.loads(event.data) if event.data else None,
    }


def checkpoints_(options: argparse.Namespace, context: Context) -> int:
    """Print a job's checkpoints."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = refreshed(session, context, database, options.offline, options.job)
        job = find(database, options.job)
        rows = [
            {
                "step": checkpoint.step,
                "id": checkpoint.id,
                "model": checkpoint.model,
                "deployable": deployable,
                "created_at": checkpoint.created_at,
                "metrics": dict(checkpoint.metrics),
            }
            for checkpoint, deployable in checkpoints.of_job(database, job.id)
        ]
        columns = ("step", "deployable", "model", "metrics")
        emit(options, context.out, "cupola.checkpoint/1", rows, columns, health.get(database).checked_at)
    return code


def curve(options: argparse.Namespace, context: Context) -> int:
    """Print a job's measurements by step."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = refreshed(session, context, database, options.offline, options.job)
        job = find(database, options.job)
        known = points.metrics(database, job.id)
        wanted = options.metric or known
        missing = [name for name in wanted if name not in known]
        if missing:
            raise UsageError(f"{job.name} has no metric {missing[0]!r}.", f"It has: {', '.join(known) or 'none yet'}.")
        rows = _by_step(database, job, wanted)
        emit(options, context.out, "cupola.curve/1", rows, ("step", *wanted), health.get(database).checked_at)
    return code


def _row(database: Database, job: Job) -> dict[str, Any]:
    return {
        "name": job.name,
        "id": job.id,
        "method": job.method,
        "model": job.model,
        "status": job.status,
        "phase": str(job.phase),
        "step": points.last_step(database, job.id),
        "created": when(job.created_at),
        "created_at": job.created_at,
        "as_of": job.as_of,
    }


def _details(job: Job) -> dict[str, Any]:
    return {
        "finished": when(job.finished_at),
        "fine_tuned_model": job.fine_tuned_model,
        "training_type": job.training_type,
        "seed": job.seed,
        "hyperparameters": {name: "auto" if value is None else value for name, value in job.hyperparameters.items()},
        "training_file": job.training_file,
        "validation_file": job.validation_file,
        "trained_tokens": job.trained_tokens,
        "error_code": job.error_code,
        "error_message": job.error_message,
    }


def _by_step(database: Database, job: Job, metrics: list[str]) -> list[dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for metric in metrics:
        steps, values = points.series(database, job.id, metric)
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            rows.setdefault(step, {"step": step, "job": job.id})[metric] = value
    return [rows[step] for step in sorted(rows)]
