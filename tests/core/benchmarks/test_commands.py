from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.cli import main
from cupola.cli.context import Context
from cupola.store import decisions
from cupola.store.database import open_store

BENCH = """
name = "small"
dataset = "rows.jsonl"
baseline = "gpt-4.1"

[[prompt]]
role = "user"
content = "{{item.question}}"

[[arms]]
deployment = "gpt-4.1"

[[arms]]
deployment = "gpt-4.1-nano"

[[graders]]
file = "exact.json"
"""
EXACT = {"type": "string_check", "name": "exact", "input": "{{sample.output_text}}", "operation": "eq"}


@dataclass
class Shell:
    """Runs command lines in a home of their own against deployments that know so many answers."""

    home: Path
    knows: Callable[[str, int], bool]
    asked: int = 0
    out: str = ""
    err: str = ""

    def run(self, *words: str) -> int:
        environment = {
            "CUPOLA_HOME": str(self.home),
            "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:1",
            "AZURE_OPENAI_API_KEY": "k-secret-1234",
        }
        out, err = io.StringIO(), io.StringIO()
        context = Context(environment, out, err, io.StringIO(), transport=httpx2.MockTransport(self._answer))
        code = main(list(words), context=context)
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    def json(self, *words: str) -> Any:
        assert self.run(*words, "-o", "json") == 0, self.err
        return json.loads(self.out)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        body = json.loads(request.content)
        number = int(body["messages"][0]["content"].split()[-1])
        text = "yes" if self.knows(body["model"], number) else "no"
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 9, "completion_tokens": 1}
        return httpx2.Response(200, json={"model": body["model"], "choices": [choice], "usage": usage})


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    rows = "".join(json.dumps({"item": {"question": f"Question {n}"}}) + "\n" for n in range(50))
    (tmp_path / "rows.jsonl").write_text(rows)
    (tmp_path / "bench.toml").write_text(BENCH)
    (tmp_path / "exact.json").write_text(json.dumps({**EXACT, "reference": "yes"}))
    return Shell(tmp_path, lambda arm, number: number < (48 if arm == "gpt-4.1" else 20))


@pytest.fixture
def ran(shell: Shell, tmp_path: Path) -> Shell:
    assert shell.run("bench", "run", str(tmp_path / "bench.toml"), "-y") == 0, shell.err
    return shell


def test_an_estimate_asks_nobody(shell: Shell, tmp_path: Path) -> None:
    found = shell.json("bench", "run", str(tmp_path / "bench.toml"), "--dry-run")

    assert shell.asked == 0
    assert [part["calls"] for part in found] == [50, 50]
    assert all(0 < part["usd_low"] <= part["usd_high"] for part in found)


def test_nothing_is_spent_without_a_yes(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("bench", "run", str(tmp_path / "bench.toml")) == 2
    assert shell.asked == 0
    assert "$" in shell.err


def test_a_run_is_asked_once_and_told_of(ran: Shell) -> None:
    assert ran.asked == 100

    again = ran.json("bench", "run", "small")

    assert ran.asked == 100
    assert again["state"] == "done"
    assert "Nothing is left to ask" in ran.err


def test_the_leaderboard_is_printed_with_outcomes_that_sum_to_n(ran: Shell) -> None:
    rows = ran.json("bench", "show", "small")

    assert [row["arm"] for row in rows] == ["gpt-4.1", "gpt-4.1-nano"]
    assert all(sum(row["outcomes"].values()) == row["n"] == 50 for row in rows)
    assert rows[1]["verdict"] == "worse"


def test_the_gate_answers_by_its_exit_code(ran: Shell) -> None:
    assert ran.run("bench", "gate", "small", "--candidate", "gpt-4.1-nano") == 6
    assert ran.run("bench", "gate", "small", "--candidate", "gpt-4.1", "--baseline", "gpt-4.1-nano") == 0
    assert ran.run("bench", "gate", "small", "--candidate", "gpt-4.1") == 2


def test_a_gate_that_cannot_tell_exits_with_seven(shell: Shell, tmp_path: Path) -> None:
    shell.knows = lambda arm, number: number % (2 if arm == "gpt-4.1" else 3) == 0
    assert shell.run("bench", "run", str(tmp_path / "bench.toml"), "-y") == 0

    assert shell.run("bench", "gate", "small", "--candidate", "gpt-4.1-nano") == 7
    assert "inconclusive" in shell.out


def test_two_arms_are_compared_interval_first(ran: Shell) -> None:
    found = ran.json("bench", "compare", "small", "gpt-4.1", "gpt-4.1-nano")

    assert found["verdict"] == "better"
    assert found["low"] <= found["difference"] <= found["high"]
    assert (found["won"], found["lost"], found["test"]) == (28, 0, "exact McNemar")


def test_a_decision_goes_into_the_ledger(ran: Shell) -> None:
    proposals = ran.json("bench", "pick", "small")
    assert [one["role"] for one in proposals] == ["teacher", "student", "control"]

    assert ran.run("bench", "pick", "small", "--role", "student", "--arm", "gpt-4.1-nano", "--record") == 0

    database = open_store(next((ran.home / "data").rglob("store.sqlite3")))
    assert decisions.standing(database, "small")["student"].arm == "gpt-4.1-nano"
    database.close()


def test_items_and_lists_are_printed(ran: Shell) -> None:
    worst = ran.json("bench", "items", "small", "--limit", "3")
    assert [item["passed"] for item in worst] == [0.0, 0.0, 0.5]

    (listed,) = ran.json("bench", "list")
    assert (listed["name"], listed["state"]) == ("small", "done")


@pytest.mark.parametrize(
    "words",
    [
        ("bench", "show", "nothing"),
        ("bench", "show", "small", "--by", "nobody"),
        ("bench", "compare", "small", "gpt-4.1", "gone"),
        ("bench", "items", "small", "--outcome", "odd"),
        ("bench", "cancel", "small"),
        ("bench", "run", "nothing"),
        ("grader", "calibrate", "nothing"),
    ],
)
def test_wrong_words_are_answered_in_plain_ones(ran: Shell, words: tuple[str, ...]) -> None:
    assert ran.run(*words) == 2
    assert ran.err.startswith("cupola: ")


def test_graders_are_checked_and_run(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "exact.json"
    file.write_text(json.dumps({**EXACT, "reference": "{{item.a}}"}))

    (found,) = shell.json("grader", "check", str(file))
    assert (found["type"], found["threshold"]) == ("string_check", 1.0)
    assert shell.json("grader", "run", str(file), "--item", '{"a": "x"}', "--answer", "x")["reward"] == 1.0
    assert shell.run("grader", "run", str(file), "--item", "{}", "--answer", "x") == 1
    file.write_text('{"type": "string_check"}')
    assert shell.run("grader", "check", str(file)) == 2


def test_an_arm_is_run_again_for_its_noise(ran: Shell) -> None:
    assert ran.run("bench", "run", "small", "--again", "gpt-4.1", "-y") == 0, ran.err
    assert ran.asked == 150

    assert ran.run("bench", "show", "small") == 0

    assert "gpt-4.1 against itself: scores move by 0, 0.0% of verdicts flip." in ran.err


def test_labels_that_do_not_exist_yet_are_asked_for(ran: Shell) -> None:
    assert ran.json("grader", "calibrate", "small")["labelled"] == 0
    assert "no labels yet" in ran.err


def test_a_benchmark_goes_from_one_home_to_another_in_a_file(ran: Shell, tmp_path: Path) -> None:
    file = tmp_path / "small.cupola"
    assert ran.json("bench", "export", "small", str(file))["answers"] == 100
    assert ran.run("bench", "export", "small", str(file)) == 2
    (tmp_path / "there").mkdir()
    there = Shell(tmp_path / "there", ran.knows)

    found = there.json("bench", "import", str(file))

    assert (found["benchmark"], found["runs"], found["answers"]) == ("small", 1, 100)
    shown = [shell.json("bench", "show", "small") for shell in (ran, there)]
    assert [row["score"] for row in shown[0]] == [row["score"] for row in shown[1]]
    assert there.run("bench", "import", str(file)) == 0
    assert "was here already" in there.err
    file.write_bytes(b"PK nonsense")
    assert there.run("bench", "import", str(file)) == 2
    assert "is no bundle" in there.err


def test_noise_is_told_with_what_the_items_can_show(ran: Shell) -> None:
    assert ran.json("bench", "noise", "small") == []
    assert "--again" in ran.err
    assert ran.run("bench", "run", "small", "--again", "gpt-4.1", "-y") == 0

    (floor,) = ran.json("bench", "noise", "small", "--see", "0.05")

    assert (floor["arm"], floor["items"], floor["change"], floor["flips"]) == ("gpt-4.1", 50, 0.0, 0.0)
    assert floor["smallest_visible"] > 0
    assert "To see 0.05" in ran.err


def test_a_new_definition_is_written_with_comments_and_can_be_run(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    words = ("--dataset", str(tmp_path / "rows.jsonl"), "--prompt", "{{item.question}}", "--arm", "gpt-4.1")
    more = ("--arm", "gpt-4.1-nano", "--grader", str(tmp_path / "exact.json"), "--budget", "2", "--max-tokens", "50")

    assert shell.run("bench", "new", str(file), *words, *more, "--system", 'Say "yes".\x7f') == 0, shell.err

    assert "# Dollars; a run stops before it spends more.\nbudget = 2.0" in file.read_text()
    assert shell.run("bench", "run", str(file), "--dry-run") == 0, shell.err
    written = file.read_text()
    assert shell.run("bench", "new", str(file), *words, *more) == 2
    assert file.read_text() == written


def test_a_new_definition_that_cannot_be_run_is_not_left_behind(shell: Shell, tmp_path: Path) -> None:
    words = ("--dataset", str(tmp_path / "rows.jsonl"), "--prompt", "{{item.gone}}", "--arm", "a")
    assert shell.run("bench", "new", str(tmp_path / "x.toml"), *words, "--grader", str(tmp_path / "exact.json")) == 2
    assert not (tmp_path / "x.toml").exists()


def test_a_card_says_who_asked_and_what_was_spent(ran: Shell) -> None:
    assert ran.run("bench", "pick", "small", "--role", "teacher", "--card") == 0
    assert "Asked and graded here; $" in ran.out
    assert "no budget was set" in ran.out
