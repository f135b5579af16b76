from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
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


def test_a_second_grader_makes_another_series_from_the_stored_answers(
    shell: Shell, trained: Cloud, tmp_path: Path
) -> None:
    grader = tmp_path / "five.json"
    definition = {"type": "string_check", "name": "five", "input": "{{sample.output_text}}", "reference": "worth 5"}
    grader.write_text(json.dumps({**definition, "operation": "like"}))
    asked = len(trained.asked)
    rows = shell.json("checkpoint", "regrade", "puzzles", "--grader", str(grader))
    assert [(row["step"], row["mean"], row["graded"], row["own_mean"]) for row in rows] == [
        (0, 0.0, 4, 1.5), (5, 0.5, 4, 3.75), (10, 0.25, 4, 2.25),
    ]  # fmt: skip
    assert not any("POST" in call for call in trained.asked[asked:])
    assert shell.json("checkpoint", "regrade", "puzzles", "--offline") == rows


def test_a_grader_that_asks_a_model_is_agreed_to_before_it_is_paid_for(
    shell: Shell, trained: Cloud, tmp_path: Path
) -> None:
    judge = tmp_path / "judge.json"
    prompt = [{"role": "user", "content": "{{sample.output_text}}"}]
    judge.write_text(json.dumps({"type": "score_model", "name": "judge", "model": "o3-mini", "input": prompt}))
    assert shell.run("checkpoint", "regrade", "puzzles", "--grader", str(judge)) == 2
    assert "4 calls of o3-mini" in shell.err and "Give -y" in shell.err
    assert not any("chat" in call for call in trained.asked)


def test_the_watches_tell_of_a_reward_that_everything_gets(shell: Shell, cloud: Cloud) -> None:
    cloud.add("ftjob-1", "succeeded", finished_at=1, suffix="easy", eval_id="eval_1", method={"type": "reinforcement"})
    cloud.add_pass("eval_1", "Step 0", [item(place, 5.0) for place in range(12)])
    rows = shell.json("checkpoint", "watches", "easy")
    assert [(row["kind"], row["level"], row["step"]) for row in rows] == [("signal", "bad", 0)]
    assert rows[0]["sentence"].startswith("too easy") and rows[0]["remedy"]


def test_any_evaluation_is_opened_by_its_id_and_read_like_a_jobs(shell: Shell, trained: Cloud) -> None:
    trained.add_pass("eval_9", "gpt-4.1", [item(place, 5.0) for place in range(4)])
    trained.add_pass("eval_9", "tuned", [item(place, 1.0) for place in range(3)])
    runs = shell.json("checkpoint", "open", "eval_9")
    assert [(run["name"], run["items"], run["whole"]) for run in runs] == [("gpt-4.1", 4, True), ("tuned", 3, True)]
    rows = shell.json("checkpoint", "evals", "eval_9", "--offline")
    assert [(row["name"], row["mean"], row["judged"], row["missing"]) for row in rows] == [
        ("gpt-4.1", 5.0, 4, 0), ("tuned", 1.0, 3, 1),
    ]  # fmt: skip
    assert shell.json("checkpoint", "diff", "eval_9", "--from", "0", "--to", "1")[0]["kind"] == "lost"
    assert shell.run("checkpoint", "open", "eval_nobody") == 1
    assert "no evaluation" in shell.err
    assert shell.run("checkpoint", "open", "../../files") == 1


def test_a_downloaded_evaluation_is_imported_and_read(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text("\n".join(json.dumps(item(place, float(place))) for place in range(6)))
    found = shell.json("checkpoint", "import", str(path))
    assert (found["items"], found["duplicated"], found["missing"]) == (6, 0, 0)
    (row,) = shell.json("checkpoint", "evals", found["eval_id"])
    assert (row["judged"], row["passed"]) == (6, 1)
    path.write_text("not json")
    assert shell.run("checkpoint", "import", str(path)) == 2


def test_the_grader_lab_shows_scores_before_and_after_an_edit(shell: Shell, trained: Cloud, tmp_path: Path) -> None:
    grader = tmp_path / "g.json"
    definition = {"type": "string_check", "name": "g", "input": "{{sample.output_text}}", "reference": "worth 5"}
    grader.write_text(json.dumps({**definition, "operation": "like"}))
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/worth 5/worth/' \"$1\"\n")
    editor.chmod(0o755)
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"item": "item-0", "passed": true}\n')
    shell.context = replace(shell.context, environment={**shell.context.environment, "EDITOR": str(editor)})
    words = ("grader", "lab", str(grader), "puzzles", "--edit", "--sample", "12", "--labels", str(labels), "--validate")
    rows = shell.json(*words)
    assert [(row["before"], row["after"]) for row in rows].count((0.0, 1.0)) == 9 and rows[0]["change"] == 1.0
    assert '"worth"' in grader.read_text()
    assert "9 scores differ" in shell.err and "agrees with people on 100%" in shell.err
    assert "validates no graders" in shell.err


def test_a_pause_once_converged_is_ordered_with_a_yes_and_taken_back(shell: Shell, trained: Cloud) -> None:
    trained.add("ftjob-3", "running", suffix="counting", method={"type": "reinforcement"})
    assert shell.run("job", "pause", "counting", "--when-converged") == 2 and "Give -y" in shell.err
    given = shell.json("job", "pause", "counting", "--when-converged", "-y")
    assert (given["job"], given["stands"], given["why"]) == ("ftjob-3", True, None)
    assert not any(call.endswith("/pause") for call in trained.asked), "the job itself is left alone until then"
    assert shell.json("job", "pause", "counting", "--not-when-converged")["stands"] is False
    assert shell.run("job", "pause", "puzzles", "--when-converged", "-y") == 2 and "succeeded" in shell.err
