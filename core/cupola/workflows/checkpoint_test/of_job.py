"""From a job and what a person names to a definition: its checkpoints, its own grader, data or a benchmark, a base."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...benchmarks import start
from ...benchmarks.definition import Arm, Benchmark, GraderUse, to_json
from ...benchmarks.items import items_of, read_rows, split_hash
from ...deployments.capacity import capacity_for
from ...errors import UsageError
from ...models import Job
from ...store import benchmarks, checkpoints, deployments
from ...store.benchmarks import StoredBenchmark
from ...store.database import Database
from ..distil import prices
from .definition import CheckpointTest, Chosen, checked

_SHARED = ("sampling", "response_format", "tools", "repeats")
"""What the arms of a test have in common."""
BASE = "base"


def grader_of(job: Job) -> Mapping[str, Any]:
    """The job's grader as the service tells it.

    Raises:
        UsageError: the job tells none.
    """
    told = _reinforcement(job).get("grader")
    if not isinstance(told, Mapping):
        raise UsageError(f"{job.name} does not tell its grader.", remedy="Name a benchmark that has graders.")
    return told


def tested(database: Database, job: Job, steps: Sequence[int]) -> tuple[Chosen, ...]:
    """A job's checkpoints of these steps, all that can be deployed if none is named, by rising step.

    Raises:
        UsageError: a step has none, or the service keeps it no more.
    """
    known = {one.step: (one, deployable) for one, deployable in checkpoints.of_job(database, job.id) if one.model}
    held = [step for step, (_, deployable) in known.items() if deployable]
    told = f"It keeps {', '.join(map(str, sorted(held)))}." if held else "It keeps none."
    for step in steps:
        if step not in known:
            raise UsageError(f"{job.name} has no checkpoint of step {step}.", told)
        if step not in held:
            raise UsageError(f"The service keeps the checkpoint of step {step} no more.", told)
    if not held:
        raise UsageError(f"{job.name} has no checkpoint that can be deployed.", remedy="Wait for its first one.")
    return tuple(Chosen(step, known[step][0].model) for step in sorted(set(steps) or held))


def on_benchmark(database: Database, job: Job, steps: Sequence[int], name: str, base: str = "") -> CheckpointTest:
    """The test on a stored benchmark; checkpoints are asked as its base is, else as its first arm.

    Args:
        database: Where the job and the benchmark are known.
        job: Whose checkpoints.
        steps: Which; none is all that can be deployed.
        name: The benchmark's.
        base: An arm of it or a deployment; "" is none.

    Raises:
        UsageError: there is no such benchmark or step.
    """
    test = start.find(database, name)
    arms = {arm.name: arm for arm in reversed(test.arms)} | {arm.deployment: arm for arm in reversed(test.arms)}
    like = arms.get(base) or test.arms[0]
    if base and base not in arms:
        like = _base_arm(database, base, _shared(like))
    test = replace(test, arms=(like,), baseline=None)
    items = len(benchmarks.items(database, test.split))
    return _definition(database, job, steps, test, like, like.name if base else "", items)


def on_rows(
    database: Database, job: Job, steps: Sequence[int], path: Path, base: str = ""
) -> tuple[CheckpointTest, tuple[str, ...]]:
    """The test on held-out rows of a file, asked and graded as the job itself does, and the rows to be stored.

    Arguments as for `on_benchmark`, and:
        path: Rows as for training: `messages`, and the fields that the grader reads.

    Raises:
        DatasetError: the file cannot be read.
        UsageError: a row cannot be asked, or the job tells no grader.
    """
    rows = tuple(read_rows(path))
    form = _reinforcement(job).get("response_format")
    shared = {"response_format": dict(form)} if isinstance(form, Mapping) else {}
    like = _base_arm(database, base or job.model, shared)
    test = Benchmark(
        name=_short(f"{job.name}: {path.name}"),
        prompt=(),
        messages_field="messages",
        arms=(like,),
        graders=(GraderUse(grader_of(job)),),
        split=split_hash(rows),
        dataset=path.name,
    )
    # A row that cannot be asked is told now, before anything is paid for.
    items_of(test, rows)
    return _definition(database, job, steps, test, like, like.name if base else "", len(rows)), rows


def store_rows(database: Database, definition: CheckpointTest, rows: Sequence[str], now: float) -> None:
    """Store the items of a test that is on rows of a file."""
    whole = definition.whole
    stored = StoredBenchmark(whole.name, to_json(whole), whole.split, now)
    benchmarks.save_benchmark(database, stored, whole.dataset, rows)


def _definition(
    database: Database, job: Job, steps: Sequence[int], test: Benchmark, like: Arm, base: str, items: int
) -> CheckpointTest:
    return checked(
        CheckpointTest(
            name=job.name,
            job=job.id,
            checkpoints=tested(database, job, steps),
            benchmark=to_json(test),
            asked_like=_shared(like),
            base=base,
            capacity=capacity_for(items * like.repeats, like.sampling),
        )
    )


def _shared(arm: Arm) -> dict[str, Any]:
    fields = asdict(arm)
    return {**{name: fields[name] for name in _SHARED}, "tools": list(arm.tools)}


def _base_arm(database: Database, deployment: str, shared: Mapping[str, Any]) -> Arm:
    """An arm of a deployment that stands, or is taken to be called after its model."""
    known = deployments.get(database, deployment)
    model, sku = (deployment, "GlobalStandard") if known is None else (known.model, known.sku)
    fields = {**shared, "tools": tuple(shared.get("tools", ()))}
    return Arm(BASE, deployment, model, tier=prices.token_tier(sku), **fields)


def _reinforcement(job: Job) -> Mapping[str, Any]:
    told: Any = json.loads(job.raw)
    for name in ("method", "reinforcement"):
        told = told.get(name) if isinstance(told, Mapping) else None
    return told if isinstance(told, Mapping) else {}


def _short(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name)[:60]
