"""The Checkpoints pane: reward by step, the best one, what changed item by item, one item's answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from cupola.azure.wire import evaluations as wire
from cupola.models import Checkpoint, Evaluation, EvaluationItem, EvaluationRun, Job, Point
from cupola.store import checkpoints, evaluations, jobs, points
from cupola.store.database import Database
from cupola_tui.app import CupolaApp

NOW = 1_800_000_000
JOB = Job("ftjob-count", "o4-mini-2025-04-16", "reinforcement", "running", NOW - 5_000, suffix="countdown", raw="{}")
OTHER = Job("ftjob-other", "o4-mini-2025-04-16", "reinforcement", "succeeded", NOW - 9_000, suffix="loyalty", raw="{}")

Open = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]
Text = Callable[[CupolaApp], str]

HOSTILE = "\x1b[31m\x1b]52;c;AAAA\x07[bold red]pwn[/] \u202egnp.exe \x9b2J \ud800"


def output_item(run_id: str, place: int, score: float, answer: str, asked: str = "") -> EvaluationItem:
    messages = [{"role": "user", "content": asked or f"Target: {place}"}]
    value: dict[str, Any] = {
        "id": f"outputitem-{run_id}-{place}",
        "status": "pass" if score >= 5 else "fail",
        "datasource_item_id": place,
        "datasource_item": {"messages": messages, "target": f"t{place}"},
        "results": [{"name": "closeness-2c25a2e8-8d35-4849-afea-a94dea800b50", "score": score, "passed": score >= 5}],
        "sample": {"output": [{"role": "assistant", "content": answer}], "finish_reason": "stop",
                   "usage": {"completion_tokens": 600}},
    }  # fmt: skip
    found = wire.item(value, run_id, place)
    assert found is not None
    return found


def fill(store: Database, job: Job, scores: dict[int, list[float]], answer: str = "answer {step}.{place}") -> None:
    """Store one validation pass for each step."""
    jobs.save(store, [job])
    evaluations.save(store, Evaluation(job.id, f"eval-{job.id}", "validation runs", job.created_at, "field"))
    for step, of_step in scores.items():
        run = EvaluationRun(f"{job.id}-{step}", f"eval-{job.id}", f"Step {step}", step, "completed", step, len(of_step))
        evaluations.save_runs(store, job.id, [run])
        items = [
            output_item(run.id, place, score, answer.format(step=step, place=place))
            for place, score in enumerate(of_step)
        ]
        evaluations.save_items(store, job.id, run.id, items, whole=True)


BASE = [1.0, 2.0, 5.0, 3.0, 1.0, 2.0, 4.0, 3.0, 5.0, 1.0, 2.0, 3.0]
LEARNT = [5.0, 5.0, 1.0, 4.0, 5.0, 5.0, 4.0, 5.0, 5.0, 5.0, 4.0, 5.0]


@pytest.fixture
def trained(store: Database) -> Database:
    fill(store, JOB, {0: BASE, 5: BASE, 10: LEARNT, 15: BASE})
    points.save(store, JOB.id, [Point("train_mean_reward", step, 2 + step / 10) for step in range(1, 18)])
    checkpoints.save(
        store, JOB.id, [Checkpoint(f"c{step}", JOB.id, step, step, f"m:ckpt-step-{step}") for step in (5, 10, 15)]
    )
    return store


async def opened(pilot: Pilot[str], see: See, text: str) -> None:
    await pilot.press("4")
    await see(pilot, text)
    await pilot.pause()


async def test_without_auto_evals_the_pane_says_what_it_waits_for(open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "No auto-evals yet")
        await see(pilot, "loyalty-rft has no validation pass yet")


async def test_the_best_step_is_named_with_its_gain_and_what_is_about_to_be_lost(
    trained: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "best: step 10")
        await see(pilot, "over step 0")
        shown = screen_text(app)
        assert "★ 10" in shown and "auto-eval of 12 validation items" in shown
        assert "! next out" in shown and "base model" in shown
        assert "items: step 0 → step 10" in shown
        await see(pilot, "▲ 9 gained   ▼ 1 lost   = 2 same")
        await see(pilot, "clustered by prompt")


async def test_the_cursor_goes_from_step_to_step_and_the_items_follow(
    trained: Database, open_app: Open, see: See
) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "best: step 10")
        await pilot.press(".")
        await see(pilot, "items: step 0 → step 15")
        await see(pilot, "at step 15")
        await see(pilot, "= 12 same")
        await pilot.press(",", ",")
        await see(pilot, "items: step 0 → step 5")
        await pilot.press("b", ".")
        await see(pilot, "items: step 5 → step 10")
        await pilot.press("escape")
        await see(pilot, "items: step 0 → step 10")


async def test_flips_come_first_and_n_goes_from_one_to_the_next(
    trained: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "best: step 10")
        rows = [row for row in screen_text(app).splitlines() if "Target:" in row]
        assert "▼▼" in rows[0] and "5 → 1" in rows[0] and "▲▲" in rows[1]
        await pilot.press("f")
        await see(pilot, "8 of 12 · flips")
        await pilot.press("f", "f")
        await see(pilot, "1 of 12 · lost")
        await pilot.press("escape")
        await see(pilot, "12 items")
        await pilot.press("N", "enter", "enter")
        await see(pilot, "· item ")


async def test_an_item_opens_with_both_answers_and_closes_again(
    trained: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "best: step 10")
        await pilot.press("enter", "enter")
        await see(pilot, "item 3")
        shown = screen_text(app)
        assert "answer 0.2" in shown and "answer 10.2" in shown
        assert "closeness" in shown and "2c25a2e8" not in shown
        rows = [row for row in shown.splitlines() if "reward" in row]
        assert "✓5" in rows[0] and "✗1" in rows[0] and "tokens" in shown
        await pilot.press("n")
        await see(pilot, "2 of 12 shown")
        await pilot.press("escape")
        await see(pilot, "best: step 10")
        assert "2 of 12 shown" not in screen_text(app)


async def test_hostile_answers_are_shown_and_not_obeyed(
    store: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    fill(store, JOB, {0: [1.0, 5.0], 5: [5.0, 5.0]}, HOSTILE.replace("{", "{{") + " {step}")
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "best: step 5")
        await pilot.press("enter", "enter")
        await see(pilot, "[bold red]pwn[/]")
        shown = screen_text(app)
        assert "\x1b" not in shown and "\u202e" not in shown and "\x9b" not in shown
        await pilot.press("v")
        await see(pilot, "what the service said of the item")


async def test_a_new_pass_appears_while_one_looks(trained: Database, open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "best: step 10")
        fill(trained, JOB, {20: [5.0] * 11 + [4.0]})
        await see(pilot, "★ 20")


async def test_several_jobs_stand_in_a_list_and_angle_brackets_go_through_them(
    trained: Database, open_app: Open, see: See
) -> None:
    fill(trained, OTHER, {0: BASE, 4: LEARNT})
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "Reinforcement jobs")
        await see(pilot, "countdown · o4-mini")
        await pilot.press(">")
        await see(pilot, "loyalty · o4-mini · auto-eval")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_it_fits_small_and_large_screens(
    trained: Database, open_app: Open, see: See, screen_text: Text, size: tuple[int, int]
) -> None:
    app = open_app()
    async with app.run_test(size=size) as pilot:
        await opened(pilot, see, "best: step 10")
        shown = screen_text(app)
        assert "items: step 0 → step 10" in shown and "Target:" in shown and "★ 10" in shown


async def test_missing_and_errored_items_are_said(store: Database, open_app: Open, see: See) -> None:
    fill(store, JOB, {0: BASE, 5: LEARNT[:9]})
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "best: step 5")
        await see(pilot, "9/12")
        await see(pilot, "3 errored or missing items are left out")
        await see(pilot, "? 3 not judged at both")


def test_raw_is_what_the_service_said(trained: Database) -> None:
    stored = evaluations.runs_of(trained, JOB.id)[0]
    first = evaluations.items_of(trained, stored.run.id)[0]
    raw = evaluations.raw_item(trained, stored.run.id, first.id)
    assert raw is not None and json.loads(raw)["id"] == first.id


async def test_the_base_models_pass_alone_is_shown_and_nothing_is_chosen(
    store: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    fill(store, JOB, {0: BASE})
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "No checkpoint was validated yet")
        await pilot.press(".", "n", "f", "enter", "enter")
        await pilot.pause()
        assert "★ 0" not in screen_text(app)


async def test_a_step_at_which_every_item_erred_has_no_mean_and_is_left_out(
    store: Database, open_app: Open, see: See
) -> None:
    fill(store, JOB, {0: BASE, 5: LEARNT})
    run = EvaluationRun("erred", f"eval-{JOB.id}", "Step 10", 10, "completed", 10, 12)
    evaluations.save_runs(store, JOB.id, [run])
    items = [output_item("erred", place, 1.0, "x")._replace(outcome="error", score=None) for place in range(12)]
    evaluations.save_items(store, JOB.id, "erred", items, whole=True)
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "best: step 5")
        await see(pilot, "left out, too few items judged: 10")
        await pilot.press(".")
        await see(pilot, "items: step 0 → step 10")
        await see(pilot, "not comparable: no item is judged at both")
