"""Deployments in memory that a test arranges, and small benchmarks to run against them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.definition import Arm, Benchmark, GraderUse
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.runner import Ended, Runner
from cupola.benchmarks.start import define, runner_of, want_run
from cupola.graders import PythonSandbox
from cupola.store import benchmarks
from cupola.store.benchmarks import Run
from cupola.store.database import Database, open_store

Answering = Callable[[str, Mapping[str, Any]], "ChatReply | Exception"]


def reply(text: str, **fields: Any) -> ChatReply:
    """An answer of ten prompt tokens and two more."""
    known = {"finish_reason": "stop", "model": "gpt-4.1", "prompt_tokens": 10, "completion_tokens": 2, "seconds": 0.1}
    return ChatReply(text, **{**known, **fields})


def score(value: object) -> ChatReply:
    """What a grader model says."""
    return reply(json.dumps({"steps": [{"description": "Look.", "conclusion": "Seen."}], "result": value}))


@dataclass
class Deployments:
    """All deployments of one test; counts what it is asked."""

    answering: Answering
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    most_at_once: int = 0
    at_once: int = 0

    async def __call__(self, deployment: str, body: Mapping[str, Any], /) -> ChatReply:
        self.asked[deployment, json.dumps(body, sort_keys=True)] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            answer = self.answering(deployment, body)
        finally:
            self.at_once -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def calls(self) -> int:
        return self.asked.total()


def question(body: Mapping[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


EXACT = GraderUse(
    {
        "type": "string_check",
        "name": "exact",
        "input": "{{sample.output_text}}",
        "reference": "{{item.answer}}",
        "operation": "eq",
    }
)
JUDGED = GraderUse(
    {
        "type": "score_model",
        "name": "judged",
        "model": "judge",
        "range": [0.0, 5.0],
        "pass_threshold": 3.0,
        "input": [{"role": "user", "content": "Rate 0 to 5. Answer: {{sample.output_text}}"}],
    }
)


def defined(items: int = 6, arms: tuple[str, ...] = ("a", "b"), graders: tuple[GraderUse, ...] = (EXACT,)) -> Defined:
    rows = tuple(
        json.dumps({"answer": f"yes {n}", "question": f"Question {n}?"}, sort_keys=True, separators=(",", ":"))
        for n in range(items)
    )
    benchmark = Benchmark(
        name="small",
        prompt=({"role": "user", "content": "{{item.question}}"},),
        messages_field="",
        arms=tuple(Arm(name, name, "gpt-4.1") for name in arms),
        graders=graders,
        split=split_hash(rows),
    )
    return Defined(benchmark, rows)


@dataclass
class Bench:
    """A store with one benchmark, and as many goes at running it as a test likes."""

    database: Database
    sandbox: PythonSandbox

    def wanted(self, what: Defined, budget: float | None = None) -> Run:
        define(self.database, what, 1.0)
        return want_run(self.database, what.benchmark, 1.0, budget)

    def runner(self, run: Run, deployments: Deployments, **settings: Any) -> Runner:
        fresh = benchmarks.get_run(self.database, run.id)
        assert fresh is not None
        runner = runner_of(self.database, fresh, deployments, self.sandbox, **settings)
        runner.calls.sleep = _no_wait
        return runner

    async def go(
        self, what: Defined, answering: Answering, budget: float | None = None
    ) -> tuple[Runner, Deployments, Ended]:
        deployments = Deployments(answering)
        runner = self.runner(self.wanted(what, budget), deployments)
        ended = await runner.go()
        return runner, deployments, ended


async def _no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


def with_arms(what: Defined, *arms: Arm) -> Defined:
    return replace(what, benchmark=replace(what.benchmark, arms=arms))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_store(tmp_path / "store.sqlite3")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[PythonSandbox]:
    with PythonSandbox(workers=1) as opened:
        yield opened


@pytest.fixture
def bench(database: Database, sandbox: PythonSandbox) -> Bench:
    return Bench(database, sandbox)
