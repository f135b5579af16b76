"""The demo's two jobs, from the samples that ship; submitted once, as against Azure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from ...azure.wire.jobs import NONCE_KEY
from ...store import jobs
from ...store.database import Database
from ...training.job_spec import JobSpec
from ..context import Context, Session, store_of
from ..fresh import service_of

_NONCES = ("demo-cora-support", "demo-countdown")


def submit_missing(session: Session, context: Context, say: Callable[[str], None]) -> None:
    """Submit those of the two jobs that the emulator does not have yet.

    Raises:
        CupolaError: the emulator refused or cannot be reached.
    """
    with store_of(context, session.profile) as database:
        asyncio.run(_submitted(session, database, say))


def are_known(database: Database) -> bool:
    """Whether the store knows both jobs, so that nobody need be asked."""
    found = {(json.loads(job.raw).get("metadata") or {}).get(NONCE_KEY) for job in jobs.newest(database)}
    return found.issuperset(_NONCES)


async def _submitted(session: Session, database: Database, say: Callable[[str], None]) -> None:
    from ...worker.submission import submitted

    async with service_of(session, database) as service:
        for nonce, spec in zip(_NONCES, (_cora(), _countdown()), strict=True):
            job, new = await submitted(service, database, spec, nonce, say)
            if new:
                say(f"Submitted {job.name}, a {job.method} job on {job.model}.")


def _cora() -> JobSpec:
    train, valid = _sample("cupola_data.zava.cora", "train.jsonl"), _sample("cupola_data.zava.cora", "valid.jsonl")
    return JobSpec("gpt-4.1-nano", train, valid, suffix="cora-support")


def _countdown() -> JobSpec:
    from cupola_data.countdown import grader, response_format

    return JobSpec(
        "o4-mini",
        _sample("cupola_data.countdown", "train.jsonl"),
        _sample("cupola_data.countdown", "valid.jsonl"),
        "reinforcement",
        grader=grader(),
        response_format=response_format(),
        suffix="countdown",
    )


def _sample(package: str, name: str) -> Path:
    return Path(str(files(package).joinpath(name)))
