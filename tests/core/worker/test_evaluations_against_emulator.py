"""A countdown job on the emulator in this process: its auto-evals reach the store as the service measured them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from cupola.azure import files, jobs
from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.azure.wire.requests import JobRequest
from cupola.emulator.app import create_app, running
from cupola.settings import Profile
from cupola.store import checkpoints, evaluations, points
from cupola.store.database import Database
from cupola.training import stored_evals
from cupola.training.auto_evals import summaries
from cupola.training.checkpoint_choice import choose, keeping
from cupola.worker.poll import LOCAL
from cupola.worker.sync import Memory, look
from cupola_data.countdown import grader, response_format

PUZZLES = Path(__file__).parents[3] / "data/cupola_data/countdown"


@asynccontextmanager
async def emulated(state: Path) -> AsyncIterator[Service]:
    app = create_app(state, speed=4_000.0)
    async with running(app) as service:
        key = KeyCredential(service.resource.account.api_key, "test")
        transport = httpx2.ASGITransport(app=app)
        async with connect(Profile("t", "http://127.0.0.1:8000"), key, transport=transport) as opened:
            yield opened


async def submitted(service: Service, folder: Path, rows: int) -> str:
    sent = []
    for name in ("train", "valid"):
        path = folder / f"{name}.jsonl"
        path.write_text("".join((PUZZLES / path.name).read_text().splitlines(keepends=True)[:rows]))
        sent.append((await files.processed(service, (await files.upload(service, path)).id)).id)
    request = JobRequest(
        "o4-mini",
        sent[0],
        sent[1],
        method="reinforcement",
        suffix="countdown",
        hyperparameters={"n_epochs": 1, "batch_size": 4, "eval_interval": 2, "eval_samples": 1},
        grader=grader(),
        response_format=response_format(),
    )
    return (await jobs.submit(service, request, "countdown")).id


async def test_auto_evals_of_a_countdown_job_agree_with_the_services_own_curve(tmp_path: Path, store: Database) -> None:
    async with emulated(tmp_path / "state") as service:
        job_id = await submitted(service, tmp_path, 16)
        memory, turn = Memory(), 0.0
        async with asyncio.timeout(60):
            while not (job := await jobs.get_job(service, job_id)).phase.ended:
                await look(service, store, memory, LOCAL, turn)
                turn += 10.0
                await asyncio.sleep(0.2)
        assert job.status == "succeeded", job.error_message
        await look(service, store, memory, LOCAL, turn)
    evaluation = evaluations.get(store, job_id)
    assert evaluation is not None and evaluation.link in ("field", "name")
    evals = stored_evals.read(store, job)
    assert evals is not None and evals.steps[0] == 0 and len(evals.keys) == 16
    assert all(known.whole for known in evaluations.runs_of(store, job_id))
    summarised = summaries(evals)
    assert all(summary.counts.total == 16 for summary in summarised)
    steps, values = points.series(store, job_id, "full_valid_mean_reward")
    told = dict(zip(steps.tolist(), values.tolist(), strict=True))
    compared = [
        (summary.mean.value, told[summary.step]) for summary in summarised if summary.mean and summary.step in told
    ]
    assert compared
    for own, theirs in compared:
        assert own == pytest.approx(theirs)
    choice = choose(evals, summarised)
    kept = keeping(job, checkpoints.of_job(store, job_id))
    assert choice is not None and choice.best in evals.steps and kept.deployable
    shown = stored_evals.answer_of(store, next(item for item in evals.items[0] if item is not None))
    assert shown.messages[-1][1].startswith("Target:") and shown.grades[0].name == "countdown"
