"""A store of 10,000 jobs, 1,000,000 points and 100,000 items: opening the screen, scrolling it, reading it all."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from cupola.benchmarks.items import split_hash
from cupola.models import Point
from cupola.paths import default_paths
from cupola.store import benchmarks, jobs, points
from cupola.store.benchmarks import StoredBenchmark
from cupola.store.database import Database, open_store

from .memory import _resident
from .result import Result
from .stores import RUNNING, fill

_JOBS, _POINTS, _ITEMS = 10_000, 1_000_000, 100_000
_LONGEST = 100_000
"""Points of one curve; the others are shared out among older jobs."""
_KEYS = 40


def measure() -> Iterator[Result]:
    """Milliseconds and MiB; medians of keys."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database = fill(home, _JOBS, int(time.time()))
        began = time.monotonic()
        _add_points(database)
        rows = tuple(
            json.dumps({"answer": str(n), "question": f"Question {n}?"}, sort_keys=True) for n in range(_ITEMS)
        )
        split = split_hash(rows)
        benchmarks.save_benchmark(database, StoredBenchmark("large", "{}", split, 1.0), "large.jsonl", rows)
        yield Result("points and items written", (time.monotonic() - began) * 1000, "ms")
        database.connection.execute("DELETE FROM benchmarks")
        database.close()
        path = default_paths({"CUPOLA_HOME": folder}).store("demo")
        yield Result("the store's file", path.stat().st_size / 2**20, "MiB")
        yield from _read(path, split)
        yield from _looked_at(home)


def _add_points(database: Database) -> None:
    steps = range(1_000, 1_000 + _LONGEST)
    points.save(database, RUNNING, [Point("train_loss", step, 2.0 / step**0.5) for step in steps])
    each = 1_000
    for number in range((_POINTS - _LONGEST) // each):
        points.save(database, f"ftjob-{number}", [Point("train_loss", step, 2.0 / step) for step in range(1, each + 1)])


def _read(path: Path, split: str) -> Iterator[Result]:
    began = time.monotonic()
    database = open_store(path)
    yield Result("opened", (time.monotonic() - began) * 1000, "ms")
    for name, read in (
        ("all jobs listed", lambda: jobs.newest(database, _JOBS)),
        (f"a curve of {_LONGEST:,} points", lambda: points.series(database, RUNNING, "train_loss")),
        ("all items of a benchmark", lambda: benchmarks.items(database, split)),
    ):
        began = time.monotonic()
        read()
        yield Result(name, (time.monotonic() - began) * 1000, "ms")
    database.close()


def _looked_at(home: Path) -> Iterator[Result]:
    began = time.monotonic()
    session = Session(SCREEN, environment(home))
    try:
        session.wait_for("running")
        yield Result("from the command to the list of jobs", (time.monotonic() - began) * 1000, "ms")
        session.read_for(2.0)
        yield Result("a key down the list, median", statistics.median(_key(session, "j") for _ in range(_KEYS)), "ms")
        yield Result("from the first job to the last", _key(session, "G"), "ms")
        yield Result("resident memory", _resident(session.pid), "MiB")
    finally:
        session.close()


def _key(session: Session, key: str) -> float:
    """Milliseconds until a key shows on the screen."""
    session.read(0.05, look=False)
    began = time.monotonic()
    session.press(key)
    while not session.read(0.0005, look=False):
        assert time.monotonic() - began < 30, "the key does not show"
    return (time.monotonic() - began) * 1000
