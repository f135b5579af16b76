"""An emulator with quick engines and a worker, each a process of its own that tests may kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cupola.benchmarks.definition import from_json
from cupola.benchmarks.items import items_of
from cupola.emulator.state.ledger import request_hash
from cupola.paths import Paths, default_paths
from cupola.settings import Profile
from cupola.store import answers, benchmarks
from cupola.store.answers import AnswerState
from cupola.store.benchmarks import RunState
from cupola.store.database import Database
from cupola.worker import process

ENGINES = f"{Path(__file__).parents[2] / 'emulator' / 'tiny_engines.py'}:ENGINES"
_SERVE = """
import sys
from pathlib import Path
from cupola.emulator.serve import serve
serve("127.0.0.1", 0, Path(sys.argv[1]), float(sys.argv[2]), engines=sys.argv[3])
"""
USAGE = {"include_usage": True}
CHAT = "POST /openai/*chat/completions"
STORM: tuple[dict[str, Any], ...] = (
    {"route": CHAT, "fault": "rate_limited", "rate": 0.08, "seconds": 0.05},
    {"route": CHAT, "fault": "server_error", "rate": 0.07},
    {"route": CHAT, "fault": "reset", "rate": 0.05},
    {"route": CHAT, "fault": "reset_answer", "rate": 0.04},
    {"route": CHAT, "fault": "truncated", "rate": 0.04},
    {"route": CHAT, "fault": "stall", "rate": 0.02, "seconds": 0.5},
)
"""Three calls in ten go wrong in one way or another."""


@dataclass(frozen=True)
class Account:
    """A run's rows held one by one against the emulator's ledger of what was paid for."""

    rows: int
    answered: int
    lost: int
    """Requests sent by a worker that died, or broken off: each may have been paid for without being heard of."""
    unpaid: int
    """Answered rows that nobody paid for; must be 0."""
    twice: int
    """Calls paid for beyond a row's one answer and its requests that were lost; must be 0."""
    strange: int
    """Calls paid for that no row asked for; must be 0."""


@dataclass
class Emulation:
    """One emulator and the home of its client."""

    home: Path
    speed: float = 20.0

    def __post_init__(self) -> None:
        command = [sys.executable, "-c", _SERVE, str(self.home / "emulator"), str(self.speed), ENGINES]
        with (self.home / "emulator.log").open("w") as log:
            self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.server.stdout is not None
        told = json.loads(self.server.stdout.readline())
        self.endpoint, self.key = str(told["endpoint"]), str(told["api_key"])
        self.account = (
            f"/subscriptions/{told['subscription_id']}/resourceGroups/{told['resource_group']}"
            f"/providers/Microsoft.CognitiveServices/accounts/{told['account']}"
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "CUPOLA_HOME": str(self.home),
            "AZURE_OPENAI_ENDPOINT": self.endpoint,
            "AZURE_OPENAI_API_KEY": self.key,
        }

    @property
    def paths(self) -> Paths:
        return default_paths(self.environment)

    @property
    def profile(self) -> Profile:
        return Profile("default", self.endpoint)

    def start_worker(self) -> int:
        holder = process.start(self.profile, self.environment, self.paths).holder
        assert holder is not None
        return holder.pid

    def kill_worker(self) -> None:
        holder = process.status("default", self.paths).holder
        if holder is not None and holder.pid > 0:
            os.kill(holder.pid, signal.SIGKILL)
        while process.status("default", self.paths).running:
            time.sleep(0.01)

    def kill_worker_at_work(self, database: Database, seconds: float) -> bool:
        """Start a worker and kill it so long after it has got its first answer; False if nothing was left to ask."""
        before = answers.count_by_state(database).get(AnswerState.ANSWERED, 0)
        self.start_worker()
        while answers.count_by_state(database).get(AnswerState.ANSWERED, 0) == before:
            if not benchmarks.runs_in(database, RunState.WANTED, RunState.RUNNING):
                return False
            time.sleep(0.005)
        time.sleep(seconds)
        self.kill_worker()
        return True

    def faults(self, *rules: dict[str, Any]) -> None:
        self._send("PUT", "/emulator/faults", {"seed": 1, "rules": list(rules)})

    def paid(self) -> tuple[int, int]:
        """Calls that were answered, and how many different questions they asked."""
        totals = self._send("GET", "/emulator/ledger?limit=1")["totals"]
        return int(totals["calls"]), int(totals["distinct_requests"])

    def deploy(self, name: str, sku: str = "GlobalBatch", model: str = "gpt-4.1-nano") -> None:
        """Make a deployment and wait until it takes calls."""
        path = f"{self.account}/deployments/{name}?api-version=2025-09-01"
        what = {"format": "OpenAI", "name": model, "version": "2025-04-14"}
        self._send("PUT", path, {"sku": {"name": sku, "capacity": 500}, "properties": {"model": what}})
        while self._send("GET", path)["properties"]["provisioningState"] != "Succeeded":
            time.sleep(0.01)

    def created(self, kind: str) -> list[dict[str, Any]]:
        """What the service holds of a kind: batches, evals, or evals/ID/runs."""
        return list(self._send("GET", f"/openai/v1/{kind}?limit=100")["data"])

    def settled(self, database: Database, run_id: int) -> Account:
        """Hold a run's rows against the ledger."""
        run = benchmarks.get_run(database, run_id)
        assert run is not None
        benchmark = from_json(run.definition)
        items = items_of(benchmark, benchmarks.items(database, run.split))
        known = {(entry.sent.request, entry.sent.number): entry for entry in answers.of_run(database, run_id)}
        bills = Counter(str(call["request_hash"]) for call in self._bills())
        found = Counter[str]()
        for ask in benchmarks.asks(database, run_id):
            entry, arm = known[ask.request, ask.number], benchmark.arms[ask.arm]
            body = {**arm.body(list(items[ask.place].messages)), "stream": True, "stream_options": USAGE}
            paid = bills.pop(request_hash(arm.deployment, body), 0)
            answered = entry.answer.state is AnswerState.ANSWERED
            found += Counter(rows=1, answered=answered, lost=entry.sent.lost, unpaid=answered and not paid)
            found += Counter(twice=max(paid - answered - entry.sent.lost, 0))
        return Account(
            **{name: found[name] for name in Account.__annotations__ if name != "strange"}, strange=len(bills)
        )

    def _bills(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["seq"] if found else 0
            page = self._send("GET", f"/emulator/ledger?limit=10000&after={after}")
            found += page["data"]
            if not page["has_more"]:
                return found

    def close(self) -> None:
        self.kill_worker()
        self.server.kill()
        self.server.communicate()

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = json.dumps(body).encode() if body is not None else None
        headers = {"api-key": self.key, "authorization": "Bearer any.opaque", "content-type": "application/json"}
        request = urllib.request.Request(self.endpoint + path, content, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            return json.loads(response.read() or b"null")
