"""What is done from the Checkpoints pane: deploy, test, ledger, second graders, other evaluations, the grader lab."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cupola.azure.wire import evaluations as wire
from cupola.models import Checkpoint, Evaluation, EvaluationRun, Job, Point, Problem
from cupola.store import (
    answer_labels,
    benchmarks,
    checkpoints,
    convergence_orders,
    decisions,
    deployments,
    evaluations,
    intents,
    jobs,
    points,
    regrades,
    workflows,
)
from cupola.store.database import Database
from cupola.store.regrades import Regrade, SecondGrader
from cupola.store.workflows import StageState
from cupola.workflows.checkpoint_test.definition import parse
from cupola_tui.app import CupolaApp
from cupola_tui.panes.checkpoints.pane import CheckpointsPane

NOW = 1_800_000_000
PYTHON = "def grade(sample, item):\n    return 5.0 if sample['output_text'] == item['target'] else 1.0\n"
GRADER = {"type": "python", "name": "exact", "source": PYTHON}
JUDGE = {"type": "score_model", "name": "judge", "model": "gpt-4.1-mini", "range": [0, 1], "pass_threshold": 0.5,
         "input": [{"role": "user", "content": "Is {{sample.output_text}} right for {{item.target}}?"}]}  # fmt: skip
RAW = json.dumps({"method": {"type": "reinforcement", "reinforcement": {"grader": GRADER}}})
JOB = Job("ftjob-c", "o4-mini-2025-04-16", "reinforcement", "running", NOW - 5_000, suffix="countdown", raw=RAW)
HOSTILE = "\x1b[31m[bold red]pwn[/] \u202egnp \x9b2J"

Open = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]
Text = Callable[[CupolaApp], str]


def value(
    run_id: str, place: int, score: float, said: str, tools: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """An output item as the service has it."""
    message: dict[str, Any] = {"role": "assistant", "content": said}
    if tools:
        message["tool_calls"] = tools
    return {
        "id": f"{run_id}-{place}",
        "run_id": run_id,
        "status": "pass" if score >= 5 else "fail",
        "datasource_item_id": place,
        "datasource_item": {"messages": [{"role": "user", "content": f"Target: {place}"}], "target": f"t{place}"},
        "results": [{"name": "exact", "score": score, "passed": score >= 5}],
        "sample": {"output": [message], "finish_reason": "stop", "usage": {"completion_tokens": 600}},
    }


def fill(store: Database, passes: dict[int, list[float]], tools: list[dict[str, Any]] | None = None) -> None:
    jobs.save(store, [JOB])
    evaluations.save(store, Evaluation(JOB.id, "eval-c", "validation runs", JOB.created_at, "field"))
    for step, scores in passes.items():
        run = EvaluationRun(
            f"c-{step}", "eval-c", f"Step {step}", step, "completed", NOW - 4_000 + 60 * step, len(scores)
        )
        evaluations.save_runs(store, JOB.id, [run])
        found = []
        for place, score in enumerate(scores):
            item = wire.item(
                value(run.id, place, score, f"t{place}" if score >= 5 else "wrong" * (1 + place % 3), tools),
                run.id,
                place,
            )
            assert item is not None
            found.append(item)
        evaluations.save_items(store, JOB.id, run.id, found, whole=True)
    saved = [
        Checkpoint(f"k{step}", JOB.id, NOW - 4_000 + 60 * step, step, f"m.ft-1:ckpt-step-{step}") for step in (5, 10)
    ]
    checkpoints.save(store, JOB.id, saved)


@pytest.fixture
def trained(store: Database) -> Database:
    fill(store, {0: [1.0, 1.0, 5.0] * 4, 5: [1.0, 5.0, 5.0] * 4, 10: [5.0, 5.0, 1.0] * 4})
    points.save(store, JOB.id, [Point("train_mean_reward", step, 2 + step / 10) for step in range(1, 12)])
    points.save(store, JOB.id, [Point("graders/exact/train_reward_mean", step, 0.5) for step in range(1, 12)])
    return store


async def opened(pilot: Pilot[str], see: See) -> None:
    await pilot.press("4")
    await see(pilot, "items: step 0")
    await pilot.pause()


async def choose(pilot: Pilot[str], see: See, words: str) -> None:
    """Take the action of a title from the menu."""
    await pilot.press("x")
    await see(pilot, words)
    for _ in range(12):
        text = next((row for row in _rows(pilot) if words in row), "")
        chosen = pilot.app.screen.query_one("Choices").chosen  # type: ignore[attr-defined]  # Only menus have it.
        if chosen.words in text:
            break
        await pilot.press("down")
    await pilot.press("enter")


async def until(pilot: Pilot[str], done: Callable[[], object]) -> None:
    """Wait until something is so in the store: a toast may be gone before one looks."""
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        await pilot.pause(0.02)


def _curves(store: Database) -> list[Regrade]:
    grader = regrades.graders_of(store, JOB.id)[0].hash
    return [one for step in (0, 5, 10) for one in regrades.of_run(store, f"c-{step}", grader)]


def _rows(pilot: Pilot[str]) -> list[str]:
    return ["".join(segment.text for segment in strip) for strip in pilot.app.screen._compositor.render_strips()]


async def test_m_goes_through_the_metrics_and_t_to_the_clock(trained: Database, open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        for metric in ("train reward", "pass rate", "reward by grader", "completion tokens", "errors, share of"):
            await pilot.press("m")
            await see(pilot, metric)
        await pilot.press("m", "t")
        await see(pilot, "reward by minutes at minute")
        await pilot.press("t")
        await see(pilot, "reward at step")


async def test_the_map_shows_all_steps_with_flips_first_and_opens_an_item(
    trained: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press("]", "enter")
        await see(pilot, "12 of 12 flipped")
        await pilot.press("f")
        await see(pilot, "12 of 12 · flipped")
        await pilot.press("f")
        await see(pilot, "4 of 12 · lost again")
        await pilot.press("escape", "enter")
        await see(pilot, "· item ")
        await pilot.press("escape")
        await see(pilot, "items: all steps")


async def test_words_filter_both_lists_and_escape_takes_them_away(trained: Database, open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press("/", *"target: 11", "enter")
        await see(pilot, "1 of 12 · all")
        await pilot.press("]")
        await see(pilot, "1 of 12 · all · ] watches")
        await pilot.press("escape")
        await see(pilot, "12 of 12 · all")


async def test_a_watch_is_said_beside_the_best_step_and_in_full_with_what_to_do(
    store: Database, open_app: Open, see: See
) -> None:
    fill(store, {0: [1.0] * 12, 5: [1.0] * 11 + [5.0], 10: [1.0] * 10 + [5.0] * 2})
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await see(pilot, "too hard: 100% of 12 items")
        await pilot.press("]", "]")
        await see(pilot, "Take easier rows")


async def test_an_item_shows_tool_calls_as_such_and_what_a_second_grader_said(
    store: Database, open_app: Open, see: See
) -> None:
    call = {"type": "function", "function": {"name": "find_order", "arguments": json.dumps({"order": HOSTILE})}}
    fill(store, {0: [1.0, 5.0], 5: [5.0, 5.0]}, [call])
    regrades.save_grader(store, SecondGrader("h", "independent", {**GRADER, "name": "independent"}, None, 0.0))
    regrades.save(store, JOB.id, [Regrade("h", "c-5", "c-5-0", 0.25, False, details="only half of it")])
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press("enter", "enter")
        await see(pilot, "⚙ find_order")
        await see(pilot, "independent (second)")
        await see(pilot, "only half of it")
        shown = "\n".join(_rows(pilot))
        assert "order: ␛[31m[bold red]pwn[/]" in shown and "\x1b" not in shown and "\u202e" not in shown


async def test_deploying_asks_shows_a_card_and_writes_the_wish(trained: Database, open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await choose(pilot, see, "Deploy step 5")
        await see(pilot, "goes in")
        await pilot.press("enter")
        await see(pilot, "cupola deploy create countdown-step5")
        assert deployments.get(trained, "countdown-step5") is None
        await pilot.press("y")
        await until(pilot, lambda: deployments.get(trained, "countdown-step5"))
        wanted = deployments.get(trained, "countdown-step5")
        assert wanted is not None and wanted.model == "m.ft-1:ckpt-step-5" and wanted.fuse_at == NOW + 4 * 3_600


async def test_a_step_without_a_checkpoint_cannot_be_deployed(trained: Database, open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press(",", ",", "x")
        await see(pilot, "the service lists no checkpoint of step 0")


async def test_held_out_rows_start_a_test_of_several_steps_after_one_card_with_its_price(
    trained: Database, open_app: Open, see: See, tmp_path: Path
) -> None:
    rows = tmp_path / "test.jsonl"
    asked = [{"messages": [{"role": "user", "content": f"Target: {n}"}], "target": f"t{n}"} for n in range(3)]
    rows.write_text("".join(f"{json.dumps(row)}\n" for row in asked))
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await choose(pilot, see, "Evaluate step 5")
        await see(pilot, "Held-out rows for step 5")
        pilot.app.screen.query_one(Input).value = str(rows)
        await pilot.press("enter")
        await see(pilot, "goes in")
        fields = {str(field.name): field for field in pilot.app.screen.query(Input)}
        fields["steps"].value = "10, 99"
        fields["base"].value = "o4-mini"
        fields["stop at"].value = "2.50"
        await pilot.press("enter")
        await see(pilot, "no checkpoint of step 99")
        await see(pilot, "10, 99")
        pilot.app.screen.query(Input).first().value = "10 5"
        await pilot.press("enter")
        await see(pilot, "on 3 held-out rows")
        await see(pilot, "cupola checkpoint test ftjob-c")
        assert workflows.newest(trained) == [], "nobody has said yes"
        await pilot.press("y")
        await until(pilot, lambda: workflows.newest(trained))
        (started,) = workflows.newest(trained)
        definition = parse(started.definition)
        assert [one.step for one in definition.checkpoints] == [5, 10]
        assert (started.kind, started.hard, definition.fuse_seconds) == ("checkpoint-test", 2.5, 4 * 3_600)
        assert [arm.name for arm in definition.whole.arms] == ["base", "step 5", "step 10"]
        assert len(benchmarks.items(trained, definition.whole.split)) == 3


async def test_the_evidence_goes_into_the_ledger_with_its_numbers(trained: Database, open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await choose(pilot, see, "Copy the evidence of step 5")
        await until(pilot, lambda: decisions.newest(trained))
        (kept,) = decisions.newest(trained)
        assert (kept.benchmark, kept.role, kept.arm) == ("countdown", "checkpoint", "m.ft-1:ckpt-step-5")
        assert [one["step"] for one in kept.numbers["steps"]] == [0, 5, 10]
        assert "| **5** |" in kept.card


async def test_another_grader_is_shown_the_stored_answers_and_has_a_curve(
    trained: Database, open_app: Open, see: See, tmp_path: Path
) -> None:
    path = tmp_path / "strict.json"
    check = {"type": "string_check", "name": "strict", "operation": "eq", "input": "{{sample.output_text}}"}
    path.write_text(json.dumps({**check, "reference": "{{item.target}}"}))
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await choose(pilot, see, "Show the answers to another grader")
        await see(pilot, "Another grader's JSON")
        pilot.app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: len(regrades.graders_of(trained, JOB.id)) == 1)
        await until(pilot, lambda: len(_curves(trained)) == 36)
        for _ in range(4):
            await pilot.press("m")
        await see(pilot, "second graders")


async def test_any_evaluation_is_asked_for_by_its_id(trained: Database, open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await choose(pilot, see, "Open an evaluation by its id")
        await see(pilot, "see the card")
        await pilot.press(*"eval_77", "enter")
        await see(pilot, "cupola checkpoint open eval_77")
        await pilot.press("y")
        await until(pilot, lambda: intents.newest(trained))
        (wish,) = intents.newest(trained)
        assert (wish.kind, wish.target) == ("evaluation.open", "eval_77")


async def test_an_imported_file_stands_among_the_jobs_and_hostile_names_do_no_harm(
    trained: Database, open_app: Open, see: See, tmp_path: Path
) -> None:
    path = tmp_path / "elsewhere.json"
    items = [value("r", place, 5.0 if place else 1.0, HOSTILE) for place in range(3)]
    path.write_text(json.dumps({"object": "list", "name": HOSTILE, "data": items}))
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await choose(pilot, see, "Import an evaluation's file")
        await see(pilot, "An evaluation's file")
        pilot.app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: len(evaluations.others(trained)) == 1)
        await see(pilot, "Reinforcement jobs")
        await pilot.press(">")
        await see(pilot, "evaluation of 3 items, 1 runs")
        await see(pilot, "[bold red]pwn[/]")
        shown = "\n".join(_rows(pilot))
        assert "\x1b" not in shown and "\u202e" not in shown and "\x9b" not in shown


async def test_the_lab_shows_which_rewards_an_edited_grader_changes(
    trained: Database, open_app: Open, see: See, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/5.0/4.0/ "$1"\n')
    editor.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(editor))
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press("e")
        await see(pilot, "12 of 24 rewards changed")
        await see(pilot, "5 → 4")
        await pilot.press("escape")
        await see(pilot, "items: step 0")


async def test_what_is_no_grader_is_said_and_kept_for_the_next_try(
    trained: Database, open_app: Open, see: See, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "def broken(" >> "$1"\n')
    editor.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(editor))
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press("e")
        await see(pilot, "without a reward")


async def test_a_restart_shows_the_same(trained: Database, open_app: Open, see: See) -> None:
    shown = []
    for _ in range(2):
        async with open_app().run_test(size=(120, 40)) as pilot:
            await opened(pilot, see)
            await see(pilot, "clustered by prompt")
            await see(pilot, "over step 0")
            await pilot.pause(0.3)
            # Below the line that counts bytes.
            shown.append(_rows(pilot)[2:])
    assert shown[0] == shown[1]


async def test_one_goes_to_an_evaluation_by_its_key(trained: Database, open_app: Open, see: See) -> None:
    evaluations.save(trained, Evaluation("eval-9", "eval-9", "elsewhere", NOW, "id"))
    evaluations.save_runs(trained, "eval-9", [EvaluationRun("r9", "eval-9", "any name", None, "completed", NOW, 1)])
    item = wire.item(value("r9", 0, 5.0, "t0"), "r9", 0)
    assert item is not None
    evaluations.save_items(trained, "eval-9", "r9", [item], whole=True)
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        pane = pilot.app.screen.query_one(CheckpointsPane)
        watched = pane.watchable()
        assert watched is not None and watched.target == JOB.id
        pane.show_thing("eval-9")
        await see(pilot, "elsewhere · evaluation of 1 items, 1 runs")
        assert pane.watchable() is None


async def test_a_grader_that_asks_a_model_is_started_after_a_card_with_its_estimate_and_its_progress_is_shown(
    trained: Database, open_app: Open, see: See, tmp_path: Path
) -> None:
    path = tmp_path / "judge.json"
    path.write_text(json.dumps(JUDGE))
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await choose(pilot, see, "Show the answers to another grader")
        await see(pilot, "Another grader's JSON")
        pilot.app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await see(pilot, "which asks gpt-4.1-mini")
        fields = {str(field.name): field for field in pilot.app.screen.query(Input)}
        fields["steps"].value, fields["items"].value, fields["stop at"].value = "5 10", "6", "0.000001"
        await pilot.press("enter")
        await see(pilot, "more than $")
        {str(field.name): field for field in pilot.app.screen.query(Input)}["stop at"].value = "2"
        await pilot.press("enter")
        await see(pilot, "Show 12 stored answers of step 5, 10 to judge")
        await see(pilot, "It stops before $2.00.")
        assert workflows.newest(trained) == [], "nobody has said yes"
        await pilot.press("y")
        await until(pilot, lambda: workflows.newest(trained))
        (started,) = workflows.newest(trained)
        assert (started.kind, started.hard) == ("regrade", 2.0)
        stage = workflows.stages(trained, started.id)[0]
        workflows.save_stage(trained, replace(stage, state=StageState.RUNNING, done=4, total=12, spend=0.01))
        await see(pilot, "judge: 4 of 12 answers judged, $0.010 of ≤$2.00")


async def test_a_job_is_paused_by_itself_only_after_a_card_and_that_can_be_taken_back(
    trained: Database, open_app: Open, see: See
) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await choose(pilot, see, "Pause by itself once converged")
        await see(pilot, "cupola job pause ftjob-c --when-converged")
        assert convergence_orders.get(trained, JOB.id) is None, "nobody has said yes"
        await pilot.press("y")
        await see(pilot, "‖ is paused once it has converged")
        order = convergence_orders.get(trained, JOB.id)
        assert order is not None and order.stands
        await choose(pilot, see, "No pause by itself any more")
        await see(pilot, "--not-when-converged")
        await pilot.press("y")
        await until(pilot, lambda: convergence_orders.get(trained, JOB.id) is None)


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that makes the grader fail every answer."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/5.0/4.0/ "$1"\n')
    editor.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(editor))


async def test_the_lab_takes_labels_and_lists_where_the_grader_differs_from_people_and_from_the_job(
    trained: Database, open_app: Open, see: See, strict: None
) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press("e")
        await see(pilot, "agrees with the job's grader on 50%")
        await see(pilot, "no labels by people yet")
        await pilot.press("l")
        await see(pilot, "Label answers · exact")
        for _ in range(4):
            await pilot.press("p")
        await pilot.press("f", "escape")
        await see(pilot, "agrees with people on 20%")
        said = answer_labels.of_runs(trained, [f"c-{step}" for step in (0, 5, 10)])
        assert sorted(said.values()) == [False, True, True, True, True]
        await pilot.press("d")
        await see(pilot, "shown: 4 on which it differs from people")
        await pilot.press("d")
        await see(pilot, "shown: 12 on which it differs from the job's grader")
        await pilot.press("enter")
        await see(pilot, "✗ the grader in hand")
        await see(pilot, "✓ the job's grader")


async def test_the_lab_asks_the_service_whether_it_takes_the_grader_and_shows_what_it_says(
    trained: Database, open_app: Open, see: See, strict: None
) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press("e")
        await see(pilot, "check at the service")
        await pilot.press("c")
        await until(pilot, lambda: intents.newest(trained))
        (wish,) = intents.newest(trained)
        assert wish.kind == "grader.validate"
        assert isinstance(wish.arguments["definition"], dict) and "4.0" in wish.arguments["definition"]["source"]
        await see(pilot, "the service is asked whether it takes")
        intents.finish(trained, wish.id, NOW, Problem("The service refuses exact: it is too long."))
        await see(pilot, "✗ The service refuses exact: it is too long.")


async def test_a_grader_that_asks_models_is_tried_on_what_they_said_before_and_asked_after_a_card(
    trained: Database, open_app: Open, see: See, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = json.dumps({"method": {"type": "reinforcement", "reinforcement": {"grader": JUDGE}}})
    jobs.save(trained, [replace(JOB, raw=raw)])
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see)
        await pilot.press("e")
        await see(pilot, "24 not shown to gpt-4.1-mini yet")
        await pilot.press("x")
        await see(pilot, "Show 24 stored answers to judge")
        await pilot.press("y")
        await until(pilot, lambda: workflows.newest(trained))
