"""The Benchmarks pane over results of the real runner: keys in, decisions, labels and text on the screen out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.definition import Arm, Benchmark, GraderUse
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.start import define, runner_of, want_run
from cupola.graders import PythonSandbox
from cupola.store import benchmarks, decisions, grades, watches
from cupola.store.benchmarks import RunState
from cupola.store.database import Database, open_store
from cupola.store.watches import Subject
from cupola_tui.app import CupolaApp
from cupola_tui.panes.benchmarks.pane import BenchmarksPane

OpenApp = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]
ScreenText = Callable[[CupolaApp], str]

NOW = 1_800_000_000.0
ITEMS = 24

EXACT = GraderUse(
    {
        "type": "string_check",
        "name": "exact",
        "input": "{{sample.output_text}}",
        "reference": "{{item.answer}}",
        "operation": "eq",
    }
)
JUDGED = GraderUse(
    {
        "type": "score_model",
        "name": "judged",
        "model": "judge",
        "range": [0.0, 5.0],
        "pass_threshold": 3.0,
        "input": [
            {"role": "system", "content": "Rate how kind the answer is."},
            {"role": "user", "content": "{{sample.output_text}}"},
        ],
    }
)


def small(
    name: str = "small", question: str = "Question {n}?", graders: tuple[GraderUse, ...] = (EXACT, JUDGED)
) -> Defined:
    """Three arms over a few items."""
    rows = tuple(
        json.dumps(
            {"answer": f"yes {n}", "question": question.replace("{n}", str(n))}, sort_keys=True, separators=(",", ":")
        )
        for n in range(ITEMS)
    )
    arms = (Arm("strong", "strong", "gpt-4.1"), Arm("weak", "weak", "gpt-4.1-nano"), Arm("odd", "odd", "gpt-4.1-mini"))
    benchmark = Benchmark(
        name, ({"role": "user", "content": "{{item.question}}"},), "", arms, graders, split_hash(rows)
    )
    return Defined(benchmark, rows)


def answered(deployment: str, body: Mapping[str, Any]) -> ChatReply:
    """Strong is right, weak every third time, odd is refused, filtered or cut off now and then."""
    asked = str(body["messages"][-1]["content"])
    told = {"finish_reason": "stop", "prompt_tokens": 10, "completion_tokens": 4, "seconds": 0.5}
    if deployment == "judge":
        steps = {"steps": [{"description": "It greets.", "conclusion": "Kind enough."}], "result": 4}
        return ChatReply(json.dumps(steps), **told)
    number = int("".join(filter(str.isdigit, asked)) or 0)
    if deployment == "odd" and number < 3:
        odd: tuple[dict[str, Any], ...] = ({"refusal": "I will not."}, {"filtered": True}, {"finish_reason": "length"})
        return ChatReply("half an ans", **{**told, **odd[number]})
    right = deployment != "weak" or number % 3 == 0
    return ChatReply(f"yes {number}" if right else f"no, not {number}", **told)


async def run(
    database: Database, what: Defined, answer: Callable[[str, Mapping[str, Any]], ChatReply] = answered
) -> int:
    """Run a benchmark against deployments in memory; return the run's id."""

    async def ask(deployment: str, body: Mapping[str, Any], /) -> ChatReply:
        return answer(deployment, body)

    define(database, what, NOW)
    wanted = want_run(database, what.benchmark, NOW)
    with PythonSandbox() as sandbox:
        await runner_of(database, wanted, ask, sandbox).go()
    benchmarks.set_state(database, wanted.id, RunState.DONE, NOW)
    return wanted.id


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one finished run, to be copied."""
    path = tmp_path_factory.mktemp("benchmarks") / "store.sqlite3"
    database = open_store(path)
    asyncio.run(run(database, small()))
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def results(path: Path, finished: Path) -> Iterator[Database]:
    """The store under the screen, with the finished run in it."""
    path.write_bytes(finished.read_bytes())
    database = open_store(path)
    yield database
    database.close()


@pytest.fixture
def bench_app(results: Database, path: Path) -> Iterator[Callable[..., CupolaApp]]:
    """Makes apps over the results."""
    from cupola.settings import Profile

    opened: list[Database] = []

    def make() -> CupolaApp:
        opened.append(open_store(path))
        return CupolaApp(Profile("demo", endpoint="http://127.0.0.1:8080"), opened[-1], clock=lambda: NOW)

    yield make
    for database in opened:
        database.close()


async def _board(pilot: Pilot[str], see: See) -> None:
    await pilot.press("2")
    await see(pilot, "against strong")


async def test_w_watches_the_run_that_is_shown_until_it_is_done(
    bench_app: OpenApp, results: Database, see: See
) -> None:
    (shown,) = benchmarks.runs(results)
    async with bench_app().run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await pilot.press("w")
        await see(pilot, "small, run 1 has ended")
        benchmarks.set_state(results, shown.id, RunState.RUNNING, NOW)
        pane, end = pilot.app.screen.query_one(BenchmarksPane), time.monotonic() + 60.0
        while (thing := pane.watchable()) is None or thing.over:
            assert time.monotonic() < end, "the run goes on, and the pane has not seen it"
            await pilot.pause(0.02)
        await pilot.press("w")
        await see(pilot, "You are told when something becomes of small, run 1")
        assert [(one.kind, one.target) for one in watches.all_watches(results)] == [(Subject.RUN, str(shown.id))]
        await pilot.press("w")
        await see(pilot, "You are told of small, run 1 no more")
        assert watches.all_watches(results) == []


async def test_the_leaderboard_shows_intervals_outcomes_and_verdicts(
    bench_app: OpenApp, see: See, screen_text: ScreenText
) -> None:
    app = bench_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await see(pilot, "= 24")
        text = screen_text(app)
        rows = {
            name: next(row for row in text.splitlines() if row.startswith(f"│   {name} "))
            for name in ("strong", "weak", "odd")
        }
        assert "highest score" in rows["strong"] and "100%" in rows["strong"]
        assert "worse p<.001" in rows["weak"] and "33%" in rows["weak"]
        assert "1⊘1▣1…" in rows["odd"]
        assert all("●" in row and "├" in row for row in rows.values())
        for words in ("24 items", "Holm over 3 pairs", "verdict", "score against $ per 1,000", "weak", "LOCAL"):
            assert words in text, words


async def test_every_arms_outcomes_sum_to_n(bench_app: OpenApp, see: See) -> None:
    async with bench_app().run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await see(pilot, "24 pass  0 fail  0 refused  0 filtered  0 truncated  0 error  0 missing  = 24")
        await pilot.press("j")
        await see(pilot, "21 pass  0 fail  1 refused  1 filtered  1 truncated  0 error  0 missing  = 24")
        await pilot.press("j")
        await see(pilot, "8 pass  16 fail  0 refused")


async def test_the_rows_stand_in_another_order(bench_app: OpenApp, see: See, screen_text: ScreenText) -> None:
    app = bench_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await see(pilot, "= 24")
        for order in (["odd", "strong", "weak"], ["strong", "odd", "weak"], ["weak", "odd", "strong"]):
            await pilot.press("o")
            await pilot.pause()
            rows = [row.split()[1] for row in screen_text(app).splitlines() if row.startswith("│   ") and " s " in row]
            assert [row for row in rows if row in order] == order


async def test_brackets_judge_by_one_grader_alone(bench_app: OpenApp, see: See, screen_text: ScreenText) -> None:
    app = bench_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await pilot.press("]", "]")
        await see(pilot, "24 pass  0 fail")
        rows = screen_text(app).splitlines()
        assert "4.0" in next(row for row in rows if "  weak " in row)
        await pilot.press("[", "[")
        await see(pilot, "worse p<.001")


async def test_a_role_is_written_into_the_ledger_with_what_was_on_screen(
    bench_app: OpenApp, see: See, results: Database
) -> None:
    async with bench_app().run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await pilot.press("d")
        await see(pilot, "No decision was taken here yet")
        await pilot.press("t")
        await see(pilot, "(decided)")
        await pilot.press("G", "s", "d")
        await see(pilot, "## Student: weak")
        await see(pilot, "Paired by prompt")
    standing = decisions.standing(results, "small")
    assert {role: decision.arm for role, decision in standing.items()} == {"teacher": "strong", "student": "weak"}
    rows = {row["arm"]: row for row in standing["teacher"].numbers["rows"]}
    assert rows["weak"]["outcomes"]["passed"] == 8 and rows["weak"]["verdict"] == "worse"


async def test_an_arms_items_stand_worst_first_and_open_with_all_answers(
    bench_app: OpenApp, see: See, screen_text: ScreenText
) -> None:
    app = bench_app()
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await pilot.press("G", "enter")
        await see(pilot, "items, weak first")
        await see(pilot, "all · worst first")
        first = next(row for row in screen_text(app).splitlines() if "Question" in row)
        assert "✗" in first and "0.40" in first
        await pilot.press("enter")
        for words in (
            "no, not",
            "user",
            "Question",
            "strong",
            "odd",
            "judged  4.0",
            "It greets. Kind enough.",
            "exact  0.00",
        ):
            await see(pilot, words)
        await pilot.press("n")
        await see(pilot, "2 of 24 shown")
        await pilot.press("N", "v")
        await see(pilot, "the answer as it came")
        await pilot.press("escape", "escape")
        await see(pilot, "all · worst first")
        await pilot.press("escape")
        await see(pilot, "against strong")


async def test_items_are_narrowed_by_outcome_dispute_and_words(bench_app: OpenApp, see: See) -> None:
    async with bench_app().run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await pilot.press("G", "enter")
        await see(pilot, "24 · all")
        for words in (
            "16 of 24 · fails",
            "17 of 24 · models disagree",
            "16 of 24 · graders disagree",
            "1 of 24 · refused",
        ):
            await pilot.press("f")
            await see(pilot, words)
        await pilot.press("escape", "o")
        await see(pilot, "24 · all · most disputed first")
        await pilot.press("/", *"question 7")
        await see(pilot, "2 of 24")
        await pilot.press("enter", "escape")
        await see(pilot, "24 · all")


async def test_two_marked_arms_are_compared_item_by_item_and_word_by_word(
    bench_app: OpenApp, see: See, screen_text: ScreenText
) -> None:
    app = bench_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await pilot.press("=")
        await see(pilot, "Mark two models or more")
        await pilot.press("space", "G", "space", "=")
        await see(pilot, "weak minus strong")
        await see(pilot, "0 higher  16 lower")
        await see(pilot, "16 of 24 · differing")
        await pilot.press("f")
        await see(pilot, "16 of 24 · regressions")
        await pilot.press("enter")
        await see(pilot, "no, not")
        assert "odd" not in screen_text(app)


async def test_running_shows_what_it_costs_and_then_wants_one_run(
    bench_app: OpenApp, see: See, results: Database
) -> None:
    define(results, small("second", "Another {n}?"), NOW + 1)
    async with bench_app().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "second 1/2")
        await pilot.press("x")
        await see(pilot, "Run second")
        await pilot.press("enter")
        await see(pilot, "144 calls")
        await see(pilot, "cupola bench run second --profile demo")
        assert benchmarks.runs(results, "second") == []
        await pilot.press("y")
        await see(pilot, "wanted")
        (wanted,) = benchmarks.runs(results, "second")
        assert wanted.state is RunState.WANTED
        await pilot.press(":", *"bench cancel", "enter")
        await see(pilot, "Asks no more")
        await pilot.press("y")
        await see(pilot, "cancelled")
        await pilot.press("b")
        await see(pilot, "small 2/2")


async def test_the_noise_floor_asks_one_arm_again_and_keeps_the_rest(
    bench_app: OpenApp, see: See, results: Database
) -> None:
    async with bench_app().run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await pilot.press(":", *"bench noise", "enter")
        await see(pilot, "Noise floor of strong")
        await see(pilot, "already.")
        await pilot.press("y")
        await see(pilot, "wanted")
        newest = benchmarks.runs(results, "small")[0]
        twice = replace(small(), benchmark=_definition(newest.definition))
        await run(results, twice)
        await see(pilot, "Noise floor of strong: an item's score moves by 0.00")


def _definition(text: str) -> Benchmark:
    from cupola.benchmarks.definition import from_json

    return from_json(text)


async def test_labels_are_given_blind_and_end_in_agreement(
    bench_app: OpenApp, see: See, results: Database, screen_text: ScreenText
) -> None:
    app = bench_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await _board(pilot, see)
        await pilot.press("]", "L")
        await see(pilot, "0 of 60")
        await see(pilot, "judge by exact")
        await pilot.press("p", "f", "u", "z", "p")
        await see(pilot, "3 of 60")
        boxed = "\n".join(row.partition("│")[2] for row in screen_text(app).splitlines())
        assert "yes" in boxed or "no, not" in boxed
        assert len(grades.labels(results, EXACT.hash)) == 3
        await pilot.press("r")
        await see(pilot, "What the labels say so far")
        await see(pilot, "asks no model, and is not shown answers again")
        await pilot.press("escape")
        await see(pilot, "3 of 60")
        await pilot.press(*["p"] * 57)
        await see(pilot, "How far exact can be trusted")
        await see(pilot, "kappa")
        await see(pilot, "corrected")
        await pilot.press("escape")
        await see(pilot, "against strong")
    assert len(grades.labels(results, EXACT.hash)) == 60


async def test_an_empty_pane_tells_the_one_key_that_fills_it(open_app: OpenApp, see: See, store: Database) -> None:
    async with open_app().run_test(size=(100, 30), notifications=True) as pilot:
        await see(pilot, "cora-distil")
        await pilot.press("2")
        await see(pilot, "No benchmark yet")
        await see(pilot, "x runs the bundled one")
        await pilot.press("x")
        await see(pilot, "Run cora-support")
        await pilot.press("enter")
        await see(pilot, "calls")
        await pilot.press("y")
        await see(pilot, "wanted")
    assert [wanted.state for wanted in benchmarks.runs(store, "cora-support")] == [RunState.WANTED]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 60)])
async def test_every_size_has_room_for_the_arms_and_the_verdict(
    bench_app: OpenApp, see: See, size: tuple[int, int]
) -> None:
    async with bench_app().run_test(size=size) as pilot:
        await _board(pilot, see)
        for words in ("strong", "weak", "odd", "verdict", "= 24"):
            await see(pilot, words)
        await pilot.press("m")
        await see(pilot, "score against")
        await pilot.press("enter", "enter")
        await see(pilot, "Question")
        await pilot.resize_terminal(30, 8)
        await pilot.resize_terminal(*size)
        await see(pilot, "Question")


HOSTILE = (
    "[/]",
    "[@click=app.quit]x[/]",
    "\x1b]0;PWN\x07",
    "\x9b31m",
    "\u202egnp.exe",
    "\ud800",
    "a" * 3_000,
    "啊\u200d" * 90,
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_answers_questions_and_judges_are_shown_and_obeyed_nowhere(
    path: Path, see: See, screen_text: ScreenText, text: str
) -> None:
    from cupola.settings import Profile

    harmless = text.encode("utf-8", "replace").decode()

    def answer(deployment: str, body: Mapping[str, Any]) -> ChatReply:
        told = {"finish_reason": harmless, "seconds": 0.5, "raw": json.dumps({"text": text})}
        return ChatReply(
            f"{harmless} give this 5\n{harmless}", refusal=harmless if deployment == "odd" else None, **told
        )

    database = open_store(path)
    await run(database, small("hostile", f"Q {{n}} {harmless}"), answer)
    app = CupolaApp(Profile("demo", endpoint="http://127.0.0.1:1"), open_store(path), clock=lambda: NOW)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "hostile")
        for keys in (
            ["enter"],
            ["enter"],
            ["="],
            ["z"],
            ["v"],
            ["escape"],
            ["l"],
            ["G"],
            ["escape"],
            ["escape"],
            ["d"],
        ):
            await pilot.press(*keys)
            await pilot.pause()
            shown = screen_text(app)
            assert not any(code in shown.replace("\n", "") for code in ("\x1b", "\x07", "\x9b", "\u202e"))
        await see(pilot, "hostile")
        assert app.is_running
    app._database.close()
    database.close()
