"""The client and the emulator, which share no code, must understand each other in both dialects and on both routes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.azure import files, jobs, models
from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.azure.wire.measurements import points_of_event
from cupola.azure.wire.requests import JobRequest
from cupola.emulator.app import create_app, running
from cupola.errors import NotAllowedError, NotFoundError, ServiceError
from cupola.models import Job, Phase
from cupola.settings import Profile

ROWS = 12
PUZZLES = Path(__file__).parents[3] / "data/cupola_data/countdown"

both = pytest.mark.parametrize(("dialect", "route"), [("azure", "dated"), ("azure", "v1"), ("openai", "v1")])


@asynccontextmanager
async def emulated(state: Path, dialect: Any = "azure", route: str = "dated", key: str = "") -> AsyncIterator[Service]:
    app = create_app(state, speed=400.0, dialect=dialect)
    async with running(app) as service:
        transport = httpx2.ASGITransport(app=app)
        credential = KeyCredential(key or service.resource.account.api_key, "test")
        async with connect(
            Profile("t", "http://127.0.0.1:8000", route=route), credential, transport=transport
        ) as opened:
            yield opened


async def uploaded(service: Service, folder: Path, rows: int = ROWS) -> str:
    row = {"messages": [{"role": "user", "content": "ping"}, {"role": "assistant", "content": "pong"}]}
    path = folder / "train.jsonl"
    path.write_text((json.dumps(row) + "\n") * rows)
    return (await files.processed(service, (await files.upload(service, path)).id)).id


async def until_ended(service: Service, job: Job) -> Job:
    async with asyncio.timeout(30):
        while not (job := await jobs.get_job(service, job.id)).phase.ended:
            await asyncio.sleep(0.05)
    return job


@both
async def test_a_supervised_job_is_followed_from_its_file_to_its_last_point(
    tmp_path: Path, dialect: str, route: str
) -> None:
    async with emulated(tmp_path / "state", dialect, route) as service:
        file_id = await uploaded(service, tmp_path)
        settings: dict[str, float | str] = {"n_epochs": 2, "batch_size": 2}
        request = JobRequest("gpt-4.1-nano", file_id, suffix="ping", seed=7, hyperparameters=settings)
        job = await jobs.submit(service, request, "nonce")
        assert not job.phase.ended
        assert job.error_message is None
        assert job.hyperparameters["learning_rate_multiplier"] is None, "auto, however it is worded"
        assert (await jobs.submit(service, request, "nonce")).id == job.id
        ended = await until_ended(service, job)
        assert (ended.phase, ended.method, ended.name, ended.seed) == (Phase.SUCCEEDED, "supervised", "ping", 7)
        assert ended.fine_tuned_model
        assert [listed.id for listed in await jobs.list_jobs(service)] == [job.id]

        told = await jobs.new_events(service, job.id)
        assert [event.created_at for event in told] == sorted(event.created_at for event in told)
        assert await jobs.new_events(service, job.id, {told[-1].id}) == []
        assert points_of_event(next(event for event in told if event.message.startswith("Step 1:")))
        steps = ROWS * 2 // 2
        points = await files.results(service, ended.result_files[0])
        assert sorted(point.step for point in points if point.metric == "train_loss") == list(range(1, steps + 1))
        saved = await jobs.checkpoints(service, job.id)
        assert [checkpoint.step for checkpoint in saved] == [steps // 2, steps]
        assert "train_loss" in saved[0].metrics


async def test_a_reinforcement_job_gives_its_measurements_the_same_names_everywhere(tmp_path: Path) -> None:
    async with emulated(tmp_path / "state") as service:
        sent = [await files.upload(service, PUZZLES / name) for name in ("train.jsonl", "valid.jsonl")]
        train, valid = [(await files.processed(service, file.id)).id for file in sent]
        request = JobRequest(
            "o4-mini", train, valid, "reinforcement", {"n_epochs": 1, "batch_size": 50, "eval_interval": 1},
            grader=json.loads((PUZZLES / "grader.json").read_text()),
            response_format=json.loads((PUZZLES / "response_format.json").read_text()),
        )  # fmt: skip
        ended = await until_ended(service, await jobs.submit(service, request, "nonce"))
        assert (ended.phase, ended.method) == (Phase.SUCCEEDED, "reinforcement"), ended.error_message
        in_events = {
            point.metric for event in await jobs.new_events(service, ended.id) for point in points_of_event(event)
        }
        in_file = {point.metric for point in await files.results(service, ended.result_files[0])}
    named = {
        "train_mean_reward",
        "full_valid_mean_reward",
        "reasoning_tokens_mean",
        "errors/countdown/train_sample_parse_error_mean",
        "graders/countdown/train_reward_mean",
    }
    assert named <= in_events
    assert {"train_mean_reward", "full_valid_mean_reward", "reasoning_tokens_mean"} <= in_file
    assert not any("graders/0" in name or name.startswith(("errors/0/", "scores/")) for name in in_events | in_file)


async def test_models_and_files_are_listed(tmp_path: Path) -> None:
    async with emulated(tmp_path / "state") as service:
        file_id = await uploaded(service, tmp_path)
        assert [(file.id, file.filename, file.status) for file in await files.list_files(service)] == [
            (file_id, "train.jsonl", "processed")
        ]
        offered = {model.id: model for model in await models.list_models(service)}
        assert offered["gpt-4.1-nano-2025-04-14"].can_fine_tune
        assert offered["gpt-4.1-nano-2025-04-14"].fine_tune_until


async def test_a_job_is_steered_and_what_its_state_forbids_is_refused_in_words(tmp_path: Path) -> None:
    async with emulated(tmp_path / "state") as service:
        job = await jobs.submit(service, JobRequest("gpt-4.1-nano", await uploaded(service, tmp_path, 400)), "n")
        assert (await jobs.steer(service, job.id, "cancel")).phase is Phase.CANCELLED
        with pytest.raises(ServiceError, match="cannot be paused") as caught:
            await jobs.steer(service, job.id, "pause")
        assert caught.value.remedy


async def test_what_the_emulator_refuses_comes_back_in_words(tmp_path: Path) -> None:
    async with emulated(tmp_path / "state") as service:
        with pytest.raises(NotFoundError):
            await jobs.get_job(service, "ftjob-" + "0" * 32)
        with pytest.raises(ServiceError, match="fine-tun"):
            await jobs.submit(service, JobRequest("no-such-model", await uploaded(service, tmp_path)), "n")
    async with emulated(tmp_path / "state", key="a-wrong-key") as service:
        with pytest.raises(NotAllowedError) as caught:
            await jobs.list_jobs(service)
        assert caught.value.exit_code == 4
