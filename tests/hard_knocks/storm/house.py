"""One emulator, one worker and one store; either process may be killed at any moment and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cupola.paths import Paths, default_paths
from cupola.settings import Profile
from cupola.worker import process

ROOT = Path(__file__).parents[3]
PART_BYTES = 32 * 1024
"""Files of more than eight of these are sent in parts, as those of more than 300 MB are at the service."""
_PROFILE = "storm"
_SERVE = """
import sys
from pathlib import Path
from cupola.emulator.serve import serve
serve("127.0.0.1", int(sys.argv[2]), Path(sys.argv[1]), float(sys.argv[3]), engines=sys.argv[4])
"""
_WORK = f"""
import os, sys
from cupola.paths import default_paths
from cupola.settings import Profile
from cupola.worker.run import run
from cupola.worker.uploads import Limits
limits = Limits(plain={8 * PART_BYTES}, part={PART_BYTES})
run(Profile("{_PROFILE}", sys.argv[1]), default_paths(os.environ), os.environ, limits)
"""
_CHAT = "POST /openai/*chat/completions"
FAULTS: tuple[dict[str, Any], ...] = (
    {"route": _CHAT, "fault": "rate_limited", "rate": 0.05, "seconds": 0.05},
    {"route": _CHAT, "fault": "server_error", "rate": 0.04},
    {"route": _CHAT, "fault": "reset", "rate": 0.03},
    {"route": _CHAT, "fault": "reset_answer", "rate": 0.03},
    {"route": _CHAT, "fault": "truncated", "rate": 0.02},
    {"route": "* /openai/fine_tuning/*", "fault": "server_error", "rate": 0.1},
    {"route": "* /openai/fine_tuning/*", "fault": "reset_answer", "rate": 0.1},
    {"route": "* /openai/*files*", "fault": "reset", "rate": 0.05},
    {"route": "* /openai/*uploads*", "fault": "reset_answer", "rate": 0.03},
    {"route": "GET /openai/*content*", "fault": "reset_answer", "rate": 0.2},
    {"route": "* /openai/*evals*", "fault": "server_error", "rate": 0.05},
    {"route": "* /subscriptions/*", "fault": "server_error", "rate": 0.1},
    {"route": "* /subscriptions/*", "fault": "reset_answer", "rate": 0.05},
)
"""What befalls requests while the storm lasts; many a create is carried out and its answer lost."""


@dataclass
class House:
    """What the storm rages over."""

    folder: Path
    speed: float
    port: int = 0
    key: str = ""
    account: str = ""
    """Its path at the control plane."""
    server: subprocess.Popen[str] | None = field(default=None, init=False)
    worker: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "CUPOLA_HOME": str(self.folder / "home"),
            "AZURE_OPENAI_API_KEY": self.key,
        }

    @property
    def paths(self) -> Paths:
        return default_paths(self.environment)

    @property
    def store(self) -> Path:
        return self.paths.store(_PROFILE)

    @property
    def place(self) -> Path:
        return self.paths.profile_directory(_PROFILE) / "workflows"

    @property
    def profile(self) -> Profile:
        return Profile(_PROFILE, self.endpoint)

    def start_service(self) -> None:
        """Start the emulator where it was, on the port it had."""
        engines = f"{Path(__file__).with_name('engines.py')}:ENGINES"
        command = [sys.executable, "-c", _SERVE, str(self.folder / "emulator"), str(self.port), str(self.speed)]
        # Its training processes load the engines, too.
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self.folder / "emulator.log").open("a") as log:
            self.server = subprocess.Popen(
                [*command, engines], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.server.stdout is not None
        told = json.loads(self.server.stdout.readline())
        self.port, self.key = int(str(told["endpoint"]).rpartition(":")[2]), str(told["api_key"])
        self.account = (
            f"/subscriptions/{told['subscription_id']}/resourceGroups/{told['resource_group']}"
            f"/providers/Microsoft.CognitiveServices/accounts/{told['account']}"
        )

    def kill_service(self) -> None:
        """kill -9."""
        if self.server is not None:
            self.server.kill()
            self.server.communicate()
            self.server = None

    def start_worker(self) -> None:
        """Start a worker; it may be killed before it has done anything."""
        with (self.folder / "worker.log").open("a") as log:
            command = [sys.executable, "-c", _WORK, self.endpoint]
            self.worker = subprocess.Popen(command, cwd="/", env=self.environment, stdout=log, stderr=log)

    def worker_stands(self) -> bool:
        """Whether it holds its lock; False also if it has died by itself."""
        return process.status(_PROFILE, self.paths).named

    def worker_died(self) -> int | None:
        """The status with which it ended though nobody killed it."""
        return None if self.worker is None else self.worker.poll()

    def kill_worker(self) -> None:
        """kill -9, and whatever it had started notices by itself."""
        if self.worker is not None:
            self.worker.send_signal(signal.SIGKILL)
            self.worker.wait(20)
            self.worker = None

    def befall(self, seed: int, *rules: dict[str, Any]) -> None:
        """Let requests go wrong from now on; without rules no more."""
        self.send("PUT", "/emulator/faults", {"seed": seed, "rules": list(rules)})

    def ledger(self) -> list[dict[str, Any]]:
        """Every inference call that was paid for, oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["seq"] if found else 0
            page = self.send("GET", f"/emulator/ledger?limit=10000&after={after}")
            found += page["data"]
            if not page["has_more"]:
                return found

    def listed(self, path: str) -> list[dict[str, Any]]:
        """All of a list of the service."""
        found: list[dict[str, Any]] = []
        while True:
            after = f"&after={found[-1]['id']}" if found else ""
            page = self.send("GET", f"{path}?limit=100{after}")
            found += page["data"]
            if not page.get("has_more"):
                return found

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the service what nothing of Cupola's asks."""
        content = json.dumps(body).encode() if body is not None else None
        headers = {"api-key": self.key, "authorization": "Bearer any.opaque", "content-type": "application/json"}
        request = urllib.request.Request(self.endpoint + path, content, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + 30
        while True:
            try:
                with opener.open(request, timeout=30) as response:
                    return json.loads(response.read() or b"null")
            except OSError:
                # Faults befall this, too.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def close(self) -> None:
        """End both."""
        self.kill_worker()
        self.kill_service()
