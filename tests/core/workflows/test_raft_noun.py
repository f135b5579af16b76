from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.cli.context import Context
from cupola.cli.main import main
from cupola.cli.raft_commands.reading import bar
from cupola.cli.raft_commands.running import exit_code
from cupola.store import workflows
from cupola.store.database import Database, open_store
from cupola.store.workflows import StageState, WorkflowState
from cupola.workflows.distil.start import start as start_distillation
from cupola.workflows.raft.files import bundled_file, read
from cupola.workflows.raft.start import start, store_parts
from cupola.workflows.raft.steps import RAFT

from .emulation import distillation

Run = Callable[..., tuple[int, str, str]]

CURVE: dict[str, Any] = {
    "points": [
        {"arm": "tuned closed-book", "distractors": None, "value": 0.4, "low": 0.3, "high": 0.5, "items": 54},
        {"arm": "tuned with retrieval", "distractors": 0, "value": 0.9, "low": 0.8, "high": 0.95, "items": 54},
    ],
    "verdicts": [
        {"what": "Tuned against base", "distractors": None, "word": "worse"},
        {"what": "Tuned against base", "distractors": 0, "word": "inconclusive"},
        {"what": "Tuned against base", "distractors": 4, "word": "better"},
        {"what": "Tuned closed-book against base", "distractors": 8, "word": "worse"},
    ],
    "sentences": ["It reads."],
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"CUPOLA_HOME": str(tmp_path), "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9", "AZURE_OPENAI_API_KEY": "k"}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    def cupola(*words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        nobody = httpx2.MockTransport(lambda _: httpx2.Response(503))
        context = Context(environment=environment, out=out, err=err, input=io.StringIO(), transport=nobody)
        return main(words, context=context), out.getvalue(), err.getvalue()

    return cupola


@pytest.fixture
def store(environment: dict[str, str]) -> Iterator[Database]:
    opened = open_store(Context(environment=environment).paths.store("default"))
    yield opened
    opened.close()


def made(store: Database, tmp_path: Path) -> int:
    """The handbook's workflow, with no worker at it."""
    file = bundled_file("handbook")
    assert file is not None
    found = read(file)
    definition = store_parts(store, found.definition, found.chunks, found.questions, 1.0)
    return start(store, definition, RAFT, tmp_path / "files", time.time(), hard=2.0)


def test_a_plan_prints_each_stages_range_and_starts_nothing(run: Run, store: Database) -> None:
    code, out, err = run("raft", "plan", "handbook", "-o", "json")

    rows = json.loads(out)
    assert code == 0, err
    assert [row["stage"] for row in rows] == ["ask", "answer", "train", "deploy", "benchmark"]
    assert [row["calls"] for row in rows] == [None, None, None, None, 540]
    assert all(0 <= row["usd_low"] <= row["usd_high"] for row in rows)
    assert workflows.newest(store) == []


def test_making_the_file_alone_plans_no_training(run: Run) -> None:
    code, out, err = run("raft", "make", "handbook", "--dry-run", "-o", "json")

    assert code == 0, err
    assert [row["stage"] for row in json.loads(out)] == ["ask", "answer"]


def test_nothing_is_spent_without_a_yes(run: Run, store: Database) -> None:
    code, _, err = run("raft", "run", "handbook")

    assert code != 0
    assert "-y" in err
    assert workflows.newest(store) == []
    assert run("raft", "run", "-y")[0] != 0
    assert run("raft", "run", "cookbook", "-y")[0] != 0


def test_a_workflow_is_listed_shown_paused_and_called_off(run: Run, store: Database, tmp_path: Path) -> None:
    number = str(made(store, tmp_path))

    (row,) = json.loads(run("raft", "list", "-o", "json")[1])
    assert (row["name"], row["kind"], row["stage"], row["limit"]) == ("Handbook", "raft", "ask", 2.0)
    shown = json.loads(run("raft", "show", number, "-o", "json")[1])
    assert [stage["stage"] for stage in shown["stages"]] == list(RAFT.names)
    assert json.loads(run("raft", "pause", number, "-o", "json")[1])["state"] == "paused"
    assert run("raft", "cancel", number)[0] != 0
    assert json.loads(run("raft", "cancel", number, "-y", "-o", "json")[1])["state"] == "cancelled"
    assert run("raft", "clean", number, "-y")[0] != 0


def test_a_distillation_is_not_taken_for_one(run: Run, store: Database, tmp_path: Path) -> None:
    number = start_distillation(store, distillation(store), tmp_path / "files", time.time())

    code, _, err = run("raft", "show", str(number))

    assert code != 0
    assert "of another kind" in err


def test_the_curve_is_drawn_and_the_exit_code_is_that_of_the_most_distractors(
    run: Run, store: Database, tmp_path: Path
) -> None:
    number = made(store, tmp_path)
    for stage in workflows.stages(store, number):
        outputs = CURVE if stage.name == "curve" else {}
        workflows.save_stage(store, replace(stage, state=StageState.DONE, outputs=outputs))
    workflows.move(store, number, [WorkflowState.RUNNING], WorkflowState.DONE, 2.0)

    code, out, err = run("raft", "watch", str(number))

    assert code == 0
    assert "It reads." in err
    assert "●" in out
    workflow = workflows.get(store, number)
    assert workflow is not None
    stages = workflows.stages(store, number)
    for word, expected in (("worse", 6), ("inconclusive", 7), ("not inferior", 7)):
        verdicts = [{**one, "word": word} for one in CURVE["verdicts"]]
        changed = [
            replace(one, outputs={**one.outputs, "verdicts": verdicts}) if one.outputs else one for one in stages
        ]
        assert exit_code(workflow, changed) == expected
    stopped = [replace(one, state=StageState.FAILED) if one.name == "watch" else one for one in stages]
    assert exit_code(workflow, stopped) == 5


def test_a_bar_spans_its_interval() -> None:
    assert bar(0.5, 0.0, 1.0).count("─") == 39
    assert bar(0.0, 0.0, 0.0) == "●" + "·" * 39
    assert len(bar(1.2, -1.0, 2.0)) == 40
