"""Benchmarks: the runner against a slow echo server, and the leaderboard of 160,000 rows."""

from __future__ import annotations

import asyncio
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tests.core.benchmarks.emulation import STORM, Emulation

from cupola.azure.chat import open_chat
from cupola.azure.credentials import KeyCredential
from cupola.benchmarks.definition import Arm, Benchmark, GraderUse
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.leaderboard import leaderboard, load_table
from cupola.benchmarks.outcomes import views_of
from cupola.benchmarks.start import define, runner_of, want_run
from cupola.benchmarks.table import ArmColumns, GradeKind, Kind, Table, to_columns
from cupola.graders import PythonSandbox
from cupola.settings import Profile
from cupola.store import benchmarks
from cupola.store.benchmarks import RunState
from cupola.store.database import Database, open_store

from .echo import echo_server
from .result import Result

_ITEMS, _SECONDS, _AT_ONCE = 500, 0.2, 64
_BOARD_ITEMS, _BOARD_ARMS = 20_000, 8
_KILLS, _KILL_ITEMS = 50, 1_500


def measure() -> Iterator[Result]:
    """The runner's overhead, then the screen's."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _runner(Path(folder))
        yield from _board(Path(folder))
        yield from _kills(Path(folder) / "kills")


def _defined(items: int, arms: int, deployment: str = "echo") -> Defined:
    rows = tuple(json.dumps({"question": f"Question {number}?"}) for number in range(items))
    use = GraderUse(
        {
            "type": "string_check",
            "name": "yes",
            "input": "{{sample.output_text}}",
            "reference": "yes",
            "operation": "eq",
        }
    )
    benchmark = Benchmark(
        name=f"bench-{items}",
        prompt=({"role": "user", "content": "{{item.question}}"},),
        messages_field="",
        arms=tuple(Arm(f"arm-{number}", deployment, "gpt-4.1") for number in range(arms)),
        graders=(use,),
        split=split_hash(rows),
    )
    return Defined(benchmark, rows)


def _runner(folder: Path) -> Iterator[Result]:
    with echo_server(_SECONDS) as endpoint:
        found = [asyncio.run(_run(open_store(folder / f"{go}.sqlite3"), endpoint)) for go in range(3)]
    wall, cpu = min(found)
    theory = _ITEMS * _SECONDS / _AT_ONCE
    yield Result(f"{_ITEMS} items x {_SECONDS * 1000:g} ms, {_AT_ONCE} at once, journalled and graded", wall, "s")
    yield Result("against the theoretical minimum", wall / theory, "x", 1.10)
    yield Result("processor time a row", cpu / _ITEMS * 1000, "ms")


async def _run(database: Database, endpoint: str) -> tuple[float, float]:
    defined = _defined(_ITEMS, 1)
    define(database, defined, time.time())
    run = want_run(database, defined.benchmark, time.time())
    async with open_chat(Profile("bench", endpoint), KeyCredential("key", "bench")) as chat:
        with PythonSandbox() as sandbox:
            runner = runner_of(database, run, chat.ask, sandbox, first_limit=_AT_ONCE, most_at_once=_AT_ONCE)
            started, before = time.perf_counter(), _cpu()
            await runner.go()
            took = time.perf_counter() - started, _cpu() - before
    assert runner.progress().graded == _ITEMS
    database.close()
    return took


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _board(folder: Path) -> Iterator[Result]:
    database = open_store(folder / "board.sqlite3")
    defined = _defined(_BOARD_ITEMS, _BOARD_ARMS)
    define(database, defined, 0.0)
    run = want_run(database, defined.benchmark, 0.0)
    benchmarks.save_columns(database, run.id, to_columns(_made_up(defined.benchmark)))
    found = []
    for _ in range(3):
        started = time.perf_counter()
        table = load_table(database, run)
        assert table is not None
        loaded = time.perf_counter()
        leaderboard(run, defined.benchmark, table, views_of(defined.benchmark)[0])
        found.append((time.perf_counter() - loaded, loaded - started))
    computed, loaded = min(found)
    rows = f"{_BOARD_ITEMS:,} items x {_BOARD_ARMS} arms"
    yield Result(f"{rows}: results read", loaded * 1000, "ms", 100)
    yield Result(f"{rows}: leaderboard recomputed", computed * 1000, "ms", 200)
    database.close()


def _kills(folder: Path) -> Iterator[Result]:
    """A worker killed at fifty random moments of one run against the emulator, in a storm of faults."""
    folder.mkdir()
    chance, emulation = random.Random(5), Emulation(folder, speed=1.0)
    try:
        emulation.faults(*STORM)
        database = open_store(emulation.paths.store("default"))
        defined = _defined(_KILL_ITEMS, 1, "gpt-4.1-nano")
        define(database, defined, 0.0)
        run = want_run(database, defined.benchmark, 0.0)
        hits = sum(emulation.kill_worker_at_work(database, chance.uniform(0.0, 0.1)) for _ in range(_KILLS))
        emulation.start_worker()
        _wait_for_end(database, run.id)
        emulation.faults()
        # Rows that failed as often as they may be asked are asked again by the next go.
        benchmarks.set_state(database, run.id, RunState.WANTED, 0.0)
        _wait_for_end(database, run.id)
        account = emulation.settled(database, run.id)
        database.close()
    finally:
        emulation.close()
    yield Result(f"{_KILLS} kills in a storm of faults, of them while rows were under way", hits, "kills")
    yield Result("rows lost", _KILL_ITEMS - account.rows, "rows", 0)
    yield Result("rows without an answer at the end", _KILL_ITEMS - account.answered, "rows", 0)
    yield Result("requests counted as lost in flight", account.lost, "requests")
    yield Result("answered rows that the ledger does not know", account.unpaid, "rows", 0)
    yield Result("calls paid for beyond a row's answer and its lost requests", account.twice, "calls", 0)
    yield Result("calls paid for that no row asked", account.strange, "calls", 0)


def _wait_for_end(database: Database, run_id: int) -> None:
    while (now := benchmarks.get_run(database, run_id)) is not None and now.state.moving:
        time.sleep(0.1)


def _made_up(benchmark: Benchmark) -> Table:
    source = np.random.default_rng(0)
    rows = _BOARD_ITEMS
    arms = []
    for number in range(_BOARD_ARMS):
        passed = (source.random((1, rows)) < 0.5 + number / 20).astype(np.float64)
        numbers = {name: source.random(rows) for name in ("seconds", "first", "usd")}
        tokens = {name: np.full(rows, 50.0) for name in ("prompt", "completion", "cached", "reasoning")}
        graded = np.full((1, rows), GradeKind.GRADED, np.uint8)
        kind = np.full(rows, Kind.ANSWERED, np.uint8)
        arms.append(ArmColumns(kind=kind, **numbers, **tokens, rewards=passed, passed=passed, graded=graded))
    return Table(tuple(f"{number:032x}" for number in range(rows)), 1, arms)
