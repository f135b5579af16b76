"""Emulators to test against: in this process for the asynchronous SDK, over a socket for the rest."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, DefaultAsyncHttpxClient, OpenAI

from cupola.emulator.app import create_app, running
from cupola.emulator.service import Service

TINY = f"{Path(__file__).with_name('tiny_engines.py')}:ENGINES"
API_VERSION = "2025-04-01-preview"
HOST = "http://127.0.0.1:8000"
SPEED = 400.0


@dataclass
class Emulator:
    """An emulator in this process with clients of both routes."""

    service: Service
    azure: AsyncAzureOpenAI
    v1: AsyncOpenAI
    http: httpx2.AsyncClient

    @property
    def key(self) -> str:
        return self.service.resource.account.api_key

    async def upload(self, rows: list[dict[str, Any]] | bytes, name: str = "train.jsonl") -> str:
        content = rows if isinstance(rows, bytes) else "\n".join(map(json.dumps, rows)).encode()
        file = await self.azure.files.create(file=(name, content), purpose="fine-tune")
        await self.until(lambda: self._file_ready(file.id))
        return file.id

    async def _file_ready(self, file_id: str) -> bool:
        return (await self.azure.files.retrieve(file_id)).status not in ("pending", "running")

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(0.01)

    async def until_status(self, job_id: str, *statuses: str) -> Any:
        async def reached() -> bool:
            return (await self.azure.fine_tuning.jobs.retrieve(job_id)).status in statuses

        await self.until(reached)
        return await self.azure.fine_tuning.jobs.retrieve(job_id)

    async def events(self, job_id: str) -> list[Any]:
        """Oldest first."""
        return [event async for event in self.azure.fine_tuning.jobs.list_events(job_id)][::-1]


@asynccontextmanager
async def emulator_at(state_dir: Path, **settings: Any) -> AsyncIterator[Emulator]:
    app = create_app(state_dir, **{"speed": SPEED, "engines": TINY, **settings})
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(running(app))
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        key = service.resource.account.api_key

        def client() -> DefaultAsyncHttpxClient:
            return DefaultAsyncHttpxClient(transport=transport)

        azure = AsyncAzureOpenAI(
            azure_endpoint=HOST, api_key=key, api_version=API_VERSION, http_client=client(), max_retries=0
        )
        v1 = AsyncOpenAI(base_url=f"{HOST}/openai/v1/", api_key=key, http_client=client(), max_retries=0)
        http = httpx2.AsyncClient(transport=transport, base_url=HOST)
        for opened in (azure, v1, http):
            await stack.enter_async_context(opened)
        yield Emulator(service, azure, v1, http)


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Any]:
    """Open an emulator on the test's state directory: `async with start(speed=..., dialect=...)`."""
    return lambda **settings: emulator_at(tmp_path / "state", **settings)


@pytest.fixture
async def emulator(start: Callable[..., Any]) -> AsyncIterator[Emulator]:
    async with start() as opened:
        yield opened


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    seconds: float = 1_750_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


_SERVE = """
import sys
from pathlib import Path
from cupola.emulator.serve import serve
serve("127.0.0.1", 0, Path(sys.argv[1]), float(sys.argv[2]), engines=sys.argv[3])
"""


@dataclass
class ServerProcess:
    """An emulator in a process of its own."""

    process: subprocess.Popen[str]
    ready: dict[str, Any] = field(default_factory=dict)

    def azure(self) -> AzureOpenAI:
        return AzureOpenAI(
            azure_endpoint=self.ready["endpoint"],
            api_key=self.ready["api_key"],
            api_version=API_VERSION,
            max_retries=0,
        )

    def v1(self) -> OpenAI:
        endpoint = f"{self.ready['endpoint']}/openai/v1/"
        return OpenAI(base_url=endpoint, api_key=self.ready["api_key"], max_retries=0)

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(20)


@pytest.fixture
def serve_process(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Start an emulator on the test's state directory in a process of its own."""
    started: list[ServerProcess] = []

    def serve(speed: float = SPEED) -> ServerProcess:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(tmp_path / "state"), str(speed), TINY],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        server = ServerProcess(process)
        started.append(server)
        assert process.stdout is not None
        line = process.stdout.readline()
        if line:
            server.ready = json.loads(line)
        return server

    yield serve
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
        server.process.communicate()


def chat_row(number: int) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": "You are Cora."},
            {"role": "user", "content": f"Question {number}?"},
            {"role": "assistant", "content": f"Answer {number}."},
        ]
    }


@pytest.fixture
def chat_rows() -> list[dict[str, Any]]:
    return [chat_row(number) for number in range(12)]


@pytest.fixture
def preference_rows() -> list[dict[str, Any]]:
    return [
        {
            "input": {"messages": [{"role": "user", "content": f"Question {number}?"}]},
            "preferred_output": [{"role": "assistant", "content": "Yes, please."}],
            "non_preferred_output": [{"role": "assistant", "content": "No."}],
        }
        for number in range(12)
    ]


@pytest.fixture
def reinforcement_rows() -> list[dict[str, Any]]:
    return [
        {"messages": [{"role": "user", "content": f"Say {number}"}], "wanted": str(number % 3)} for number in range(12)
    ]
