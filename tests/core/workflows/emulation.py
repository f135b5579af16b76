"""An emulator with quick engines, a worker that tests may kill, and a small distillation for them."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cupola.benchmarks.definition import Arm, Benchmark, GraderUse, to_json
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.start import define
from cupola.paths import Paths, default_paths
from cupola.settings import Profile
from cupola.store import workflows
from cupola.store.database import Database
from cupola.store.workflows import Stage, Workflow, WorkflowState
from cupola.worker import process
from cupola.workflows.distil.definition import Distillation
from cupola.workflows.distil.start import start, store_prompts

ENGINES = f"{Path(__file__).with_name('engines.py')}:ENGINES"
CHAT = "POST /openai/*chat/completions"
_SERVE = """
import sys
from pathlib import Path
from cupola.emulator.serve import serve
serve("127.0.0.1", 0, Path(sys.argv[1]), float(sys.argv[2]), engines=sys.argv[3])
"""

RIGHT = GraderUse(
    {
        "type": "string_check",
        "name": "right",
        "input": "{{sample.output_text}}",
        "reference": "It is {{item.word}}.",
        "operation": "eq",
    }
)


@dataclass
class Emulation:
    """One emulator and the home of its client."""

    home: Path
    speed: float = 400.0

    def __post_init__(self) -> None:
        command = [sys.executable, "-c", _SERVE, str(self.home / "emulator"), str(self.speed), ENGINES]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout is not None
        told = json.loads(self.server.stdout.readline())
        self.endpoint, self.key = str(told["endpoint"]), str(told["api_key"])

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "CUPOLA_HOME": str(self.home),
            "AZURE_OPENAI_ENDPOINT": self.endpoint,
            "AZURE_OPENAI_API_KEY": self.key,
            "CUPOLA_PROFILE": "test",
        }

    @property
    def paths(self) -> Paths:
        return default_paths(self.environment)

    @property
    def profile(self) -> Profile:
        return Profile("test", self.endpoint)

    @property
    def place(self) -> Path:
        return self.paths.profile_directory("test") / "workflows"

    def start_worker(self) -> None:
        process.start(self.profile, self.environment, self.paths)

    def kill_worker(self) -> None:
        holder = process.status("test", self.paths).holder
        if holder is not None and holder.pid > 0:
            os.kill(holder.pid, signal.SIGKILL)
        while process.status("test", self.paths).running:
            time.sleep(0.01)

    def kill_worker_at_work(self, database: Database, workflow_id: int, seconds: float) -> bool:
        """Start a worker and kill it so long after it has stored something; False if nothing was left to do."""
        topic = f"workflow/{workflow_id}"
        before = database.revisions().get(topic)
        self.start_worker()
        while database.revisions().get(topic) == before:
            if not is_running(database, workflow_id):
                return False
            time.sleep(0.005)
        time.sleep(seconds)
        if not is_running(database, workflow_id):
            return False
        self.kill_worker()
        return True

    def faults(self, *rules: dict[str, Any]) -> None:
        self._send("PUT", "/emulator/faults", {"seed": 1, "rules": list(rules)})

    def ask(self, deployment: str, body: dict[str, Any]) -> None:
        """One chat request of somebody else's."""
        self._send("POST", f"/openai/deployments/{deployment}/chat/completions?api-version=2025-04-01-preview", body)

    def paid(self) -> list[dict[str, Any]]:
        """Every inference call that was answered, whether the answer arrived or not."""
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["seq"] if found else 0
            page = self._send("GET", f"/emulator/ledger?limit=1000&after={after}")
            found += page["data"]
            if not page["has_more"]:
                return found

    def jobs(self) -> list[dict[str, Any]]:
        path = "/openai/fine_tuning/jobs?api-version=2025-04-01-preview&limit=100"
        listed: list[dict[str, Any]] = self._send("GET", path)["data"]
        return listed

    def close(self) -> None:
        self.kill_worker()
        self.server.kill()
        self.server.communicate()

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = json.dumps(body).encode() if body is not None else None
        headers = {"api-key": self.key, "content-type": "application/json"}
        request = urllib.request.Request(self.endpoint + path, content, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            return json.loads(response.read() or b"null")


def rows(count: int, first: int = 0) -> tuple[str, ...]:
    """Questions that have nothing in common but their form."""
    words = [hashlib.sha256(str(number).encode()).hexdigest()[:20] for number in range(first, first + count)]
    return tuple(
        json.dumps({"question": f"What is {word}?", "word": word}, sort_keys=True, separators=(",", ":"))
        for word in words
    )


def defined(items: int = 60, graders: Sequence[GraderUse] = (RIGHT,)) -> Defined:
    """A benchmark of three models with a long system prompt."""
    test = rows(items)
    benchmark = Benchmark(
        name="words",
        prompt=(
            {"role": "system", "content": "You tell people which word they asked for, as well as you can. " * 4},
            {"role": "user", "content": "{{item.question}}"},
        ),
        messages_field="",
        arms=tuple(Arm(name, name, name) for name in ("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano")),
        graders=tuple(graders),
        split=split_hash(test),
        dataset="test.jsonl",
        margin=0.1,
        seed=3,
    )
    return Defined(benchmark, test)


def distillation(
    database: Database, what: Defined | None = None, prompts: int = 60, first: int = 1_000, **settings: Any
) -> Distillation:
    """A distillation with its benchmark and prompts in the store."""
    what = what or defined()
    define(database, what, 1.0)
    roles = {"teacher": "gpt-4.1", "student": "gpt-4.1-nano", "control": "gpt-4.1-mini"}
    given: dict[str, Any] = {**roles, "latency_items": 5, **settings}
    plain = Distillation(name="words", benchmark=to_json(what.benchmark), prompts="", **given)
    return store_prompts(database, plain, rows(prompts, first), 1.0)


def started(emulation: Emulation, database: Database, definition: Distillation, **limits: Any) -> int:
    """Start a distillation and a worker."""
    made = start(database, definition, emulation.place, time.time(), **limits)
    emulation.start_worker()
    return made


def is_running(database: Database, workflow_id: int) -> bool:
    """Whether the worker has something to do for it."""
    found = workflows.get(database, workflow_id)
    return found is not None and found.state is WorkflowState.RUNNING


def settled(database: Database, workflow_id: int, seconds: float = 60.0) -> Workflow:
    """A workflow once it no longer runs."""
    deadline = time.monotonic() + seconds
    while (found := workflows.get(database, workflow_id)) is not None and found.state is WorkflowState.RUNNING:
        assert time.monotonic() < deadline, [
            (stage.name, stage.state.value, stage.done, stage.problem, dict(stage.notes))
            for stage in workflows.stages(database, workflow_id)
            if not stage.state.settled
        ]
        time.sleep(0.05)
    assert found is not None
    return found


def stages_of(database: Database, workflow_id: int) -> dict[str, Stage]:
    """The stages by name."""
    return {stage.name: stage for stage in workflows.stages(database, workflow_id)}


def with_margin(what: Defined, margin: float) -> Defined:
    """The same benchmark with another margin."""
    return replace(what, benchmark=replace(what.benchmark, margin=margin))
