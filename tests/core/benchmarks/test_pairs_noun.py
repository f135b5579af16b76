from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from cupola.azure.wire.chat import ChatReply
from cupola.cli.context import Context
from cupola.cli.main import main
from cupola.datasets.check import Options, check_file
from cupola.datasets.writing import records
from cupola.graders import PythonSandbox
from cupola.store.database import Database, open_store
from cupola.training.job_spec import read_spec

from .conftest import Bench, defined, question, reply

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    home = {"CUPOLA_HOME": str(tmp_path / "home"), "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9"}
    return Context(environment={**home, "AZURE_OPENAI_API_KEY": "k"})


@pytest.fixture
def store(context: Context) -> Iterator[Database]:
    opened = open_store(context.paths.store("default"))
    yield opened
    opened.close()


@pytest.fixture
def run(context: Context) -> Run:
    def cupola(*words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        here = Context(environment=context.environment, out=out, err=err, input=io.StringIO())
        return main(words, context=here), out.getvalue(), err.getvalue()

    return cupola


def answering(deployment: str, body: Mapping[str, Any]) -> ChatReply:
    number = int(question(body).split()[1].rstrip("?"))
    text = f"yes {number}" if deployment == "a" else "no, and that at some length" if number % 3 else "no"
    return reply(text, completion_tokens=len(text.split()))


@pytest.fixture
async def ran(store: Database, sandbox: PythonSandbox) -> None:
    await Bench(store, sandbox).go(defined(items=30), answering)


async def test_pairs_are_written_with_a_job_file_that_submits_them(
    ran: None, run: Run, context: Context, tmp_path: Path
) -> None:
    words = (
        "--by",
        "arms",
        "--prefer",
        "a",
        "--over",
        "b",
        "--least",
        "0.5",
        "--model",
        "gpt-4.1-nano",
        "--beta",
        "0.2",
    )
    code, out, err = run("pairs", "make", "small", *words, "--to", str(tmp_path), "-o", "json")

    assert code == 0, err
    assert [(row["file"], row["rows"]) for row in json.loads(out)] == [
        ("pairs.train.jsonl", 26),
        ("pairs.valid.jsonl", 4),
    ]
    assert not check_file(tmp_path / "pairs.train.jsonl", Options(training=True, workers=0)).blocked
    spec = read_spec(tmp_path / "pairs.job.yaml")
    assert (spec.model, spec.method, spec.hyperparameters) == ("gpt-4.1-nano", "dpo", {"beta": 0.2})
    assert spec.training == tmp_path / "pairs.train.jsonl"
    assert yaml.safe_load((tmp_path / "pairs.job.yaml").read_text())["seed"] == 7
    assert "test the tuned model on others" in err
    remembered = records(context.paths.profile_directory("default") / "datasets.jsonl")
    assert [one.action for one in remembered] == ["pairs", "pairs"]
    assert remembered[0].parameters == {"benchmark": "small", "run": 1, "by": "arms", "seed": 7}

    code, _, err = run("pairs", "make", "small", *words, "--to", str(tmp_path))
    assert code != 0
    assert "exists already" in err


async def test_balanced_pairs_are_fewer_and_length_says_nothing(ran: None, run: Run, tmp_path: Path) -> None:
    code, out, err = run("pairs", "make", "small", "--balance-lengths", "--to", str(tmp_path), "-o", "json")

    assert code == 0, err
    assert sum(row["rows"] for row in json.loads(out)) == 20
    assert "Length alone" not in err


async def test_what_cannot_be_made_is_said_with_a_remedy(ran: None, run: Run, tmp_path: Path) -> None:
    for words, told in (
        (("--by", "labels"), "Label more answers"),
        (("--by", "arms", "--prefer", "a"), "--over must name an arm"),
        (("--beta", "3"), "up to 2"),
        (("--validation", "0.7"), "validation share"),
        (("--to", str(tmp_path / "nowhere")), "no directory"),
        (("--run", "9"), "no such run"),
    ):
        code, _, err = run("pairs", "make", "small", "--to", str(tmp_path), *words)
        assert code != 0
        assert told in err, err
    assert not list(tmp_path.glob("pairs.*"))


async def test_wins_are_printed_with_both_intervals(ran: None, run: Run) -> None:
    code, out, err = run("pairs", "wins", "small", "--arm", "a", "--base", "b", "-o", "json")

    found = json.loads(out)
    assert code == 0, err
    assert (found["wins"], found["ties"], found["losses"], found["win_rate"]) == (30, 0, 0, 1.0)
    assert found["length_controlled_low"] > 0.5
    assert "with lengths controlled for" in err
    assert run("pairs", "wins", "small", "--arm", "a", "--base", "a")[0] != 0
