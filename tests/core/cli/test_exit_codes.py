"""Every exit code that the reference promises comes about, and no other is promised."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from tests.hard_knocks.filled_store import fill

from cupola.cli.reference import reference
from cupola.store import answers, workflows
from cupola.store.answers import Answer, AnswerState, Sent
from cupola.store.database import Database
from cupola.store.workflows import StageState, WorkflowState

from ..worker.cloud import Cloud
from .conftest import Shell


def unreachable(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("no route to host")


def refused(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(401, json={"error": {"code": "401", "message": "Access denied."}})


def interrupted(_: httpx2.Request) -> httpx2.Response:
    raise KeyboardInterrupt


def through(shell: Shell, answer: Callable[[httpx2.Request], httpx2.Response], *words: str) -> int:
    shell.context = replace(shell.context, transport=httpx2.MockTransport(answer))
    return shell.run(*words)


def watched(shell: Shell, cloud: Cloud, status: str) -> int:
    cloud.add("ftjob-1", status, suffix="cora")
    cloud.events["ftjob-1"] = []
    return shell.run("job", "watch", "cora", "--once")


def judged(shell: Shell, store: Database, word: str) -> int:
    """Watch a distillation that has come to this word against its teacher."""
    fill(shell.context.paths.store("default"), shell.home, time.time())
    number = min(one.id for one in workflows.newest(store) if one.kind == "distil")
    outputs = {"to_teacher": {"word": word}, "headline": "", "sentences": []}
    for stage in workflows.stages(store, number):
        found = outputs if stage.name == "verdict" else {}
        done = replace(stage, state=StageState.DONE, question="", problem=None, outputs=found)
        workflows.save_stage(store, done)
    workflows.move(store, number, list(WorkflowState), WorkflowState.DONE, 1.0)
    return shell.run("distill", "watch", str(number))


def beyond_budget(shell: Shell, store: Database) -> int:
    file = shell.context.paths.config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("[profiles.default]\nbudget_month_hard = 1\n")
    now = time.time()
    sent = Sent("r", 1, "arm", "d", now)
    answers.write(store, [sent], [Answer("r", 1, AnswerState.ANSWERED, answered_at=now, usd=1.25)])
    return shell.run("bench", "run", "any", "-y")


Case = Callable[[Shell, Cloud, Database], int]

CASES: dict[int, Case] = {
    0: lambda shell, cloud, store: shell.run("job", "list"),
    1: lambda shell, cloud, store: shell.run("dataset", "check", str(broken(shell.home))),
    2: lambda shell, cloud, store: shell.run("job", "list", "--nonsense"),
    3: lambda shell, cloud, store: through(shell, unreachable, "job", "list"),
    4: lambda shell, cloud, store: through(shell, refused, "job", "list"),
    5: lambda shell, cloud, store: watched(shell, cloud, "failed"),
    6: lambda shell, cloud, store: judged(shell, store, "worse"),
    7: lambda shell, cloud, store: judged(shell, store, "inconclusive"),
    8: lambda shell, cloud, store: watched(shell, cloud, "running"),
    9: lambda shell, cloud, store: beyond_budget(shell, store),
    130: lambda shell, cloud, store: through(shell, interrupted, "job", "list"),
}


def broken(home: Path) -> Path:
    file = home / "broken.jsonl"
    file.write_text("{\n")
    return file


@pytest.mark.parametrize("code", CASES)
def test_an_exit_code_says_what_the_reference_says(shell: Shell, cloud: Cloud, store: Database, code: int) -> None:
    assert CASES[code](shell, cloud, store) == code, shell.err


def test_the_reference_promises_these_and_no_others() -> None:
    promised = re.search(r"## Exit codes\n(.*?)\n## ", reference(), re.DOTALL)
    assert promised is not None
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", promised[1], re.MULTILINE)} == set(CASES)
