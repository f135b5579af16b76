"""A service that means harm: every answer ends in time, in bounded memory, and in words or in records."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import random
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.azure import files, jobs, pages
from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.azure.wire import evaluations as wire
from cupola.azure.wire.reading import LARGEST_JSON
from cupola.errors import CupolaError, ServiceError, UnreachableError
from cupola.models import Health
from cupola.settings import Profile
from cupola.store import checkpoints, evaluations, events, health, points
from cupola.store import files as stored_files
from cupola.store import jobs as stored_jobs
from cupola.store.database import Database, open_store
from cupola.worker.loop import Loop
from cupola.worker.poll import LOCAL
from cupola.worker.sync import Memory, look

KEY = "k-1234567890-secret"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LIST = b'{"object": "list", "data": [], "has_more": false}'

Write = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def no_wait(seconds: float) -> None:
    pass


@contextlib.asynccontextmanager
async def speaking(write: Write, seen: list[bytes] | None = None, **limits: float) -> AsyncIterator[Service]:
    """A connection to a server that reads a request and writes what it likes."""

    talks: list[tuple[asyncio.Task[Any], asyncio.StreamWriter]] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.append((task, writer))
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            asked = await reader.readuntil(b"\r\n\r\n")
            if seen is not None:
                seen.append(asked)
            await write(writer)
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    profile = Profile("test", f"http://127.0.0.1:{port}")
    try:
        async with connect(profile, KeyCredential(KEY, "test"), sleep=no_wait) as service:
            yield replace(service, **limits)  # type: ignore[arg-type]  # a test's shorthand
    finally:
        server.close()
        for task, writer in talks:
            writer.transport.abort()
            await asyncio.wait([task])


def saying(content: bytes) -> Write:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()

    return write


def with_length(body: bytes, length: int | None = None) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


BROKEN = {
    "nothing at all": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a head": HEAD,
    "less than the length says": with_length(LIST, 4_000),
    "more than the length says": with_length(LIST, 20),
    "a negative length": HEAD + b"Content-Length: -5\r\n\r\n" + LIST,
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 49\r\n\r\n" + LIST,
    "a chunk that lies": HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n" + LIST,
    "endless heads": HEAD + b"X-Filler: y\r\n" * 200_000,
    "a forged head": HEAD + b"X-A: \x1b]0;owned\x07\r\nContent-Length: 2\r\n\r\n[]",
    "invalid UTF-8": with_length(b'{"data": [{"id": "\xff\xfe"}], "has_more": \xc3}'),
    "a list": with_length(b"[]"),
    "a deep nest": with_length(b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a number without end": with_length(b'{"data": ' + b"9" * 100_000 + b"}"),
    "HTML": with_length(b"<html><title>Sign in</title></html>"),
    "an error of another kind": b'HTTP/1.1 400 Bad\r\nContent-Length: 19\r\n\r\n{"error": ["a", 1]}',
    "a status of its own": b"HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_answer_is_an_error_in_words(content: bytes) -> None:
    async with speaking(saying(content)) as service, asyncio.timeout(20):
        with pytest.raises(ServiceError) as raised:
            await jobs.list_jobs(service)
    assert raised.value.what
    assert KEY not in f"{raised.value}{raised.value.raw}"


async def test_an_answer_that_drips_is_left() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 1000000\r\n\r\n")
        for _ in itertools.count():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with speaking(drip, whole_seconds=0.3, read_attempts=1) as service, asyncio.timeout(20):
        with pytest.raises(UnreachableError, match="did not end"):
            await jobs.list_jobs(service)


async def test_a_head_that_drips_is_left() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        for byte in itertools.chain(HEAD, itertools.cycle(b"X-Filler: y\r\n")):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)

    async with speaking(drip, whole_seconds=0.3, read_attempts=1) as service, asyncio.timeout(20):
        with pytest.raises(UnreachableError, match="did not end"):
            await jobs.list_jobs(service)


async def test_a_body_without_end_is_left_in_bounded_memory() -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n")
        while True:
            writer.write(b"[" * 2**16)
            await writer.drain()

    async with speaking(pour) as service, asyncio.timeout(20):
        object.__setattr__(service.traffic, "largest_answer", 8 * 2**20)
        tracemalloc.start()
        with pytest.raises(ServiceError, match="larger than"):
            await jobs.list_jobs(service)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 40 * 2**20


async def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(64 * 2**20))
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with speaking(saying(head + bomb)) as service, asyncio.timeout(20):
        tracemalloc.start()
        with pytest.raises(ServiceError, match="compressed"):
            await files.content(service, "file-1")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 16 * 2**20


async def test_json_too_large_to_be_read_safely_is_refused_before_it_is_read() -> None:
    body = b'{"data": [' + b"[]," * (LARGEST_JSON // 3) + b"[]]}"
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, content=body))
    async with connect(Profile("t", "https://r.example"), KeyCredential(KEY, "t"), transport=transport) as service:
        with pytest.raises(ServiceError, match="could not be understood"):
            await jobs.list_jobs(service)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_the_key_nowhere(status: int) -> None:
    stolen: list[bytes] = []
    async with speaking(saying(b""), stolen) as thief:
        target = str(thief.client.base_url).encode()
        told = b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, target)
        async with speaking(saying(told)) as service, asyncio.timeout(20):
            with pytest.raises(ServiceError, match="redirect"):
                await jobs.list_jobs(service)
            with pytest.raises(ServiceError, match="redirect"):
                await jobs.steer(service, "ftjob-1", "cancel")
    assert stolen == []


async def test_pages_without_end_are_left_and_told() -> None:
    numbers = itertools.count()

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"data": [{"id": f"ftjob-{next(numbers)}"}], "has_more": True})

    transport = httpx2.MockTransport(answer)
    async with connect(Profile("t", "https://r.example"), KeyCredential(KEY, "t"), transport=transport) as service:
        with pytest.raises(ServiceError, match="does not end"):
            async for _ in pages.pages(service, "/fine_tuning/jobs", 100, most=30):
                pass


ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1e308, float("nan"), "", "x\ud800", "../../etc", "a\nb", "\x1b[31m", [], {}, [[]],
    {"id": 5}, ["x"] * 50, {"a": {"b": {"c": [1, None]}}},
)  # fmt: skip
SOUND: dict[str, dict[str, Any]] = {
    "job": {
        "id": "ftjob-1", "object": "fine_tuning.job", "model": "gpt-4.1-nano", "status": "running", "created_at": 1,
        "finished_at": None, "estimated_finish": 2, "suffix": "a", "trainingType": "Standard", "seed": 1,
        "hyperparameters": {"n_epochs": 1}, "method": {"type": "reinforcement"}, "training_file": "file-1",
        "validation_file": "file-2", "result_files": ["file-3"], "fine_tuned_model": "m", "trained_tokens": 5,
        "eval_id": "eval-1", "error": {"code": "c", "message": "m"}, "metadata": {"a": "b"},
    },
    "event": {
        "id": "e1", "created_at": 1, "level": "info", "message": "Step 1: training loss=0.5", "type": "metrics",
        "data": {"step": 1, "train_loss": 0.5},
    },
    "checkpoint": {
        "id": "c1", "created_at": 1, "step_number": 1, "fine_tuned_model_checkpoint": "m:1",
        "metrics": {"step": 1, "train_loss": 0.5},
    },
    "file": {"id": "file-1", "filename": "a", "purpose": "fine-tune", "status": "processed", "bytes": 1,
             "created_at": 1},
    "model": {"id": "m", "created_at": 1, "lifecycle_status": "ga", "capabilities": {"fine_tune": True},
              "deprecation": {"fine_tune": 5}},
    "eval": {"id": "eval-1", "name": "n", "created_at": 1},
    "run": {"id": "run-1", "name": "Step 1", "status": "completed", "created_at": 1,
            "result_counts": {"total": 1, "passed": 1}},
    "output_item": {
        "id": "item-1", "status": "pass", "datasource_item_id": 1, "datasource_item": {"a": "b"},
        "results": [{"name": "g", "score": 1.0, "passed": True}],
        "sample": {"output": [{"role": "assistant", "content": "x"}], "usage": {"completion_tokens": 1}},
    },
}  # fmt: skip


class Liar:
    """A service whose records have wrong values in some of their fields."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def bent(self, kind: str) -> dict[str, Any]:
        return {
            name: self.chance.choice(ODD) if self.chance.random() < 0.3 else value
            for name, value in SOUND[kind].items()
        }

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        match request.url.path.removeprefix("/openai").strip("/").split("/"):
            case ["fine_tuning", "jobs"]:
                return self.listed("job")
            case ["fine_tuning", "jobs", _, "events"]:
                return self.listed("event")
            case ["fine_tuning", "jobs", _, "checkpoints"]:
                return self.listed("checkpoint")
            case ["evals", _, "runs", _, "output_items"]:
                return self.listed("output_item")
            case ["evals", _, "runs"]:
                return self.listed("run")
            case ["evals"]:
                return self.listed("eval")
            case ["files"]:
                return self.listed("file")
            case ["models"]:
                return self.listed("model")
            case ["files", _, "content"]:
                return httpx2.Response(200, content=self.chance.choice([b"\xff", b"step,train_loss\n1,nan\nx,1e999\n"]))
        return self.answer(self.bent("eval"))

    def listed(self, kind: str) -> httpx2.Response:
        data: Any = [self.bent(kind) for _ in range(3)]
        if self.chance.random() < 0.1:
            data = self.chance.choice(ODD)
        more = self.chance.choice([False, False, True, "yes", None])
        return self.answer({"object": "list", "data": data, "has_more": more})

    def answer(self, value: Any) -> httpx2.Response:
        return httpx2.Response(200, content=json.dumps(value).encode(), headers={"content-type": "application/json"})


def all_of(database: Database) -> None:
    """Read back all that is stored."""
    health.get(database)
    stored_files.files(database)
    stored_files.models(database)
    for job in stored_jobs.newest(database, 1_000):
        events.of_job(database, job.id)
        checkpoints.of_job(database, job.id)
        for metric in points.metrics(database, job.id):
            points.series(database, job.id, metric)
        for run in evaluations.runs_of(database, job.id):
            columns = evaluations.columns_of(database, run.run.id)
            assert len(columns.ids.split(b"\n")) == max(1, len(columns.scores)), "an id broke its column"


async def test_wrong_values_in_every_field_leave_a_store_that_can_be_read(tmp_path: Path) -> None:
    database = open_store(tmp_path / "store.sqlite3")
    told = 0
    for seed in range(40):
        transport = httpx2.MockTransport(Liar(seed))
        profile, credential = Profile("t", "https://r.example"), KeyCredential(KEY, "t")
        async with connect(profile, credential, transport=transport, sleep=no_wait) as service, asyncio.timeout(20):
            try:
                await look(service, database, Memory(), LOCAL, 0.0)
                told += 1
            except CupolaError as error:
                assert error.what
        all_of(database)
    assert told, "no look came to its end"
    assert stored_jobs.newest(database, 10)
    database.close()


async def test_an_id_with_a_line_feed_does_not_shift_the_items_after_it(tmp_path: Path) -> None:
    database = open_store(tmp_path / "store.sqlite3")
    found = [wire.item({**SOUND["output_item"], "id": name}, "run-1", 1) for name in ("a\nb", "c", "d")]
    items = [item._replace(place=place) for place, item in enumerate(found) if item is not None]
    evaluations.save_items(database, "ftjob-1", "run-1", items, whole=True)
    columns = evaluations.columns_of(database, "run-1")
    database.close()
    assert len(columns.ids.split(b"\n")) == len(columns.scores) == len(columns.keys.rows) == len(items)


async def test_the_worker_tells_the_person_what_a_hostile_service_did(tmp_path: Path) -> None:
    database = open_store(tmp_path / "store.sqlite3")
    async with speaking(saying(with_length(b"<html>"))) as service, asyncio.timeout(20):
        await Loop(service, database, LOCAL).turn()
    found: Health = health.get(database)
    database.close()
    assert found.problem is not None
    assert found.problem.what == "The service's answer could not be understood."
    assert found.problem.remedy
    assert found.next_try is not None
