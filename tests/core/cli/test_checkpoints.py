from __future__ import annotations

from typing import Any

import pytest

from ..worker.cloud import Cloud
from .conftest import Shell

SCORES = {0: [1.0, 2.0, 1.0, 2.0], 5: [4.0, 5.0, 1.0, 5.0], 10: [1.0, 2.0, 5.0, 1.0]}


def item(place: int, score: float) -> dict[str, Any]:
    return {
        "id": f"item-{place}",
        "status": "pass" if score >= 5 else "fail",
        "datasource_item_id": place,
        "datasource_item": {"messages": [{"role": "user", "content": f"question {place}"}]},
        "results": [{"name": "g", "score": score}],
        "sample": {"output": [{"role": "assistant", "content": f"answer worth {score:g}"}]},
    }


@pytest.fixture
def trained(cloud: Cloud) -> Cloud:
    cloud.add(
        "ftjob-1", "succeeded", finished_at=1, suffix="puzzles", eval_id="eval_1", method={"type": "reinforcement"}
    )
    for step, scores in SCORES.items():
        cloud.add_pass("eval_1", f"Step {step}", [item(place, score) for place, score in enumerate(scores)])
    return cloud


def test_every_validation_pass_is_printed_and_the_best_is_said_beside_the_data(shell: Shell, trained: Cloud) -> None:
    rows = shell.json("checkpoint", "evals", "puzzles")
    assert [(row["step"], row["mean"], row["best"]) for row in rows] == [
        (0, 1.5, False),
        (5, 3.75, True),
        (10, 2.25, False),
    ]
    for row in rows:
        outcomes = ("passed", "failed", "refused", "filtered", "truncated", "error", "missing")
        assert sum(row[name] for name in outcomes) == row["items"] == 4
        assert row["low"] <= row["mean"] <= row["high"]
    assert "best: step 5" in shell.err and "few prompts" in shell.err


def test_two_steps_are_held_against_each_other_flips_first(shell: Shell, trained: Cloud) -> None:
    rows = shell.json("checkpoint", "diff", "puzzles")
    assert [(row["kind"], row["flipped"]) for row in rows] == [
        ("gained", True), ("gained", True), ("gained", False), ("same", False)
    ]  # fmt: skip
    assert rows[0]["answer_after"] == "answer worth 5"
    assert "step 0 to 5: 3 gained, 0 lost, 1 same" in shell.err and "clustered by prompt" in shell.err
    lost = shell.json("checkpoint", "diff", "puzzles", "--from", "5", "--to", "10", "--only", "lost")
    assert {row["kind"] for row in lost} == {"lost"} and len(lost) == 3


def test_a_step_without_a_pass_and_a_job_without_auto_evals_are_refused_in_words(shell: Shell, trained: Cloud) -> None:
    trained.add("ftjob-2", "succeeded", finished_at=1, suffix="plain")
    assert shell.run("checkpoint", "diff", "puzzles", "--to", "7") == 2
    assert "There are passes at: 0, 5, 10" in shell.err
    assert shell.run("checkpoint", "evals", "plain") == 2
    assert "No auto-evals of plain are known" in shell.err


def test_the_list_tells_of_checkpoints_even_before_the_first_pass(shell: Shell, trained: Cloud) -> None:
    assert shell.json("checkpoint", "list", "puzzles") == []
