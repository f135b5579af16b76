"""Uploads in parts and downloads between a worker process and a real emulator, over lines and workers that die."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.azure import files
from cupola.azure.client import connect
from cupola.azure.credentials import KeyCredential
from cupola.models import Upload, UploadState
from cupola.paths import default_paths
from cupola.store import datasets, downloads, health, intents
from cupola.store.database import Database, open_store
from cupola.store.downloads import Download, DownloadState

from .emulation import Emulation

PART = 32 * 1024
SIZE = 4 * 2**20
"""128 times the part, and 16 times the size from which on parts are sent here: as 1.6 GB would be at the service."""

WORKER = """
import os, sys
from cupola.paths import default_paths
from cupola.settings import Profile
from cupola.worker.run import run
from cupola.worker.uploads import Limits

endpoint, plain, part = sys.argv[1:]
run(Profile("test", endpoint), default_paths(os.environ), os.environ, Limits(plain=int(plain), part=int(part)))
"""


@dataclass
class House:
    """One profile's directories, emulator and worker; the worker sends in parts from 256 KB on."""

    environment: dict[str, str]
    emulation: Emulation
    store: Database
    worker: subprocess.Popen[bytes] | None = field(default=None)

    def work(self) -> None:
        command = [sys.executable, "-c", WORKER, self.emulation.profile.endpoint, str(SIZE // 16), str(PART)]
        self.worker = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait(20)
            self.worker = None

    def befall(self, *rules: dict[str, Any]) -> None:
        """Let things go wrong from now on."""
        answer = httpx2.put(
            f"{self.emulation.profile.endpoint}/emulator/faults",
            headers={"api-key": self.emulation.key},
            json={"seed": 1, "rules": list(rules)},
        )
        assert answer.status_code == 200, answer.text

    def upload(self) -> Upload:
        return datasets.uploads(self.store)[0]

    def download(self) -> Download:
        return downloads.downloads(self.store)[0]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    emulation = Emulation(tmp_path / "emulator", speed=60.0)
    emulation.start()
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "CUPOLA_HOME": str(tmp_path / "home"), "AZURE_OPENAI_API_KEY": emulation.key}
    store = open_store(default_paths(environment).store("test"))
    opened = House(environment, emulation, store)
    yield opened
    opened.kill()
    store.close()
    emulation.stop(signal.SIGKILL)


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    row = '{"messages": [{"role": "user", "content": "ping %d"}, {"role": "assistant", "content": "pong"}]}\n'
    path.write_text("".join(row % number for number in range(SIZE // 90)))
    return path


def soon(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)


def ask(house: House, path: Path) -> None:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    intents.wish(house.store, "file.upload", str(path), time.time(), {"sha256": sha256, "purpose": "fine-tune"})
    soon(lambda: bool(datasets.uploads(house.store)))


def test_parts_go_on_after_drops_a_dead_worker_and_a_dead_service(house: House, train: Path) -> None:
    house.befall(
        {"route": "POST */uploads/*/parts", "fault": "reset", "rate": 0.02},
        {"route": "POST */uploads/*/parts", "fault": "reset_answer", "rate": 0.02},
        {"route": "POST */uploads/*/complete", "fault": "reset_answer", "times": 1},
    )
    house.work()
    ask(house, train)
    soon(lambda: len(house.upload().parts) >= 20)
    house.kill()
    came = len(house.upload().parts)
    house.work()
    soon(lambda: len(house.upload().parts) > came + 20)
    house.emulation.stop(signal.SIGKILL)
    house.emulation.start()
    soon(lambda: not house.upload().state.open)

    sent = house.upload()
    assert sent.state is UploadState.DONE, sent.problem
    assert (sent.sent, len(sent.parts)) == (train.stat().st_size, -(-train.stat().st_size // PART))
    begun = [call for call in health.calls(house.store) if call.method == "POST" and call.path.endswith("/uploads")]
    assert len(begun) <= 1
    assert asyncio.run(content(house, sent.file_id or "")) == train.read_bytes()
    assert asyncio.run(names(house)) == ["train.jsonl"]


def test_a_download_goes_on_after_drops_and_a_dead_worker(house: House, train: Path, tmp_path: Path) -> None:
    house.work()
    ask(house, train)
    soon(lambda: not house.upload().state.open)
    house.kill()
    house.befall(
        {"route": "GET */content*", "fault": "reset_answer", "times": 3},
        {"route": "GET */content*", "fault": "slow", "bytes_per_second": 1_000_000},
    )
    folder = tmp_path / "fetched"
    folder.mkdir()
    intents.wish(house.store, "file.download", house.upload().file_id or "", time.time(), {"folder": str(folder)})
    house.work()
    soon(lambda: bool(downloads.downloads(house.store)) and house.download().received > SIZE // 16)
    house.kill()
    left = house.download()
    assert left.state is DownloadState.RECEIVING
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    house.befall()
    house.work()
    soon(lambda: not house.download().state.open)

    fetched = house.download()
    assert fetched.state is DownloadState.DONE, fetched.problem
    assert [path.name for path in folder.iterdir()] == ["train.jsonl"]
    assert (folder / "train.jsonl").read_bytes() == train.read_bytes()


async def content(house: House, file_id: str) -> bytes:
    async with connect(house.emulation.profile, KeyCredential(house.emulation.key, "test")) as service:
        return await files.content(service, file_id)


async def names(house: House) -> list[str]:
    async with connect(house.emulation.profile, KeyCredential(house.emulation.key, "test")) as service:
        return [file.filename for file in await files.list_files(service)]
