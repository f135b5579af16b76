"""Faces, workers and emulators are killed, a terminal is closed: everything goes on and nothing is doubled."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.end_to_end.conftest import Demo

from cupola.models import Event, Health, Job, Phase
from cupola.paths import Paths, default_paths
from cupola.store import events, health, jobs, points
from cupola.store.database import Database, open_store
from cupola.worker import process

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Session

Open = Callable[..., "Session"]

COMMAND = (sys.executable, "-m", "cupola_tui")


def until(true: Callable[[], object], what: str, seconds: float = 40.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not after {seconds:.0f} s"
        time.sleep(0.05)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Paths]:
    """A profile of a service on this machine that does not answer; its worker is stopped in the end."""
    paths = default_paths({"CUPOLA_HOME": str(tmp_path)})
    paths.config.mkdir(parents=True)
    paths.config_file.write_text('default = "here"\n[profiles.here]\nendpoint = "http://127.0.0.1:9"\n')
    with contextlib.closing(open_store(paths.store("here"))) as database:
        jobs.save(database, [Job("ftjob-1", "m", "supervised", "running", int(time.time()) - 60, suffix="known")])
        health.save(database, Health(time.time() - 3_600))
    yield paths
    process.stop("here", paths)


def test_a_killed_worker_is_started_again_by_the_open_screen(local: Paths, open_session: Open) -> None:
    session = open_session(COMMAND, changes={"AZURE_OPENAI_API_KEY": "k"})
    session.wait_for("known")
    until(lambda: process.status("here", local).named, "a worker")
    first = process.status("here", local).holder
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: process.status("here", local).named and process.status("here", local).holder != first, "another")
    session.wait_for("out of reach, as of")


def test_a_worker_that_was_told_to_stop_stays_stopped_and_the_screen_says_so(local: Paths, open_session: Open) -> None:
    session = open_session(COMMAND, changes={"AZURE_OPENAI_API_KEY": "k"})
    session.wait_for("out of reach, as of")
    assert process.stop("here", local)
    with contextlib.closing(open_store(local.store("here"))) as database:
        health.save(database, Health(time.time()))
    session.wait_for("no worker, as of")
    session.read_for(2.0)
    assert not process.status("here", local).running
    session.press("r")
    session.wait_for("out of reach, as of")
    assert process.status("here", local).running


@pytest.mark.long
def test_everything_may_be_killed_while_jobs_learn_and_nothing_is_lost_or_doubled(
    demo: Demo, open_session: Open
) -> None:
    session = open_session((*COMMAND, "demo", "--speed", "8"))
    session.wait_for("cora-support", 40)
    with contextlib.closing(open_store(demo.paths.store("demo"))) as store:
        until(lambda: _step(store, "cora-support") > 5, "learning")

        # The terminal goes away, as when a connection drops.
        session.hang_up()
        session.wait()
        assert process.status("demo", demo.paths).running
        before = _step(store, "cora-support")
        until(lambda: _step(store, "cora-support") > before, "points without a screen")

        demo.kill_worker()
        demo.kill_emulator()
        with_face = open_session((*COMMAND, "demo", "--speed", "8"))
        with_face.wait_for("cora-support", 40)
        demo.kill_emulator()
        with_face.wait_for("out of reach, as of", 40)
        with_face.kill()

        last = open_session((*COMMAND, "demo", "--speed", "30"))
        until(lambda: all(job.phase is Phase.SUCCEEDED for job in jobs.newest(store)), "both jobs done", 240)
        last.wait_for("✓")
        last.wait_for("live")
        assert b"Traceback" not in last.sent

        assert sorted(job.name for job in jobs.newest(store)) == ["cora-support", "countdown"]
        for job in jobs.newest(store):
            _is_whole_once(store, job)


def test_two_screens_and_a_shell_steer_the_same_job(demo: Demo, open_session: Open) -> None:
    one = open_session((*COMMAND, "demo", "--speed", "1"))
    one.wait_for("cora-support", 40)
    two = open_session((*COMMAND, "-p", "demo"))
    two.wait_for("cora-support", 40)
    with contextlib.closing(open_store(demo.paths.store("demo"))) as store:
        until(lambda: len(jobs.newest(store)) == 2, "both jobs")
        until(lambda: _step(store, "cora-support") and _step(store, "countdown"), "both running")
    paused = demo.cupola("-p", "demo", "job", "pause", "cora-support", "-y")
    assert paused.returncode == 0, paused.stderr
    one.wait_for("paused")
    two.wait_for("paused")
    again = demo.cupola("-p", "demo", "job", "pause", "cora-support", "-y")
    assert again.returncode == 1
    assert "Traceback" not in again.stderr
    assert demo.cupola("-p", "demo", "job", "resume", "cora-support", "-y").returncode == 0
    assert demo.cupola("-p", "demo", "job", "cancel", "countdown", "-y").returncode == 0
    one.wait_for("⊘")
    two.wait_for("⊘")
    assert demo.cupola("demo", "--no-screen").returncode == 0
    assert demo.cupola("demo", "--stop").returncode == 0
    two.wait_for("no worker, as of")


def _step(store: Database, name: str) -> int:
    found = [job for job in jobs.newest(store) if job.name == name]
    return (points.last_step(store, found[0].id) or 0) if found else 0


def _is_whole_once(store: Database, job: Job) -> None:
    for metric in points.metrics(store, job.id):
        steps, _ = points.series(store, job.id, metric)
        assert len(set(steps.tolist())) == len(steps), f"{metric} of {job.name} has a step twice"
    metric = "train_loss" if job.method == "supervised" else "train_mean_reward"
    steps, _ = points.series(store, job.id, metric)
    assert steps.tolist() == list(range(1, len(steps) + 1)), f"{metric} of {job.name} has gaps"
    said = [event.message for event in events.of_job(store, job.id) if _is_step(event)]
    assert len(set(said)) == len(said), "a step was told twice"


def _is_step(event: Event) -> bool:
    return event.message.startswith("Step ")
