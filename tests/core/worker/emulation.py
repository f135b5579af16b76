"""A real emulator in a process of its own, to be stopped, killed and started again by tests."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cupola.azure import files, jobs
from cupola.azure.client import connect
from cupola.azure.credentials import KeyCredential
from cupola.azure.wire.requests import JobRequest
from cupola.models import Job
from cupola.settings import Profile


@dataclass
class Emulation:
    """The emulator of one test."""

    state: Path
    speed: float
    port: int = 0
    key: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def profile(self) -> Profile:
        return Profile("test", f"http://127.0.0.1:{self.port}")

    def start(self) -> None:
        command = [sys.executable, "-m", "cupola.cli", "emulator", "--state", str(self.state)]
        command += ["--port", str(self.port), "--speed", str(self.speed)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.port, self.key = int(told["endpoint"].rpartition(":")[2]), told["api_key"]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    async def submit(self, suffix: str, rows: int = 12, epochs: int = 1) -> Job:
        """Submit a small supervised job."""
        row = {"messages": [{"role": "user", "content": "ping"}, {"role": "assistant", "content": "pong"}]}
        path = self.state.parent / f"{suffix}.jsonl"
        path.write_text((json.dumps(row) + "\n") * rows)
        async with connect(self.profile, KeyCredential(self.key, "test")) as service:
            sent = await files.processed(service, (await files.upload(service, path)).id)
            settings: dict[str, float | str] = {"n_epochs": epochs, "batch_size": 1}
            request = JobRequest("gpt-4.1-nano", sent.id, suffix=suffix, hyperparameters=settings)
            return await jobs.submit(service, request, suffix)
