"""Earlier runs, two runs compared, leaderboards kept for the next opening, and cards written into files."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cupola.benchmarks.definition import Arm, Benchmark, GraderUse
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import items_of, split_hash
from cupola.benchmarks.start import define, want_run
from cupola.benchmarks.table import GradeKind, Kind, empty_table, to_columns
from cupola.models import Problem
from cupola.settings import Profile
from cupola.statistics.verdicts import Word
from cupola.store import benchmarks, shown_boards
from cupola.store.benchmarks import Progress, Run, RunState
from cupola.store.database import Database, open_store
from cupola_tui.app import CupolaApp
from cupola_tui.benchmark_facts import BenchmarkFacts
from cupola_tui.lines import plain
from cupola_tui.panes.benchmarks.calculating import Calculation
from cupola_tui.panes.benchmarks.comparing import comparison_of
from cupola_tui.panes.benchmarks.keeping import from_text, to_text, told_from_text
from cupola_tui.panes.benchmarks.working import Task, Worked, task_of, work_out
from cupola_tui.views.bench.progress import run_lines
from cupola_tui.views.bench.records import BoardView, Told
from cupola_tui.views.bench.runs import change_lines

See = Callable[..., Awaitable[None]]

NOW = 1_800_000_000.0
ITEMS = 60


def _exact(name: str = "exact") -> GraderUse:
    return GraderUse(
        {
            "type": "string_check",
            "name": name,
            "input": "{{sample.output_text}}",
            "reference": "yes",
            "operation": "eq",
        }
    )


def _defined(*, temperature: float = 0.0, ask: str = "{{item.question}}", grader: str = "exact") -> Defined:
    rows = tuple(json.dumps({"question": f"Question {number}?"}, separators=(",", ":")) for number in range(ITEMS))
    arms = tuple(Arm(name, name, "gpt-4.1", sampling={"temperature": temperature}) for name in ("first", "second"))
    prompt = ({"role": "user", "content": ask},)
    return Defined(Benchmark("small", prompt, "", arms, (_exact(grader),), split_hash(rows), "items.jsonl"), rows)


def _run(database: Database, defined: Defined, passed: tuple[int, int], now: float) -> Run:
    """A finished run in which so many of each arm's items pass."""
    define(database, defined, now)
    run = want_run(database, defined.benchmark, now)
    table = empty_table(defined.benchmark, items_of(defined.benchmark, defined.rows))
    for arm, count in zip(table.arms, passed, strict=True):
        arm.kind[:], arm.graded[:] = Kind.ANSWERED, GradeKind.GRADED
        arm.passed[:] = arm.rewards[:] = np.arange(ITEMS) < count
        arm.seconds[:], arm.usd[:] = 0.5, 0.001
    benchmarks.save_columns(database, run.id, to_columns(table))
    benchmarks.set_state(database, run.id, RunState.DONE, now)
    found = benchmarks.get_run(database, run.id)
    assert found is not None
    return found


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


@pytest.fixture
def open_bench(database: Database, tmp_path: Path) -> Iterator[Callable[[], CupolaApp]]:
    """Makes apps over the store."""
    opened: list[Database] = []

    def make() -> CupolaApp:
        opened.append(open_store(tmp_path / "store.sqlite3"))
        return CupolaApp(Profile("demo", endpoint="http://127.0.0.1:8080"), opened[-1], clock=lambda: NOW)

    yield make
    for one in opened:
        one.close()


def _text(database: Database, first: Run, second: Run) -> str:
    change = comparison_of(BenchmarkFacts(database), first, second)()
    return "\n".join(plain(spans) for spans in change_lines(change, NOW, 100))


def test_two_runs_of_the_same_items_are_paired_the_later_against_the_earlier(database: Database) -> None:
    before = _run(database, _defined(), (50, 20), NOW - 20)
    after = _run(database, _defined(temperature=1.0), (20, 20), NOW - 10)
    change = comparison_of(BenchmarkFacts(database), after, before)()
    assert (change.before.id, change.after.id, change.reasons) == (before.id, after.id, ())
    first, second = change.arms
    assert first.verdict is not None and second.verdict is not None
    assert first.verdict.word is Word.WORSE and first.verdict.family == 2
    assert first.verdict.difference is not None and first.verdict.difference.value == pytest.approx(-0.5)
    assert second.verdict.word is Word.SAME
    text = _text(database, before, after)
    assert "0.83" in text and "p<.001: worse" in text and "asked otherwise: t=0 → t=1" in text


@pytest.mark.parametrize(
    ("other", "told"),
    [(_defined(ask="Say: {{item.question}}"), "prompts"), (_defined(grader="strict"), "graders")],
)
def test_runs_that_asked_or_judged_otherwise_get_no_p(database: Database, other: Defined, told: str) -> None:
    before = _run(database, _defined(), (50, 20), NOW - 20)
    after = _run(database, other, (20, 20), NOW - 10)
    change = comparison_of(BenchmarkFacts(database), before, after)()
    assert change.reasons == (f"different {told}",)
    assert all(arm.verdict is None and arm.before is not None and arm.after is not None for arm in change.arms)
    text = _text(database, before, after)
    assert f"Different {told}: no p" in text and "p=" not in text and "p<" not in text


def test_runs_without_an_arm_in_common_or_results_say_so(database: Database) -> None:
    before = _run(database, _defined(), (50, 20), NOW - 20)
    renamed = tuple(replace(arm, name=f"new {arm.name}") for arm in _defined().benchmark.arms)
    after = _run(database, Defined(replace(_defined().benchmark, arms=renamed), _defined().rows), (9, 9), NOW - 10)
    text = _text(database, before, after)
    assert "share no arm" in text and "Only in one of them: first, second, new first, new second" in text
    define(database, _defined(temperature=0.7), NOW)
    empty = want_run(database, _defined(temperature=0.7).benchmark, NOW)
    assert "share no arm" in _text(database, before, empty)


async def test_an_earlier_run_is_looked_at_and_left_again_and_two_are_compared(
    open_bench: Callable[[], CupolaApp], see: See, database: Database
) -> None:
    _run(database, _defined(), (50, 20), NOW - 20)
    _run(database, _defined(temperature=1.0), (20, 20), NOW - 10)
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "33%")
        await pilot.press("R")
        await see(pilot, "Runs of small")
        await pilot.press("j", "enter")
        await see(pilot, "run 1, an earlier one")
        await see(pilot, "83%")
        await pilot.press("escape", "R")
        await see(pilot, "Runs of small")
        await pilot.press("=")
        await see(pilot, "Mark two runs")
        await pilot.press("space", "space", "=")
        await see(pilot, "Two runs compared")
        await see(pilot, "Same split, prompts and graders")
        await pilot.press("escape")
        await see(pilot, "Runs of small")
        await pilot.press("escape")
        await see(pilot, "33%")


async def test_a_card_is_written_into_a_new_file_and_never_over_one(
    open_bench: Callable[[], CupolaApp],
    see: See,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    _run(database, _defined(), (50, 20), NOW - 10)
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "highest score")
        for told in ("Wrote", "is there already"):
            await pilot.press(":", *"bench card", "enter")
            await see(pilot, "Export a decision card")
            await pilot.press("enter")
            await see(pilot, told)
        await pilot.press(":", *"bench card", "enter")
        await see(pilot, "Export a decision card")
        await pilot.press(*["backspace"] * 7, *"king", "enter")
        await see(pilot, "There is no role 'king'")
    text = (tmp_path / "small-teacher.md").read_text()
    assert text.startswith("## Teacher: first") and "Paired by prompt" in text


def _task(database: Database) -> Task:
    facts = BenchmarkFacts(database)
    task = task_of(facts, facts.known()[0], 0, NOW)
    assert task is not None
    return task


def test_a_kept_leaderboard_is_the_leaderboard(database: Database) -> None:
    _run(database, _defined(), (50, 20), NOW)
    worked = work_out(_task(database))
    text = to_text(worked)
    assert text is not None and worked.board is not None
    found = from_text(text, worked.task)
    assert found is not None and found.board is not None
    for name in ("rows", "reference", "pairs", "pick", "margin", "view", "views", "items", "prompts"):
        assert getattr(found.board, name) == getattr(worked.board, name), name
    assert (found.proposals, found.notes, found.dominated) == (worked.proposals, worked.notes, worked.dominated)
    for one, other in zip(found.board.judged, worked.board.judged, strict=True):
        assert np.array_equal(one.codes, other.codes) and np.array_equal(one.scores, other.scores, equal_nan=True)


def test_a_leaderboard_kept_of_something_else_is_not_shown(database: Database) -> None:
    _run(database, _defined(), (50, 20), NOW)
    worked = work_out(_task(database))
    text = to_text(worked)
    assert text is not None
    document = json.loads(text)
    wrong = [
        "",
        "[]",
        "{",
        "[" * 100_000,
        json.dumps({**document, "form": 0}),
        json.dumps({**document, "digest": "other"}),
        json.dumps({**document, "board": {**document["board"], "rows": document["board"]["rows"][:1]}}),
        json.dumps({**document, "board": {**document["board"], "margin": "wide"}}),
        json.dumps({**document, "board": {**document["board"], "rows": [{"index": "0"}]}}),
    ]
    assert [from_text(one, worked.task) for one in wrong] == [None] * len(wrong)
    assert to_text(Worked(worked.task, problem=Problem("No."))) is None


def test_what_was_kept_is_shown_while_the_newest_is_worked_out(database: Database) -> None:
    run = _run(database, _defined(), (50, 20), NOW)
    worked = work_out(_task(database))
    text = to_text(worked)
    assert text is not None
    shown_boards.keep(database, run.id, 0, text)
    begun: list[Callable[[], None]] = []
    reported: list[Worked] = []
    calculation = Calculation(
        BenchmarkFacts(database), work_out, begun.append, lambda found, seconds: reported.append(found)
    )
    task = _task(database)
    calculation.want(task)
    shown = calculation.newest(task)
    assert calculation.working and len(begun) == 1
    assert shown is not None and shown.board is not None and worked.board is not None
    assert shown.board.rows == worked.board.rows
    begun[0]()
    assert calculation.take(reported[0]) and not calculation.working
    assert calculation.newest(task) is reported[0]


async def test_the_pane_opens_with_the_leaderboard_that_was_worked_out_when_it_was_last_open(
    open_bench: Callable[[], CupolaApp], see: See, database: Database
) -> None:
    run = _run(database, _defined(), (50, 20), NOW)
    assert shown_boards.find(database, run.id, 0) is None
    async with open_bench().run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "83%")
        async with asyncio.timeout(10):
            while shown_boards.find(database, run.id, 0) is None:
                await pilot.pause(0.02)
    known = BenchmarkFacts(database)
    text = known.kept_board(run, 0)
    assert text is not None
    gate = threading.Event()
    shown = Calculation(known, lambda task: work_out(task) if gate.is_set() else Worked(task), lambda work: None, print)
    found = shown.newest(_task(database))
    assert found is not None and found.board is not None


async def test_what_was_estimated_stands_beside_what_it_came_to(
    open_bench: Callable[[], CupolaApp], see: See, database: Database
) -> None:
    define(database, _defined(), NOW)
    async with open_bench().run_test(size=(140, 40), notifications=True) as pilot:
        await pilot.press("2")
        await see(pilot, "Not run yet")
        await pilot.press(":", *"bench run", "enter")
        await see(pilot, "Asked and graded from here")
        await see(pilot, "budget.")
        await pilot.press("y")
        await see(pilot, "wanted")
        (run,) = benchmarks.runs(database)
        benchmarks.set_progress(database, run.id, Progress(rows=120, answered=60, asked=61, usd=0.02, seconds=4))
        await see(pilot, "61 calls (est. 120)")
        await see(pilot, "$0.020 spent (est. $")


def test_the_runs_numbers_are_told_in_brief_where_there_is_little_room(database: Database) -> None:
    run = replace(
        _run(database, _defined(), (50, 20), NOW),
        progress=Progress(rows=120, answered=120, asked=130, usd=0.5, prompt_tokens=9, reused=4, lost=2, seconds=60),
        engine="batch",
    )
    told = Told((120, 120), (10, 20), (0.4, 0.6), (1, 2))
    view = BoardView(_defined().benchmark, run, estimate=told)
    brief, whole = ("\n".join(plain(spans) for spans in run_lines(view, 200, brief=one)) for one in (True, False))
    assert "$0.50 spent (est. $0.40 to $0.60)" in brief and "1m (est. 1-2m)" in brief
    assert "2 lost and sent again" in brief and "by Global Batch" in brief
    assert "130 calls" not in brief and "130 calls (est. 120)" in whole


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"calls": 3}', '{"calls":[1],"tokens":[1],"usd":[1],"minutes":[1]}']
)
def test_an_estimate_that_cannot_be_read_is_none(text: str | None) -> None:
    assert told_from_text(text) is None
