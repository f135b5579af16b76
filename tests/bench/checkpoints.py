"""The Checkpoints pane with 5,000 items at 30 steps: from the key to its table, then keys in its lists."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from cupola.models import Evaluation, EvaluationItem, EvaluationRun, Job, Point
from cupola.store import evaluations, jobs, points
from cupola.store.database import Database

from .result import Result
from .stores import fill

_ITEMS, _STEPS, _RUNS, _KEYS = 5_000, 30, 5, 30
_SETTLED = 1.5
"""Seconds of looking at the jobs before the pane is gone to."""
_JOB = "ftjob-wide"


def measure() -> Iterator[Result]:
    """Milliseconds; medians."""
    rows = f"{_ITEMS:,} items x {_STEPS} steps"
    with tempfile.TemporaryDirectory() as folder:
        home, now = Path(folder), int(time.time())
        database = fill(home, 100, now)
        _evaluated(database, now)
        database.close()
        opened, lists, maps = [], [], []
        for _ in range(_RUNS):
            session = Session(SCREEN, environment(home))
            try:
                opened.append(_open(session))
                session.press(b"\r")
                lists.append(_keys(session))
                session.press(b"]")
                session.read_for(_SETTLED)
                maps.append(_keys(session))
            finally:
                session.close()
    yield Result(f"{rows}: pane with its steps and items", statistics.median(opened), "ms", 500)
    yield Result(f"{rows}: a key in two steps' items", statistics.median(lists), "ms", 40)
    yield Result(f"{rows}: a key in the map of all steps", statistics.median(maps), "ms", 40)


def _evaluated(database: Database, now: int) -> None:
    job = Job(_JOB, "o4-mini-2025-04-16", "reinforcement", "succeeded", now - 9_000, suffix="wide", raw="{}")
    jobs.save(database, [job])
    points.save(database, _JOB, [Point("train_mean_reward", step, 2 + step / 60) for step in range(1, _STEPS * 5)])
    evaluations.save(database, Evaluation(_JOB, "eval-wide", "validation", job.created_at, "field"))
    chance = random.Random(1)
    for number in range(_STEPS):
        run = EvaluationRun(f"run-{number}", "eval-wide", f"Step {5 * number}", 5 * number, "completed", number, _ITEMS)
        evaluations.save_runs(database, _JOB, [run])
        items = [_item(run.id, place, float(chance.random() < 0.4 + number / 100)) for place in range(_ITEMS)]
        evaluations.save_items(database, _JOB, run.id, items, whole=True)


def _item(run_id: str, place: int, score: float) -> EvaluationItem:
    row = {"messages": [{"role": "user", "content": f"Question {place}: which of these is right?"}]}
    sample = {"output": [{"role": "assistant", "content": f"answer {place} of {run_id}"}]}
    raw = json.dumps({"id": f"{run_id}-{place}", "datasource_item": row, "sample": sample, "results": []})
    outcome = "pass" if score else "fail"
    return EvaluationItem(
        f"{run_id}-{place}", run_id, place, f"row-{place}", f"p-{place}", outcome, score, 600, 500, raw
    )


def _open(session: Session) -> float:
    """Milliseconds from the key until the first questions stand on the screen."""
    session.wait_for("token accuracy")
    session.read_for(_SETTLED)
    mark, start = len(session.sent), time.monotonic()
    session.press(b"4")
    while b"Question" not in session.sent[mark:]:
        assert time.monotonic() - start < 30, "the pane did not open"
        session.read(0.001, look=False)
    found = (time.monotonic() - start) * 1_000
    session.read_for(_SETTLED)
    return found


def _keys(session: Session) -> float:
    """The median milliseconds from a key to the first of what it changes."""
    session.read_for(0.5)
    times = []
    for _ in range(_KEYS):
        start = time.monotonic()
        session.press(b"j")
        while not session.read(0.0005, look=False):
            assert time.monotonic() - start < 30, "the key had no effect"
        times.append((time.monotonic() - start) * 1_000)
        session.read_for(0.05)
    return statistics.median(times)
