from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cupola.cli.context import Context
from cupola.cli.distill_commands.running import exit_code
from cupola.cli.main import main
from cupola.errors import UsageError
from cupola.models import Problem
from cupola.store import workflows
from cupola.store.database import Database, open_store
from cupola.store.workflows import Stage, StageState, Workflow, WorkflowState
from cupola.workflows.distil.files import bundled_file, read
from cupola.workflows.distil.report import as_markdown, plain
from cupola.workflows.distil.start import start
from cupola_data.zava.cora import write_samples

from .emulation import distillation

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"CUPOLA_HOME": str(tmp_path), "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9", "AZURE_OPENAI_API_KEY": "k"}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    def cupola(*words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        context = Context(environment=environment, out=out, err=err, input=io.StringIO())
        return main(words, context=context), out.getvalue(), err.getvalue()

    return cupola


@pytest.fixture
def store(environment: dict[str, str]) -> Iterator[Database]:
    database = open_store(Context(environment=environment).paths.store("default"))
    yield database
    database.close()


def made(store: Database, tmp_path: Path, state: WorkflowState = WorkflowState.RUNNING) -> int:
    """A distillation that no worker is at."""
    number = start(store, distillation(store), tmp_path / "files", time.time(), hard=5.0)
    if state is not WorkflowState.RUNNING:
        workflows.move(store, number, [WorkflowState.RUNNING], state, 2.0)
    return number


def change(store: Database, number: int, name: str, **fields: Any) -> None:
    stage = workflows.stage(store, number, name)
    assert stage is not None
    workflows.save_stage(store, replace(stage, **fields))


def test_a_plan_prints_each_stages_range_and_starts_nothing(run: Run, store: Database) -> None:
    code, out, err = run("distill", "plan", "cora", "--max-cost", "3", "-o", "json")

    rows = json.loads(out)
    assert code == 0
    assert [row["stage"] for row in rows] == ["benchmark", "generate", "train", "deploy", "re-benchmark", "latency"]
    assert all(0 <= row["usd_low"] <= row["usd_high"] for row in rows)
    assert "It stops before $3.00." in err
    assert workflows.newest(store) == []


def test_nothing_is_started_without_a_yes(run: Run, store: Database) -> None:
    code, _, err = run("distill", "run", "cora")

    assert code == 2
    assert "Nobody is there to confirm" in err
    assert workflows.newest(store) == []


def test_a_dry_run_prints_the_estimate_only(run: Run, store: Database) -> None:
    assert run("distill", "run", "cora", "--dry-run", "-o", "json")[0] == 0
    assert workflows.newest(store) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "cora", "--teacher", "nobody"), "no arm 'nobody'"),
        (("run", "cora", "--teacher", "o3", "--student", "o3"), "two roles"),
        (("run", "cora", "--samples", "0"), "0 samples"),
        (("run", "cora", "--by", "taste"), "no grader 'taste'"),
        (("run", "cora", "--student-prompt", "/nowhere"), "cannot be read"),
        (("run", "nothing"), "no benchmark 'nothing'"),
        (("run",), "What shall be distilled?"),
        (("run", "--demo", "-p", "other"), "runs on the profile demo"),
        (("show", "7"), "no workflow 7"),
        (("pause", "7"), "no workflow 7"),
        (("clean", "7"), "no workflow 7"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(run: Run, words: tuple[str, ...], said: str) -> None:
    code, _, err = run("distill", *words)

    assert code == 2
    assert said in err


def test_pausing_listing_and_showing_say_how_it_stands(run: Run, store: Database, tmp_path: Path) -> None:
    number = made(store, tmp_path)
    change(
        store, number, "benchmark", state=StageState.RUNNING, began_at=1.0, done=3, total=9, unit="answers", spend=0.5
    )

    assert run("distill", "pause", str(number))[0] == 0
    listed = json.loads(run("distill", "list", "-o", "json")[1])
    shown = run("distill", "show", str(number))[1]

    assert [(row["id"], row["state"], row["stage"], row["spent"]) for row in listed] == [
        (number, "paused", "benchmark", 0.5)
    ]
    assert "3/9 answers" in shown
    code, _, err = run("distill", "pause", str(number))
    assert code == 2
    assert "cannot be paused" in err


def test_going_on_says_what_is_left_to_pay_and_asks_again(run: Run, store: Database, tmp_path: Path) -> None:
    number = made(store, tmp_path, WorkflowState.PAUSED)
    change(store, number, "benchmark", state=StageState.DONE, spend=0.5)

    code, _, err = run("distill", "resume", str(number), "--max-cost", "7")

    assert code == 2
    assert "Left to pay are generate, train, re-benchmark, latency: $" in err
    assert "$0.50 are spent. It stops before $7.00." in err
    assert [(one.state, one.hard) for one in workflows.newest(store)] == [(WorkflowState.PAUSED, 5.0)]


def test_a_dry_run_of_going_on_prints_the_stages_left_and_changes_nothing(
    run: Run, store: Database, tmp_path: Path
) -> None:
    number = made(store, tmp_path, WorkflowState.PAUSED)
    change(store, number, "benchmark", state=StageState.DONE)
    change(store, number, "generate", state=StageState.WAITING, question="It will cost $1. Go on?")

    code, out, err = run("distill", "resume", str(number), "--dry-run", "-o", "json")

    assert code == 0
    assert [row["stage"] for row in json.loads(out)] == ["generate", "train", "re-benchmark", "latency"]
    assert "It will cost $1. Go on?" in err
    assert workflows.newest(store)[0].state is WorkflowState.PAUSED


def test_what_is_under_way_is_told_as_a_bound_and_not_estimated_again(
    run: Run, store: Database, tmp_path: Path
) -> None:
    number = made(store, tmp_path, WorkflowState.PAUSED)
    for name in ("benchmark", "roles", "generate", "filter"):
        change(store, number, name, state=StageState.DONE)
    change(store, number, "train", state=StageState.PAUSED, reserved=1.5)

    _, out, err = run("distill", "resume", str(number), "--dry-run", "-o", "json")

    assert [row["stage"] for row in json.loads(out)] == ["re-benchmark", "latency"]
    assert "at most $1.50 under way" in err


def test_a_dry_run_of_a_branch_prints_what_it_may_take_and_makes_none(
    run: Run, store: Database, tmp_path: Path
) -> None:
    number = made(store, tmp_path)

    code, out, err = run("distill", "branch", str(number), "--epochs", "2", "--dry-run", "-o", "json")

    assert code == 0, err
    assert "train" in [row["stage"] for row in json.loads(out)]
    assert "taken over" in err
    assert len(workflows.newest(store)) == 1


def test_looking_once_says_how_it_stands_and_does_not_wait(run: Run, store: Database, tmp_path: Path) -> None:
    number = made(store, tmp_path)

    code, out, _ = run("distill", "watch", str(number), "--once", "-o", "json")

    assert code == 8
    assert json.loads(out)["state"] == "running"


def test_another_nouns_workflow_is_refused(run: Run, store: Database, tmp_path: Path) -> None:
    number = made(store, tmp_path)

    for words in (("raft", "resume"), ("raft", "cancel"), ("checkpoint", "cancel")):
        code, _, err = run(*words, str(number), "-y")
        assert (code, "of another kind" in err) == (2, True), err


def test_watching_what_has_stopped_returns_at_once_with_its_problem(run: Run, store: Database, tmp_path: Path) -> None:
    number = made(store, tmp_path)
    problem = Problem("The job has failed: bad file.", "Line 3.", "Mend it.")
    change(store, number, "watch", state=StageState.FAILED, problem=problem)
    workflows.move(store, number, [WorkflowState.RUNNING], WorkflowState.FAILED, 2.0, problem)

    code, _, err = run("distill", "watch", str(number))

    assert code == 5
    assert "The job has failed: bad file. Line 3. Mend it." in err


def test_watching_gives_up_at_the_timeout(run: Run, store: Database, tmp_path: Path) -> None:
    assert run("distill", "watch", str(made(store, tmp_path)), "--timeout", "0.01")[0] == 8


@pytest.mark.parametrize(
    ("word", "code"), [("better", 0), ("not inferior", 0), ("worse", 6), ("inconclusive", 7), ("not comparable", 7)]
)
def test_the_exit_code_is_the_verdicts(word: str, code: int) -> None:
    workflow = Workflow(1, "distil", "x", WorkflowState.DONE, "{}", 1.0, 1.0)
    stage = Stage(1, "verdict", 8, StageState.DONE, outputs={"to_teacher": {"word": word}})

    assert exit_code(workflow, [stage]) == code


def test_a_reached_limit_has_an_exit_code_of_its_own() -> None:
    workflow = Workflow(1, "distil", "x", WorkflowState.FAILED, "{}", 1.0, 1.0, hard=1.0)
    spent = Problem("The budget of $1.00 is used up.")
    stage = Stage(1, "generate", 2, StageState.FAILED, problem=spent)

    assert exit_code(workflow, [stage]) == 9
    assert exit_code(workflow, [replace(stage, problem=Problem("It broke."))]) == 1


def test_a_report_before_the_verdict_says_that_there_is_none(run: Run, store: Database, tmp_path: Path) -> None:
    number = made(store, tmp_path)

    code, out, _ = run("distill", "report", str(number), "--to", "-")

    assert code == 0
    assert "There is no verdict yet" in out


def test_hostile_names_stand_in_a_report_as_plain_text(store: Database, tmp_path: Path) -> None:
    evil = "[x](http://evil) <script> | `rm` *b* # head"
    number = start(store, replace(distillation(store), name=evil), tmp_path, 1.0)

    page = as_markdown(store, number)

    assert page.splitlines()[0] == f"# {plain(evil)}: distillation {number}"
    assert plain(evil).startswith("\\[x\\](http")
    assert "\\<script\\> \\| \\`rm\\`" in page
    assert plain("a\x1b[31m\nb\u202ec") == "a \\[31m b c"
    with pytest.raises(UsageError, match="plain letters"):
        start(store, replace(distillation(store), name="a\nb"), tmp_path, 1.0)


def test_the_bundled_definition_asks_the_training_questions_and_none_of_the_tests(tmp_path: Path) -> None:
    path = bundled_file("cora")
    assert path is not None
    found = read(path)

    write_samples(tmp_path)
    assert (tmp_path / "prompts.jsonl").read_bytes() == (path.parent / "prompts.jsonl").read_bytes()
    asked = {json.loads(row)["question"] for row in found.rows}
    tested = {json.loads(row)["question"] for row in found.benchmark.rows}
    assert len(asked) == 434
    assert not asked & tested
