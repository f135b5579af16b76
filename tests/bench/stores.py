"""Stores to measure on, made of plain arithmetic."""

from __future__ import annotations

import json
import math
from pathlib import Path

from cupola.models import Event, Health, Job, Point
from cupola.paths import default_paths
from cupola.store import events, health, jobs, points
from cupola.store.database import Database, open_store

RUNNING = "ftjob-running"


def fill(home: Path, count: int, now: int, steps: int = 240, rows: int = 8_000) -> Database:
    """A store with so many jobs, the newest of them running with curves."""
    database = open_store(default_paths({"CUPOLA_HOME": str(home)}).store("demo"))
    metadata = {"metadata": {"cupola_rows": f"{rows}"}}
    first = Job(
        RUNNING,
        "gpt-4.1-nano-2025-04-14",
        "supervised",
        "running",
        now - 2_000,
        suffix="running",
        hyperparameters={"n_epochs": 1, "batch_size": 8},
        raw=json.dumps(metadata),
    )
    others = [
        Job(f"ftjob-{n}", "gpt-4.1", "dpo", "succeeded", now - 90_000 - n, suffix=f"old-{n}", finished_at=now - 80_000)
        for n in range(count - 1)
    ]
    jobs.save(database, [first, *others])
    grow(database, 1, steps, now - 2_000)
    health.save(database, Health(float(now)))
    return database


def grow(database: Database, first: int, last: int, started: int) -> None:
    """Measure the running job's steps from `first` to `last`."""
    found: list[Point] = []
    for step in range(first, last + 1):
        wave = 0.05 * math.sin(step * 2.4)
        found.append(Point("train_loss", step, 2 * math.exp(-step / 60) + 0.4 + wave))
        found.append(Point("train_mean_token_accuracy", step, 0.9 - 0.6 * math.exp(-step / 60) + wave / 4))
        if step % 10 == 0:
            found.append(Point("valid_loss", step, 2 * math.exp(-step / 60) + 0.45))
            found.append(Point("valid_mean_token_accuracy", step, 0.88 - 0.6 * math.exp(-step / 60)))
    points.save(database, RUNNING, found)
    lines = [
        Event(f"e{step}", RUNNING, started + 7 * step, "info", f"Step {step}: training loss={found[0].value:.4f}")
        for step in range(first, last + 1)
        if step % 10 == 0
    ]
    events.save(database, RUNNING, lines)
