"""Evaluating a checkpoint on held-out rows: a deployment with a fuse and a benchmark with the job's own grader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cupola.benchmarks import start
from cupola.benchmarks.definition import Arm, Benchmark, GraderUse
from cupola.benchmarks.files import Defined
from cupola.deployments.durations import duration_text
from cupola.deployments.plan import Plan
from cupola.errors import UsageError
from cupola.models import Job
from cupola.settings import Profile
from cupola.store import deployments
from cupola.store.database import Database

from ...views.actions import Action, place
from ...views.checkpoints.steps import StepsView


def grader_of(job: Job) -> Mapping[str, Any]:
    """The job's grader as the service tells it.

    Raises:
        UsageError: the job tells none.
    """
    told = _reinforcement(job).get("grader")
    if not isinstance(told, Mapping):
        raise UsageError(f"{job.name} does not tell its grader.", remedy="Give the grader as a file.")
    return told


def _reinforcement(job: Job) -> Mapping[str, Any]:
    told: Any = json.loads(job.raw)
    for name in ("method", "reinforcement"):
        told = told.get(name) if isinstance(told, Mapping) else None
    return told if isinstance(told, Mapping) else {}


def test_action(view: StepsView, step: int, path: Path, takes: Plan, profile: Profile, now: float) -> Action:
    """Deploying the checkpoint and defining the benchmark that asks it.

    Raises:
        UsageError: the rows cannot be read, or the job tells no grader.
    """
    from cupola.benchmarks.items import read_rows, split_hash

    rows = tuple(read_rows(path))
    wanted = takes.wanted
    form = _reinforcement(view.job).get("response_format")
    arm = Arm(
        f"step {step}",
        wanted.name,
        wanted.model,
        tier=wanted.sku,
        response_format=form if isinstance(form, Mapping) else None,
    )
    name = f"{view.job.name}-step{step}-held-out"
    benchmark = Benchmark(
        name=name,
        prompt=(),
        messages_field="messages",
        arms=(arm,),
        graders=(GraderUse(grader_of(view.job)),),
        split=split_hash(rows),
        dataset=str(path),
    )
    defined = Defined(benchmark, rows)

    def write(store: Database) -> None:
        deployments.want(store, wanted, now)
        start.define(store, defined, now)

    fuse = "never goes by itself" if wanted.fuse_seconds is None else f"goes after {duration_text(wanted.fuse_seconds)}"
    return Action(
        "checkpoint.test",
        wanted.name,
        f"Test step {step} on {len(rows):,} held-out rows",
        f"Deploys {wanted.name}, which {fuse}, and defines the benchmark {name} with the job's grader. Once the"
        " deployment is ready, x in Benchmarks runs it, with its price first.",
        place(profile),
        takes.cost(),
        "",
        write=write,
    )
