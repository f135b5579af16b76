"""The verb that submits a job."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ...models import Job
from ..context import Context, Session, session_of, store_of
from ..fresh import service_of
from ..output import emit_one
from ..text import clean

if TYPE_CHECKING:
    from ...training.job_spec import JobSpec


def _number_or_auto(text: str) -> float | str:
    if text == "auto":
        return text
    value = float(text)
    return int(value) if value.is_integer() else value


_number_or_auto.__name__ = "number"

HYPERPARAMETERS: dict[str, Any] = {
    "n_epochs": _number_or_auto,
    "batch_size": _number_or_auto,
    "learning_rate_multiplier": _number_or_auto,
    "beta": _number_or_auto,
    "l2_multiplier": _number_or_auto,
    "compute_multiplier": _number_or_auto,
    "eval_interval": _number_or_auto,
    "eval_samples": _number_or_auto,
    "reasoning_effort": str,
}
"""Flags for settings of training, in the service's names; `auto` leaves the choice to the service."""


def submit(options: argparse.Namespace, context: Context) -> int:
    """Submit a job, after its files; the same wish twice is met once."""
    from ...training.job_spec import checked, fingerprint

    spec = checked(_spec(options, _model(options, context)))
    nonce = fingerprint(spec, options.again)
    if options.dry_run:
        body = _preview(spec, nonce)
        if options.output == "table" and not options.query:
            context.out.write(json.dumps(body, indent=2) + "\n")
        else:
            emit_one(options, context.out, "cupola.request/1", body, None)
        return 0
    if options.offline:
        raise UsageError("A job cannot be submitted offline.")
    session = session_of(context, options.profile)
    if not options.unchecked:
        spec = _looked_over(spec, session, context, options)
    where = clean(session.profile.endpoint or "no endpoint")
    context.confirm(f"Submit a {spec.method} job on {clean(spec.model)} to {where}? Training is billed.", options.yes)
    job, new = _sent(session, context, spec, nonce)
    if not new:
        context.say("The same job was submitted before; this is it. Give --again to train it once more.")
    row = {"name": job.name, "id": job.id, "status": job.status, "method": job.method, "model": job.model, "new": new}
    emit_one(options, context.out, "cupola.job/1", row, job.as_of, hidden=("as_of",))
    return 0


def _looked_over(spec: JobSpec, session: Session, context: Context, options: argparse.Namespace) -> JobSpec:
    from . import preflight, supervised_look

    if spec.method == "reinforcement":
        preflight.looked_over(spec, session, context, options.dry_rows, options.yes, options.base)
        return spec
    return supervised_look.looked_over(spec, context)


def _model(options: argparse.Namespace, context: Context) -> str | None:
    """The model named, or the one that an earlier job made."""
    if options.from_ is None:
        return str(options.model) if options.model else None
    if options.model:
        raise UsageError("--model and --from both name a model.", remedy="Give one of them.")
    from .cloning import model_from

    with store_of(context, session_of(context, options.profile).profile) as database:
        return model_from(database, options.from_)


def _sent(session: Session, context: Context, spec: JobSpec, nonce: str) -> tuple[Job, bool]:
    from ...worker.submission import submitted

    async def send() -> tuple[Job, bool]:
        async with service_of(session, database) as service:
            return await submitted(service, database, spec, nonce, context.say)

    with store_of(context, session.profile) as database:
        return asyncio.run(send())


def _spec(options: argparse.Namespace, model: str | None) -> JobSpec:
    from ...training.job_budget import BUDGET_KEY
    from ...training.job_spec import JobSpec, file_reference, overlaid, read_json, read_spec

    file = _one_file(options.spec, options.file)
    spec = read_spec(file) if file else JobSpec()
    if options.max_cost is not None:
        spec = overlaid(spec, metadata={**spec.metadata, BUDGET_KEY: f"{options.max_cost:g}"})
    return overlaid(
        spec,
        model=model,
        training=file_reference(options.training_file) if options.training_file else None,
        validation=file_reference(options.validation_file) if options.validation_file else None,
        method=options.method,
        suffix=options.suffix,
        seed=options.seed,
        training_type=options.training_type,
        grader=read_json(options.grader) if options.grader else None,
        response_format=read_json(options.response_format) if options.response_format else None,
        hyperparameters={name: value for name in HYPERPARAMETERS if (value := getattr(options, name)) is not None},
    )


def _one_file(spec: Path | None, file: Path | None) -> Path | None:
    if spec is not None and file is not None:
        raise UsageError("Two job files are named.", remedy="Name one: `cupola job submit SPEC.yaml`.")
    return spec or file


def _preview(spec: JobSpec, nonce: str) -> dict[str, Any]:
    from ...azure.wire.requests import job_body

    named = [_named(file) for file in (spec.training, spec.validation)]
    return job_body(spec.request(named[0] or "", named[1]), nonce)


def _named(file: str | Path | None) -> str | None:
    return f"(upload of {file}, {file.stat().st_size:,} bytes)" if isinstance(file, Path) else file
