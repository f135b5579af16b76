"""Real runs on the emulator: a gamed grader and a learning rate too high are seen, a healthy run raises no alarm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.azure import files, jobs
from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.azure.wire.requests import JobRequest
from cupola.benchmarks.definition import GraderUse
from cupola.benchmarks.start import grading_room
from cupola.emulator.app import create_app, running
from cupola.graders import PythonSandbox
from cupola.models import Job
from cupola.settings import Profile
from cupola.store.database import Database, open_store
from cupola.training import regrading, stored_evals
from cupola.training.auto_evals import AutoEvals
from cupola.training.reward_watches import Alarm
from cupola.training.step_changes import compare_steps
from cupola.training.watches import Level
from cupola.training.watching import alarms
from cupola.worker.poll import LOCAL
from cupola.worker.sync import Memory, look
from cupola_data.countdown import grader, response_format

PUZZLES = Path(__file__).parents[3] / "data/cupola_data/countdown"
PAYS_FOR_LENGTH = {
    "type": "python",
    "name": "length",
    "source": "def grade(sample, item):\n    return min(len(sample['output_text']) / 200.0, 1.0)\n",
    "pass_threshold": 0.5,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


@asynccontextmanager
async def emulated(state: Path) -> AsyncIterator[Service]:
    app = create_app(state, speed=8_000.0)
    async with running(app) as service:
        key = KeyCredential(service.resource.account.api_key, "test")
        transport = httpx2.ASGITransport(app=app)
        async with connect(Profile("t", "http://127.0.0.1:8000"), key, transport=transport) as opened:
            yield opened


async def trained(
    folder: Path, store: Database, rows: int, seed: int, judge: dict[str, Any], form: Any, **settings: float | str
) -> tuple[Job, AutoEvals]:
    async with emulated(folder / "state") as service:
        sent = []
        for name, count in (("train", rows), ("valid", 50)):
            path = folder / f"{name}.jsonl"
            path.write_text("".join((PUZZLES / path.name).read_text().splitlines(keepends=True)[:count]))
            sent.append((await files.processed(service, (await files.upload(service, path)).id)).id)
        settings = {"n_epochs": 1, "batch_size": 4, "eval_interval": 5, "eval_samples": 1, **settings}
        request = JobRequest(
            "o4-mini", *sent, "reinforcement", settings, judge, form, suffix="watched", seed=seed
        )  # fmt: skip
        job_id = (await jobs.submit(service, request, "watched")).id
        async with asyncio.timeout(120):
            while not (job := await jobs.get_job(service, job_id)).phase.ended:
                await asyncio.sleep(0.1)
        assert job.status == "succeeded", job.error_message
        await look(service, store, Memory(), LOCAL, 0.0)
    evals = stored_evals.read(store, job)
    assert evals is not None
    return job, evals


def kinds(found: tuple[Alarm, ...]) -> dict[str, Level]:
    return {alarm.kind: alarm.level for alarm in found}


async def test_a_healthy_run_gains_beyond_its_interval_and_raises_no_alarm(tmp_path: Path, store: Database) -> None:
    job, evals = await trained(
        tmp_path, store, 100, 42, grader(), response_format(), learning_rate_multiplier=2.0
    )  # fmt: skip
    gain = compare_steps(evals, 0, len(evals.steps) - 1)
    assert gain is not None and gain.difference.interval.low > 0
    assert alarms(store, job, evals) == ()


async def test_a_learning_rate_of_forty_is_seen_in_the_rewards_and_said(tmp_path: Path, store: Database) -> None:
    """With most seeds this policy outlives such a rate and only the setting is told of; with this one it does not."""
    settings: dict[str, float | str] = {"learning_rate_multiplier": 40.0, "n_epochs": 2, "eval_interval": 10}
    job, evals = await trained(tmp_path, store, 100, 11, grader(), response_format(), **settings)
    found = alarms(store, job, evals)
    assert kinds(found)["learning_rate"] is Level.BAD
    sentence = next(alarm.sentence for alarm in found if alarm.kind == "learning_rate")
    assert "learning_rate_multiplier 40" in sentence and "fell from" in sentence


async def test_a_grader_that_pays_for_length_is_caught_and_an_honest_one_disagrees_on_the_stored_answers(
    tmp_path: Path, store: Database
) -> None:
    settings: dict[str, float | str] = {"learning_rate_multiplier": 2.0, "n_epochs": 2, "eval_interval": 25}
    job, evals = await trained(tmp_path, store, 100, 42, PAYS_FOR_LENGTH, None, **settings)
    assert kinds(alarms(store, job, evals))["length"] is Level.BAD
    use = GraderUse(grader())
    todo = regrading.to_regrade(store, evals, use)
    assert len(todo) == len(evals.steps) * 50
    with PythonSandbox() as sandbox:
        room = grading_room(store, regrading.no_model, sandbox, 0.0)
        assert await regrading.regrade(room, store, job.id, use, todo) is None
    (series,) = regrading.second_series(store, job.id, evals)
    assert series.grader.name == "countdown" and series.shares == (1.0,) * len(evals.steps)
    first, last = series.means[0], series.means[-1]
    assert first is not None and last is not None and last.interval.high < first.interval.low
    assert kinds(alarms(store, job, evals))["disagreement"] is Level.BAD
