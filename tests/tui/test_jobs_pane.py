"""The Jobs pane: keys in, wishes in the store and text on the screen out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from cupola.models import Checkpoint, IntentState, Job, Problem
from cupola.store import intents, jobs
from cupola.store.database import Database
from cupola_tui.app import CupolaApp

OpenApp = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]
ScreenText = Callable[[CupolaApp], str]


async def test_list_and_curves_stand_on_the_screen(open_app: OpenApp, see: See, screen_text: ScreenText) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "token accuracy")
        text = screen_text(app)
    for words in ("cora-distil", "67%", "paused", "failed", "LOCAL", "1 running", "2 need you", "live", "training 3"):
        assert words in text, words


async def test_a_new_point_is_drawn_without_a_key(
    open_app: OpenApp, see: See, store: Database, learn: Callable[[Database, int, int], None]
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "67%")
        learn(store, 201, 240)
        await see(pilot, "80%")
        await see(pilot, "Step 240")


async def test_a_failed_job_tells_cause_and_remedy_first(open_app: OpenApp, see: See) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("G")
        await see(pilot, "The training file failed RAI checks")
        await see(pilot, "why")
        await see(pilot, "submit")


async def test_pausing_shows_a_card_and_writes_one_wish(
    open_app: OpenApp, see: See, store: Database, screen_text: ScreenText
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("x")
        await see(pilot, "Pause cora-distil")
        await pilot.press("enter")
        await see(pilot, "cupola job pause ftjob-learning --profile demo")
        assert intents.newest(store) == []
        await pilot.press("y")
        await see(pilot, "no answer yet")
        found = intents.newest(store)
        assert [(wish.kind, wish.target, wish.state) for wish in found] == [
            ("job.pause", "ftjob-learning", IntentState.WANTED)
        ]
        assert "Pause cora-distil: asked for" in screen_text(app)


@pytest.mark.parametrize("key", ["escape", "n", "q"])
async def test_leaving_the_card_writes_nothing(open_app: OpenApp, see: See, store: Database, key: str) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("x", "enter")
        await see(pilot, "do it")
        await pilot.press(key)
        await pilot.pause()
    assert intents.newest(store) == []


async def test_what_cannot_be_done_says_why(open_app: OpenApp, see: See, store: Database) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("x", "down")
        await see(pilot, "the job is running")
        await pilot.press("enter", "escape")
    assert intents.newest(store) == []


async def test_a_refused_wish_is_told_with_cause_and_remedy(open_app: OpenApp, see: See, store: Database) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        wish = intents.wish(store, "job.pause", "ftjob-learning", 1.0)
        intents.finish(store, wish, 2.0, Problem("It cannot be paused.", "No step is done.", "Wait for a step."))
        await see(pilot, "It cannot be paused.")
        await see(pilot, "Wait for a step.")


async def test_the_palette_runs_commands_by_name(open_app: OpenApp, see: See, store: Database) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press(":", *"job cancel", "enter")
        await see(pilot, "Stops the job for good")
        await pilot.press("y")
        await pilot.pause()
    assert [wish.kind for wish in intents.newest(store)] == ["job.cancel"]


async def test_refresh_and_freeze_are_wishes(open_app: OpenApp, see: See, store: Database) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("r", "P")
        await pilot.pause()
        assert [wish.kind for wish in intents.newest(store)] == ["polling.freeze", "refresh"]
        frozen = intents.newest(store)[0]
        intents.finish(store, frozen.id, 1_800_000_000.0)
        await see(pilot, "frozen at")
        await pilot.press("P")
        await pilot.pause()
        assert intents.newest(store)[0].kind == "polling.thaw"


async def test_the_filter_narrows_and_esc_clears_it(open_app: OpenApp, see: See, screen_text: ScreenText) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("/", *"rft !zzz")
        await see(pilot, "1 of 3")
        await pilot.press(*" nothing")
        await see(pilot, "No job has these words")
        await pilot.press(*["backspace"] * 8)
        await see(pilot, "1 of 3")
        assert "cora-distil" not in screen_text(app)
        await pilot.press("enter", "escape")
        await see(pilot, "cora-distil")


async def test_tabs_show_events_checkpoints_and_configuration(open_app: OpenApp, see: See) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "token accuracy")
        await pilot.press("]")
        await see(pilot, "Step 200")
        await pilot.press("]")
        await see(pilot, "deployable")
        await see(pilot, "valid loss")
        await see(pilot, "0.61")
        await see(pilot, "gone")
        await pilot.press("]")
        await see(pilot, "learning_rate_multiplier")
        await see(pilot, "auto")


async def test_marked_jobs_are_laid_over_each_other(
    open_app: OpenApp, see: See, store: Database, learn: Callable[[Database, int, int], None]
) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "token accuracy")
        await pilot.press("=")
        await see(pilot, "Mark two jobs or more")
        await pilot.press("space", "space", "=")
        await see(pilot, "2 jobs without a metric in common")
        await pilot.press("escape")
        await see(pilot, "supervised")


async def test_charts_smooth_zoom_take_logarithms_and_a_cursor(
    open_app: OpenApp, see: See, screen_text: ScreenText
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "token accuracy")
        await pilot.press("S", "L")
        await see(pilot, "smoothed 0.6")
        await see(pilot, "log")
        await pilot.press("enter", "left", "left")
        await see(pilot, "at step 18")
        await pilot.press("+")
        await pilot.press("0")
        await pilot.pause()
        assert "at step" not in screen_text(app)
        await pilot.press("m")
        await see(pilot, "token accuracy")


async def test_raw_json_and_the_call_log_open_and_close(open_app: OpenApp, see: See, screen_text: ScreenText) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("v")
        await see(pilot, '"cupola_rows": "2400"')
        await pilot.press("q", "@")
        await see(pilot, "Nothing was sent yet")
        await pilot.press("escape")
        await pilot.pause()
        assert "Nothing was sent" not in screen_text(app)


async def test_leaving_says_what_goes_on_without_it(open_app: OpenApp, see: See) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("q")
        await see(pilot, "1 job runs on in the cloud")
        await pilot.press("y")
        await pilot.pause()
    assert app.return_value == "1 running in the cloud; the worker keeps watching."


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((120, 40), "token accuracy"),
        ((80, 24), "loss"),
        ((200, 60), "token accuracy"),
        ((60, 20), "Cupola needs 80x24"),
    ],
)
async def test_every_size_has_its_layout(open_app: OpenApp, see: See, size: tuple[int, int], words: str) -> None:
    async with open_app().run_test(size=size) as pilot:
        await see(pilot, words)


async def test_a_terminal_may_shrink_and_grow(open_app: OpenApp, see: See) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "token accuracy")
        for size in ((30, 8), (80, 24), (3, 2), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await see(pilot, "token accuracy")


async def test_an_empty_store_says_what_fills_it(path: object, see: See, tmp_path: object) -> None:
    from pathlib import Path

    from cupola.settings import Profile
    from cupola.store.database import open_store

    database = open_store(Path(str(tmp_path)) / "empty.sqlite3")
    async with CupolaApp(Profile("empty", "https://x.openai.azure.com"), database).run_test(size=(100, 30)) as pilot:
        await see(pilot, "No jobs known yet")
        await see(pilot, "no answer yet")
        jobs.save(database, [Job("ftjob-1", "gpt-4.1", "supervised", "running", 1, suffix="first")])
        pilot.app._watch.forget_version()  # type: ignore[attr-defined]
        await see(pilot, "first")
    database.close()


async def test_the_other_panes_say_what_they_are_for(open_app: OpenApp, see: See) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        words = ("near-duplicates", "paired", "reinforcement", "deployed", "Spend")
        for key, word in zip("12456", words, strict=True):
            await pilot.press(key)
            await see(pilot, word)
        await pilot.press("3")
        await see(pilot, "cora-distil")


async def test_two_faces_see_each_others_wishes(open_app: OpenApp, see: See) -> None:
    first, second = open_app(), open_app()
    async with first.run_test(size=(120, 40), notifications=True) as one:
        await see(one, "cora-distil")
        async with second.run_test(size=(120, 40), notifications=True) as other:
            await see(other, "cora-distil")
            await other.press(":", *"job pause", "enter")
            await see(other, "do it")
            await other.press("y")
            await see(other, "no answer yet")
            await see(one, "pause asked for, no answer yet")


async def test_without_an_answer_the_age_is_told_and_nothing_breaks(open_app: OpenApp, see: See) -> None:
    async with open_app(clock=lambda: 1_800_000_000.0 + 600).run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "as of")
        await see(pilot, "cora-distil")


async def test_a_store_that_cannot_be_read_is_told_in_the_top_line(
    open_app: OpenApp, see: See, store: Database
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "token accuracy")
        app._database.connection.close()
        await see(pilot, "the store cannot be read")
        await see(pilot, "Check the disk")
        await see(pilot, "cora-distil")


HOSTILE = ("[/]", "[@click=app.quit]x[/]", "\x1b]0;PWN\x07", "\x9b31m", "\u202egnp.exe", "[link=http://e]", "a" * 500)


async def test_hostile_text_in_every_field_is_shown_and_obeyed_nowhere(
    open_app: OpenApp, see: See, store: Database
) -> None:
    for number, text in enumerate(HOSTILE):
        job = Job(
            text, text, text, text, 1_900_000_000 - number, suffix=text, training_type=text, training_file=text,
            validation_file=text, result_files=(text,), fine_tuned_model=text, eval_id=text, error_code=text,
            error_message=text, hyperparameters={text: text}, raw=text,
        )  # fmt: skip
        jobs.save(store, [job, replace(job, id=f"{text}2", status="failed", raw=f"{text}2")])
    app = open_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await see(pilot, "[/]")
        await pilot.press("v", "escape", "x", "down", "down", "enter", "escape")
        for _ in range(2 * len(HOSTILE)):
            await pilot.press("]", "j")
        await see(pilot, "cora-distil")
        assert app.is_running


def test_the_checkpoint_to_keep_has_a_star() -> None:
    from cupola_tui.lines import plain
    from cupola_tui.views.detail import checkpoint_cells

    saved = Checkpoint("ckpt-1", "ftjob-1", 1, 100, "m:ckpt-step-100", {"valid_loss": 0.61})
    assert plain(checkpoint_cells(saved, True, ["valid_loss"], 2.0, keep=100)[0]) == "100 ★"
    assert plain(checkpoint_cells(saved, True, ["valid_loss"], 2.0, keep=50)[0]) == "100"
