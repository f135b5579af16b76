"""The leaderboard is worked out beside the screen: keys never wait, and the last one stays until the next is there."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from cupola.benchmarks.definition import Arm, Benchmark, GraderUse
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import items_of, split_hash
from cupola.benchmarks.start import define, want_run
from cupola.benchmarks.table import GradeKind, Kind, Table, empty_table, to_columns
from cupola.settings import Profile
from cupola.store import benchmarks
from cupola.store.benchmarks import Run
from cupola.store.database import Database, open_store
from cupola_tui.benchmark_facts import BenchmarkFacts
from cupola_tui.panes.benchmarks.pane import BenchmarksPane
from cupola_tui.panes.benchmarks.working import Shelf, Task, Worked, task_of, work_out
from cupola_tui.themes import DARK
from cupola_tui.widgets.painted import Lines
from cupola_tui.widgets.table import Table as Rows

ITEMS = 40
NOW = 1_800_000_000.0
STYLES = Path(sys.modules[BenchmarksPane.__module__].__file__ or "").parents[2] / "styles" / "cupola.tcss"


def _grader(name: str) -> GraderUse:
    return GraderUse(
        {
            "type": "string_check",
            "name": name,
            "input": "{{sample.output_text}}",
            "reference": "yes",
            "operation": "eq",
        }
    )


def _defined() -> Defined:
    rows = tuple(json.dumps({"question": f"Question {number}?"}) for number in range(ITEMS))
    arms = tuple(Arm(name, name, "gpt-4.1") for name in ("high", "middle", "low"))
    benchmark = Benchmark(
        name="small",
        prompt=({"role": "user", "content": "{{item.question}}"},),
        messages_field="",
        arms=arms,
        graders=(_grader("first"), _grader("second")),
        split=split_hash(rows),
    )
    return Defined(benchmark, rows)


def _results(defined: Defined, passed: tuple[int, ...]) -> Table:
    """Each arm passes so many items by both graders."""
    table = empty_table(defined.benchmark, items_of(defined.benchmark, defined.rows))
    for arm, count in zip(table.arms, passed, strict=True):
        arm.kind[:] = Kind.ANSWERED
        arm.graded[:] = GradeKind.GRADED
        arm.passed[:] = arm.rewards[:] = np.arange(ITEMS) < count
    return table


class _Stage(App[None]):
    """The pane alone."""

    CSS_PATH = STYLES

    def __init__(self, pane: BenchmarksPane) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.pane = pane

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DARK.variables)

    def compose(self) -> ComposeResult:
        yield self.pane

    @property
    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


class _Gate:
    """Works leaderboards out when it is told to."""

    def __init__(self) -> None:
        self.begun: list[Task] = []
        self.open = threading.Event()

    def __call__(self, task: Task) -> Worked:
        self.begun.append(task)
        assert self.open.wait(10)
        return work_out(task)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


@pytest.fixture
def run(database: Database) -> Run:
    """A run with results: 30, 20 and 10 of 40 pass."""
    defined = _defined()
    define(database, defined, NOW)
    run = want_run(database, defined.benchmark, NOW)
    benchmarks.save_columns(database, run.id, to_columns(_results(defined, (30, 20, 10))))
    return run


@pytest.fixture
def gate() -> Iterator[_Gate]:
    gate = _Gate()
    yield gate
    gate.open.set()


def _stage(database: Database, gate: _Gate) -> _Stage:
    profile = Profile("demo", endpoint="http://127.0.0.1:8080")
    return _Stage(BenchmarksPane(BenchmarkFacts(database), profile, lambda: NOW, gate))


async def _until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await pilot.pause(0.01)


async def test_the_pane_stands_before_its_leaderboard_is_worked_out(database: Database, run: Run, gate: _Gate) -> None:
    app = _stage(database, gate)
    async with app.run_test(size=(120, 40)) as pilot:
        await _until(pilot, lambda: "are being compared" in app.text)
        assert "small" in app.text and "75%" not in app.text
        gate.open.set()
        await _until(pilot, lambda: "75%" in app.text)
        assert "are being compared" not in app.text


async def test_keys_are_obeyed_over_the_last_leaderboard_while_the_next_is_worked_out(
    database: Database, run: Run, gate: _Gate
) -> None:
    app = _stage(database, gate)
    async with app.run_test(size=(120, 40)) as pilot:
        gate.open.set()
        await _until(pilot, lambda: "75%" in app.text)
        gate.open.clear()
        benchmarks.save_columns(database, run.id, to_columns(_results(_defined(), (40, 20, 10))))
        app.pane.facts_changed(frozenset({f"board/{run.id}"}))
        await _until(pilot, lambda: len(gate.begun) == 2)
        app.pane.take_focus()
        table = app.query_one("#arms", Rows)
        before = table.key
        await pilot.press("down")
        assert table.key != before
        assert "75%" in app.text
        gate.open.set()
        await _until(pilot, lambda: "100%" in app.text)


async def test_results_that_come_while_one_is_worked_out_wait_and_are_shown_after_it(
    database: Database, run: Run, gate: _Gate
) -> None:
    app = _stage(database, gate)
    async with app.run_test(size=(120, 40)) as pilot:
        await _until(pilot, lambda: len(gate.begun) == 1)
        for passed in (32, 36, 40):
            benchmarks.save_columns(database, run.id, to_columns(_results(_defined(), (passed, 20, 10))))
            app.pane.facts_changed(frozenset({f"board/{run.id}"}))
            await pilot.pause(0.02)
        assert len(gate.begun) == 1
        gate.open.set()
        await _until(pilot, lambda: "100%" in app.text)
        assert len(gate.begun) == 2


async def test_the_graders_view_that_was_asked_for_last_is_shown(database: Database, run: Run, gate: _Gate) -> None:
    app = _stage(database, gate)
    async with app.run_test(size=(120, 40)) as pilot:
        gate.open.set()
        await _until(pilot, lambda: "75%" in app.text)
        gate.open.clear()
        app.pane.action_tab(1)
        app.pane.action_tab(1)
        await _until(pilot, lambda: gate.begun[-1].view == 2)
        assert "75%" in app.text
        gate.open.set()
        await _until(pilot, lambda: _shown(app.pane) == "second")
        begun = len(gate.begun)
        app.pane.action_tab(-2)
        await _until(pilot, lambda: _shown(app.pane) == "all graders")
        assert len(gate.begun) == begun, "what was looked at before shows at once"


def _shown(pane: BenchmarksPane) -> str:
    """The graders' view that is underlined."""
    lines = pane.query_one("#bench-tabs", Lines).lines(120, 1)
    return next(span.text for span in lines[0] if "underline" in span.ink)


def _task(database: Database, view: int = 0) -> Task:
    facts = BenchmarkFacts(database)
    task = task_of(facts, facts.known()[0], view, NOW)
    assert task is not None
    return task


def test_before_a_run_has_results_there_is_nothing_to_work_out(database: Database) -> None:
    define(database, _defined(), NOW)
    want_run(database, _defined().benchmark, NOW)
    facts = BenchmarkFacts(database)
    assert task_of(facts, facts.known()[0], 0, NOW) is None


def test_views_are_counted_on_beyond_the_last(database: Database, run: Run) -> None:
    assert [_task(database, view).view for view in (0, 1, 2, 3, -1)] == [0, 1, 2, 0, 2]


def test_results_that_cannot_be_judged_come_out_as_a_problem(database: Database, run: Run) -> None:
    task = _task(database)
    task.table.arms[0].rewards[:] = 7.0
    judge = GraderUse(
        {
            "type": "score_model",
            "name": "kind",
            "model": "judge",
            "range": [0.0, 5.0],
            "pass_threshold": 3.0,
            "input": [{"role": "user", "content": "{{sample.output_text}}"}],
        }
    )
    found = work_out(replace(task, benchmark=replace(task.benchmark, graders=(judge,))))
    assert found.board is None
    assert found.problem is not None and "off its scale" in found.problem.what


def test_a_shelf_holds_one_run_and_shows_the_nearest_there_is(database: Database, run: Run) -> None:
    shelf, first, second = Shelf(), _task(database), _task(database, 1)
    assert shelf.latest(first) is None
    shelf.keep(Worked(first))
    assert shelf.exact(first) == shelf.latest(second) == Worked(first)
    assert shelf.exact(second) is None
    newer = _task(database)
    assert shelf.exact(newer) is None and shelf.latest(newer) == Worked(first), "another reading is another table"
    assert shelf.exact(replace(first, today=date(2030, 1, 1))) is None
    other = replace(first, run=replace(run, id=run.id + 1))
    assert shelf.latest(other) is None
    shelf.keep(Worked(other))
    assert shelf.latest(first) is None


def test_the_pane_is_there_without_the_special_functions() -> None:
    script = "import sys, cupola_tui.panes.benchmarks.pane\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"scipy", "pandas", "openai"} & {name.partition(".")[0] for name in done.stdout.split()}
