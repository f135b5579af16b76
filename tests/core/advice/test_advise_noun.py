"""`cupola advise`: its words, its questions, its exit codes."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cupola.cli import main
from cupola.cli.context import Context

from ..cli.conftest import Terminal
from .test_advice import LEAVES


class Shell:
    """Runs `cupola advise` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.context = Context({"CUPOLA_HOME": str(home)})
        self.out = self.err = ""

    def run(self, *words: str, answers: str | None = None) -> int:
        out, err = io.StringIO(), io.StringIO()
        given = Terminal(answers) if answers is not None else io.StringIO()
        code = main(["advise", *words], context=replace(self.context, out=out, err=err, input=given))
        self.out, self.err = out.getvalue(), err.getvalue()
        return code


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def facts(leaf: str) -> list[str]:
    return [word for name, value in LEAVES[leaf].items() for word in ("--fact", f"{name}={value}")]


def test_advice_names_the_way_the_changes_the_cost_and_the_next_step(shell: Shell) -> None:
    assert shell.run(*facts("rft"), "--tree") == 0
    for words in ("RFT:", "The way here", "What would change it", "$300 to $4,800", "cupola job submit", "> "):
        assert words in shell.out


def test_json_carries_the_same(shell: Shell) -> None:
    assert shell.run(*facts("sft"), "-o", "json") == 0
    told: dict[str, Any] = json.loads(shell.out)
    assert (told["schema"], told["outcome"], told["technique"]) == ("cupola.advice/1", "advice", "sft")
    assert told["path"][-1]["rests_on"] == "assumed" and told["changes"] and told["facts"]["rows"]["value"] == 400
    assert told["cost_usd"]["low"] is None and "how long an example is" in told["cost_usd"]["basis"]


def test_what_cannot_be_said_ends_with_7_and_names_what_to_measure(shell: Shell) -> None:
    assert shell.run() == 7
    assert "Measure it first: cupola bench run BENCHMARK" in shell.out
    assert shell.run("-o", "json") == 7
    assert json.loads(shell.out)["missing"] == ["base_pass_rate", "target_pass_rate"]


def test_contradicting_facts_end_with_2(shell: Shell) -> None:
    assert shell.run(*facts("sft"), "--fact", "can_compare=no", "--fact", "pairs=9") == 2
    assert "preference pairs" in shell.out


def test_a_terminal_is_asked_until_there_is_advice(shell: Shell) -> None:
    assert shell.run(answers="30%\nall of them\n90%\nno\n") == 0
    assert shell.out.startswith("Prompting:")
    assert "'all of them' is no target pass rate" in shell.err


def test_enter_ends_the_questions(shell: Shell) -> None:
    assert shell.run(answers="30%\n\n") == 7
    assert "target pass rate not known" in shell.out


def test_a_wrong_fact_is_refused_with_the_names(shell: Shell) -> None:
    assert shell.run("--fact", "colour=red") == 2
    assert "target_pass_rate" in shell.err


def test_the_models_are_listed_by_method_and_region(shell: Shell) -> None:
    assert shell.run("models", "--method", "vision", "--region", "Sweden Central", "-o", "json") == 0
    assert {row["name"] for row in json.loads(shell.out)} == {"gpt-4o", "gpt-4.1"}
    assert shell.run("facts") == 0 and "grader_agreement" in shell.out
