"""Jobs wished for from the screen: submitted once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.errors import UsageError
from cupola.models import IntentState
from cupola.settings import Profile
from cupola.store import datasets, intents, jobs
from cupola.store.database import Database
from cupola.training.job_spec import JobSpec, fingerprint
from cupola.training.job_wish import SUBMIT, arguments_of, spec_of
from cupola.training.token_bounds import TOKENS_KEY
from cupola.worker.intents import obey_all, resolve_taken
from cupola.worker.job_submissions import Submissions, wished
from cupola.worker.transfers import Transfers

NOW = 2_000.0
GRADER = {"type": "string_check", "name": "same", "operation": "eq", "input": "a", "reference": "a"}


class Foundry:
    """Files, jobs and graders of a service, in memory; a call can be lost before or after it took effect."""

    def __init__(self) -> None:
        self.files: list[dict[str, Any]] = []
        self.jobs: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.drop_before: Callable[[str], bool] = lambda call: False
        self.drop_after: Callable[[str], bool] = lambda call: False
        self.refuses_grader = False

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        call = f"{request.method} {request.url.path.removeprefix('/openai')}"
        self.asked.append(call)
        if self.drop_before(call):
            raise httpx2.ConnectError("dropped")
        answer = self._answer(call, request)
        if self.drop_after(call):
            raise httpx2.ReadTimeout("lost")
        return answer

    def _answer(self, call: str, request: httpx2.Request) -> httpx2.Response:
        match call.removeprefix("POST ").removeprefix("GET ").strip("/").split("/"):
            case ["files"] if call.startswith("POST"):
                self.files.append(_file(f"file-{len(self.files)}"))
                return httpx2.Response(201, json=self.files[-1])
            case ["files"]:
                return httpx2.Response(200, json={"data": self.files, "has_more": False})
            case ["files", file_id]:
                return httpx2.Response(200, json=next(file for file in self.files if file["id"] == file_id))
            case ["fine_tuning", "jobs"] if call.startswith("POST"):
                body = json.loads(request.content)
                self.jobs.append({**body, "id": f"ftjob-{len(self.jobs)}", "status": "pending", "created_at": int(NOW)})
                return httpx2.Response(201, json=self.jobs[-1])
            case ["fine_tuning", "jobs"]:
                return httpx2.Response(200, json={"data": self.jobs, "has_more": False})
            case [*_, "validate"] if self.refuses_grader:
                return httpx2.Response(400, json={"error": {"code": "invalidGrader", "message": "No such operation."}})
            case [*_, "validate"]:
                return httpx2.Response(200, json={"grader": {}})
        return httpx2.Response(404, json={"error": {"code": "notFound", "message": call}})


def _file(file_id: str) -> dict[str, Any]:
    return {
        "id": file_id, "filename": "train.jsonl", "bytes": 9, "purpose": "fine-tune", "status": "processed",
        "created_at": int(NOW),
    }  # fmt: skip


@pytest.fixture
def foundry() -> Foundry:
    return Foundry()


@pytest.fixture
def spec(tmp_path: Path) -> JobSpec:
    train = tmp_path / "train.jsonl"
    train.write_text('{"messages": []}\n' * 10)
    return JobSpec(
        "gpt-4.1-nano", train, suffix="mine", hyperparameters={"n_epochs": 2}, training_type="globalStandard"
    )


async def _at_work(foundry: Foundry, store: Database, until: Callable[[], bool]) -> None:
    """A worker's share in it, until something holds or it has had ample time."""

    async def quickly(_: float) -> None:
        await asyncio.sleep(0)

    profile, credential = Profile("test", "http://127.0.0.1:1"), KeyCredential("key", "test")
    transport = httpx2.MockTransport(foundry)
    async with connect(
        profile, credential, transport=transport, read_attempts=1, clock=lambda: NOW, sleep=quickly
    ) as service:
        await _worked(service, store, until)


async def _worked(service: Service, store: Database, until: Callable[[], bool]) -> None:
    transfers = Transfers(service, store)
    submissions = Submissions(service, store, transfers.wake, lambda: None)
    await resolve_taken(service, store)
    await obey_all(service, store)
    try:
        async with asyncio.timeout(20):
            while not until():
                submissions.wake()
                transfers.wake()
                await asyncio.sleep(0.005)
    finally:
        await submissions.close()
        await transfers.close()


def _wish(store: Database, spec: JobSpec) -> int:
    return intents.wish(store, SUBMIT, fingerprint(spec), NOW, arguments_of(spec))


def _answered(store: Database, wish: int) -> Callable[[], bool]:
    def answered() -> bool:
        found = intents.get(store, wish)
        return found is not None and found.state in (IntentState.DONE, IntentState.FAILED)

    return answered


def test_a_wish_carries_the_whole_job(spec: JobSpec) -> None:
    assert spec_of(json.loads(json.dumps(arguments_of(spec)))) == spec


def test_a_wish_keeps_no_secret_of_a_grader(spec: JobSpec) -> None:
    secret = JobSpec(
        grader={"type": "multi", "graders": {"a": {"type": "endpoint", "headers": {"Authorization": "x"}}}}
    )
    with pytest.raises(UsageError, match="secret"):
        arguments_of(secret)


async def test_a_job_is_submitted_after_its_file(foundry: Foundry, store: Database, spec: JobSpec) -> None:
    wish = _wish(store, spec)
    await _at_work(foundry, store, _answered(store, wish))
    (job,) = jobs.newest(store)
    assert (job.training_file, job.hyperparameters["n_epochs"], job.training_type) == ("file-0", 2, "globalStandard")
    found = intents.get(store, wish)
    assert found is not None and found.state is IntentState.DONE
    assert [upload.name for upload in datasets.uploads(store)] == ["train.jsonl"]


async def test_tokens_counted_after_the_wish_was_named_travel_with_it(
    foundry: Foundry, store: Database, spec: JobSpec
) -> None:
    counted = replace(spec, metadata={TOKENS_KEY: "120"})
    wish = intents.wish(store, SUBMIT, fingerprint(spec), NOW, arguments_of(counted))
    await _at_work(foundry, store, _answered(store, wish))
    assert [job["metadata"][TOKENS_KEY] for job in foundry.jobs] == ["120"]


async def test_a_job_whose_answer_was_lost_is_found_and_not_created_again(
    foundry: Foundry, store: Database, spec: JobSpec
) -> None:
    lost = iter([True])
    foundry.drop_after = lambda call: call == "POST /fine_tuning/jobs" and next(lost, False)
    wish = _wish(store, spec)
    await _at_work(foundry, store, _answered(store, wish))
    assert len(foundry.jobs) == 1
    assert len(jobs.newest(store)) == 1


async def test_the_next_worker_goes_on_with_a_wish_that_a_dead_one_had_taken(
    foundry: Foundry, store: Database, spec: JobSpec
) -> None:
    wish = _wish(store, spec)
    foundry.drop_before = lambda call: call == "POST /fine_tuning/jobs"
    await _at_work(foundry, store, lambda: "POST /fine_tuning/jobs" in foundry.asked)
    assert [intent.id for intent in wished(store)] == [wish]
    foundry.drop_before = lambda call: False
    await _at_work(foundry, store, _answered(store, wish))
    assert (len(foundry.jobs), len(foundry.files)) == (1, 1)


async def test_a_file_that_changed_since_the_yes_is_not_trained_on(
    foundry: Foundry, store: Database, spec: JobSpec
) -> None:
    wish = _wish(store, spec)
    assert isinstance(spec.training, Path)
    spec.training.write_text('{"messages": [1]}\n' * 10)
    await _at_work(foundry, store, _answered(store, wish))
    found = intents.get(store, wish)
    assert found is not None and found.problem is not None
    assert "changed" in found.problem.what
    assert not foundry.files and not foundry.jobs


async def test_a_grader_that_the_service_refuses_costs_nothing(
    foundry: Foundry, store: Database, spec: JobSpec
) -> None:
    foundry.refuses_grader = True
    wanted = JobSpec(spec.model, spec.training, spec.training, "reinforcement", grader=GRADER)
    wish = _wish(store, wanted)
    await _at_work(foundry, store, _answered(store, wish))
    found = intents.get(store, wish)
    assert found is not None and found.problem is not None
    assert "grader" in found.problem.what
    assert not foundry.files and not foundry.jobs
