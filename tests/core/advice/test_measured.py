"""Facts that the store has: a benchmark's arms with their intervals, labels, files; and what is read into them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cupola.advice.advise import Tables, advise, read_given
from cupola.advice.facts import Origin
from cupola.advice.measured import measured
from cupola.advice.tree import Tree
from cupola.advice.walk import Advised
from cupola.azure.chat import ChatReply
from cupola.benchmarks import labels
from cupola.benchmarks.definition import Arm, from_json
from cupola.benchmarks.leaderboard import load_table
from cupola.benchmarks.start import define, runner_of, want_run
from cupola.errors import UsageError
from cupola.graders.sandbox import PythonSandbox
from cupola.models import LocalFile
from cupola.store import benchmarks, datasets, decisions
from cupola.store.database import Database, open_store

from ..benchmarks.conftest import defined, with_arms
from .conftest import TODAY


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_store(tmp_path / "store.sqlite3")
    yield opened
    opened.close()


def benchmarked(database: Database, items: int = 60) -> None:
    """Two arms: strong passes everything, weak every third item."""

    async def answer(deployment: str, body: Mapping[str, Any], /) -> ChatReply:
        number = int("".join(filter(str.isdigit, body["messages"][-1]["content"])))
        right = deployment == "strong" or number % 3 == 0
        text = f"yes {number}" if right else "no"
        return ChatReply(text, finish_reason="stop", prompt_tokens=10, completion_tokens=4, seconds=0.5)

    what = with_arms(defined(items), Arm("strong", "strong", "gpt-4.1"), Arm("weak", "weak", "gpt-4.1-nano"))
    define(database, what, 1.0)
    run = want_run(database, what.benchmark, 1.0, None)
    with PythonSandbox(workers=1) as sandbox:
        asyncio.run(runner_of(database, run, answer, sandbox).go())


def test_an_empty_store_tells_nothing(database: Database) -> None:
    found, arms = measured(database, None, TODAY)
    assert found == [] and not arms.benchmark


def test_a_benchmark_tells_who_is_to_get_better_and_who_could_teach(database: Database) -> None:
    benchmarked(database)
    found, arms = measured(database, None, TODAY)
    facts = {known.fact: known for known in found}
    assert (arms.benchmark, arms.student, arms.teacher) == ("small", "weak", "strong")
    assert facts["model"].value == "gpt-4.1-nano"
    assert facts["base_pass_rate"].value == pytest.approx(1 / 3)
    low, high = facts["base_pass_rate"].bounds
    assert 0.2 < low < 1 / 3 < high < 0.5
    assert facts["teacher_lead"].value == pytest.approx(2 / 3)
    assert facts["teacher_lead"].bounds[0] > 0.4
    assert facts["base_cost"].value == pytest.approx(1_000 * (10 * 0.1 + 4 * 0.4) / 1e6)
    assert all(known.origin is Origin.MEASURED and "run 1" in known.source for known in found)


def test_measured_facts_lead_to_distillation_with_the_arms_in_its_command(
    database: Database, tree: Tree, tables: Tables
) -> None:
    benchmarked(database)
    found, arms = measured(database, "small", TODAY)
    said = read_given(tree, ["target_pass_rate=0.9", "prompt_tried=yes", "failure=format", "rows=0"])
    advice = advise(tree, said, found, tables, TODAY, arms)
    assert isinstance(advice.outcome, Advised) and advice.outcome.leaf.id == "distillation"
    assert advice.command == "cupola distill plan small --prompts FILE --teacher strong --student weak"


def test_a_decision_in_the_ledger_goes_before_a_proposal(database: Database) -> None:
    benchmarked(database)
    decisions.add(database, 2.0, "small", 1, "student", "strong", {}, "")
    _, arms = measured(database, "small", TODAY)
    assert arms.student == "strong" and arms.teacher == ""


def test_a_benchmark_that_nobody_knows_or_ran_is_refused(database: Database) -> None:
    define(database, defined(), 1.0)
    for name in ("gone", "small"):
        with pytest.raises(UsageError):
            measured(database, name, TODAY)


def test_the_largest_whole_file_of_each_kind_counts(database: Database) -> None:
    datasets.save_local_files(
        database,
        [
            LocalFile("/data/a.jsonl", 96_000, 1, "a", "chat", 120, 0, 0),
            LocalFile("/data/b.jsonl", 1, 1, "b", "chat", 900, 3, 0),
            LocalFile("/data/c.jsonl", 1, 1, "c", "preference", 40, 0, 0),
            LocalFile("/data/d.jsonl", 1, 1, "d", "reinforcement"),
        ],
    )
    facts = {known.fact: known for known in measured(database, None, TODAY)[0]}
    assert facts.keys() == {"rows", "pairs", "tokens_per_row"}
    assert (facts["rows"].value, facts["rows"].source) == (120.0, "/data/a.jsonl")
    assert (facts["pairs"].value, facts["pairs"].source) == (40.0, "/data/c.jsonl")
    assert facts["tokens_per_row"].bounds == (100.0, 320.0), "800 bytes a row, 8 to 2.5 a token"


def test_a_files_size_gives_a_first_range_of_the_cost(database: Database, tree: Tree, tables: Tables) -> None:
    datasets.save_local_files(database, [LocalFile("/a.jsonl", 800_000, 1, "a", "chat", 1_000, 0, 0)])
    said = ["base_pass_rate=0.3", "target_pass_rate=0.9", "prompt_tried=yes", "failure=format"]
    found, arms = measured(database, None, TODAY)
    cost = advise(tree, read_given(tree, said), found, tables, TODAY, arms).cost
    assert cost is not None and cost.low is not None and cost.high is not None
    assert cost.low == pytest.approx(100 * 1_000 * 3 / 1e6 * 2 * 0.5), "developer tier at half the global price"
    assert cost.high == pytest.approx(320 * 1_000 * 3 / 1e6 * 2 / 0.7), "regional, where global is 30% off"


def test_the_counted_file_is_the_one_that_is_submitted(database: Database, tree: Tree, tables: Tables) -> None:
    datasets.save_local_files(database, [LocalFile("/my data/a.jsonl", 1, 1, "a", "chat", 120, 0, 0)])
    said = ["base_pass_rate=0.3", "target_pass_rate=0.9", "prompt_tried=yes", "failure=format"]
    found, arms = measured(database, None, TODAY)
    advice = advise(tree, read_given(tree, said), found, tables, TODAY, arms)
    assert advice.command.endswith("--model gpt-4.1 --training-file '/my data/a.jsonl'")


def test_labels_tell_how_far_the_grader_agrees_with_people(database: Database) -> None:
    benchmarked(database)
    run = benchmarks.runs(database, "small")[0]
    table, use = load_table(database, run), from_json(run.definition).graders[0]
    assert table is not None
    tasks = labels.to_label(database, run, table, 0, count=20)
    for number, task in enumerate(tasks):
        graded = task.text.startswith("yes")
        labels.label(database, task, use, graded if number % 5 else not graded, 3.0)
    facts = {known.fact: known for known in measured(database, "small", TODAY)[0]}
    assert facts["grader_agreement"].value == pytest.approx(0.8)
    low, high = facts["grader_agreement"].bounds
    assert low < 0.8 < high and f"{len(tasks)} labels" in facts["grader_agreement"].source
