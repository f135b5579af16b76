"""Jobs as a real resource has them: of others, without a log, of unknown states, with extreme names and numbers."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cupola.models import Event, Health, Job, Point
from cupola.paths import default_paths
from cupola.store import events, health, jobs, points
from cupola.store.database import open_store

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Session

Open = Callable[..., "Session"]

STATES = {
    "日本語の名前のとても長いジョブの名前です🎉👩‍👩‍👧‍👦": "running",
    "مرحبا": "pausing",
    "hidden\u200bspace": "queued",
    "odd": "hibernating",
    "broken": "failed",
    "dropped": "cancelled",
    "waiting": "paused",
    "": "",
}


@pytest.fixture
def strange(tmp_path: Path) -> None:
    now = int(time.time())
    bulk = [
        Job(f"ftjob-{number:04}", "gpt-4.1-nano-2025-04-14", "supervised", "succeeded", now - 60 * (number + 2))
        for number in range(300)
    ]
    odd = [
        Job(f"ftjob-odd-{number}", "gpt-4.1", "", status, now - number, suffix=name, raw='{"metadata": null}')
        for number, (name, status) in enumerate(STATES.items())
    ]
    long = Job("ftjob-long", "m", "dpo", "failed", now - 40, suffix="long", error_message="word " * 400 + "x" * 3_000)
    with contextlib.closing(open_store(default_paths({"CUPOLA_HOME": str(tmp_path)}).store("demo"))) as database:
        jobs.save(database, [*bulk, *odd, long])
        events.save(database, long.id, [Event(f"e{n}", long.id, now, "odd", "a 日本 message " * 90) for n in range(60)])
        extremes = [Point("train_loss", 1, 1e308), Point("train_loss", 2, -1e308), Point("train_loss", 2**53, 5e-324)]
        points.save(database, "ftjob-odd-0", extremes)
        points.save(database, "ftjob-odd-6", [Point("train_loss", step, 1.0) for step in range(5)])
        health.save(database, Health(float(now)))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_no_job_however_strange_brings_the_screen_down(
    strange: None, open_session: Open, size: tuple[int, int]
) -> None:
    session = open_session((sys.executable, "-m", "cupola_tui", "-p", "demo"), columns=size[0], rows=size[1])
    session.wait_for("hibernating")
    for _ in range(len(STATES) + 2):
        for key in ("]", "]", "]", "]", "L", "L", "j"):
            session.press(key)
            session.read(0.03)
    session.press("G")
    session.press("/")
    deadline = time.monotonic() + 30
    # pyte cannot always tell what stands there after wide letters were painted over.
    while b"to look for" not in session.sent:
        assert time.monotonic() < deadline, "the filter did not open"
        session.read(0.05)
    session.read(0.5)
    session.press("hibern")
    session.read(0.3)
    session.resize(120, 40)
    session.wait_for("1 of 309")
    session.press("\r")
    session.press("\x1b")
    for columns, rows in ((200, 60), (80, 24), (120, 40)):
        session.resize(columns, rows)
        session.read(0.05)
    session.wait_for("309")
    assert b"Traceback" not in session.sent, session.text
    session.press("q")
    session.wait_for("job")
