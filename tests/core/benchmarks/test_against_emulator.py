from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cupola.azure.chat import open_chat
from cupola.azure.credentials import KeyCredential
from cupola.benchmarks.leaderboard import leaderboard_of
from cupola.benchmarks.start import define, runner_of, want_run
from cupola.benchmarks.table import Kind
from cupola.graders import PythonSandbox
from cupola.store import answers, benchmarks
from cupola.store.answers import AnswerState
from cupola.store.benchmarks import Run, RunState
from cupola.store.database import Database, open_store

from .conftest import defined
from .emulation import CHAT, STORM, Emulation

pytestmark = pytest.mark.xdist_group("benchmarks-emulator")


@pytest.fixture
def emulation(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Emulation]:
    opened = Emulation(tmp_path, speed=getattr(request, "param", 20.0))
    yield opened
    opened.close()


@pytest.fixture
def store(emulation: Emulation) -> Iterator[Database]:
    database = open_store(emulation.paths.store("default"))
    yield database
    database.close()


def wanted(database: Database, items: int) -> Run:
    what = defined(items, ("gpt-4.1", "gpt-4.1-nano"))
    what = replace(what, benchmark=replace(what.benchmark, seed=3))
    define(database, what, 1.0)
    return want_run(database, what.benchmark, 1.0)


def until_ended(database: Database, run_id: int, seconds: float) -> Run:
    deadline = time.monotonic() + seconds
    while (run := benchmarks.get_run(database, run_id)) is not None and run.state.moving:
        assert time.monotonic() < deadline, run
        time.sleep(0.05)
    assert run is not None
    return run


def test_the_worker_carries_a_run_out_and_the_leaderboard_shows_it(emulation: Emulation, store: Database) -> None:
    run = wanted(store, 10)
    emulation.start_worker()

    ended = until_ended(store, run.id, 30)

    assert ended.state is RunState.DONE
    assert ended.progress.answered == 20
    assert ended.progress.usd > 0
    board = leaderboard_of(store, ended)
    assert board is not None
    for row in board.rows:
        assert row.outcomes.total == 10
        assert row.latency is not None
        assert row.first_token is not None
        assert row.first_token.p50.value < row.latency.p50.value
        assert row.cost is not None
    assert emulation.paid() == (20, 20)


async def test_a_storm_of_faults_loses_no_row_and_pays_for_none_twice_that_was_answered(
    emulation: Emulation, store: Database
) -> None:
    emulation.faults(*STORM, {"route": CHAT, "fault": "stall", "rate": 0.02, "seconds": 3.0})
    run = wanted(store, 60)
    credential = KeyCredential(emulation.key, "test")
    async with open_chat(emulation.profile, credential, silence_seconds=0.8) as chat:
        with PythonSandbox(workers=1) as sandbox:
            runner = runner_of(store, run, chat.ask, sandbox)
            ended = await runner.go()

    assert ended.problem is None
    progress = runner.progress()
    assert progress.answered + progress.failed == progress.rows == 120
    assert progress.throttled > 0
    entries = answers.of_run(store, run.id)
    assert len(entries) == 120
    assert all(entry.answer.state is not AnswerState.SENT for entry in entries)
    account = emulation.settled(store, run.id)
    assert account.rows == 120
    assert (account.unpaid, account.twice, account.strange) == (0, 0, 0)
    whole = [int(kind) for arm in runner.table.arms for kind in arm.kind]
    assert set(whole) <= {Kind.ANSWERED, Kind.TRUNCATED, Kind.ERROR}


KILLS = 4
"""`make storm` kills by the hundred."""


@pytest.mark.long
@pytest.mark.parametrize("emulation", [1.0], indirect=True)
def test_a_worker_killed_again_and_again_in_a_storm_loses_no_row_and_pays_for_none_twice(
    emulation: Emulation, store: Database
) -> None:
    chance = random.Random(11)
    emulation.faults(*STORM)
    run = wanted(store, 200)
    kills = sum(emulation.kill_worker_at_work(store, chance.uniform(0.0, 0.1)) for _ in range(KILLS))
    emulation.start_worker()

    ended = until_ended(store, run.id, 120)
    emulation.faults()
    if ended.progress.failed:
        # Rows that failed as often as they may be asked are asked again by the next go, and only they.
        benchmarks.set_state(store, run.id, RunState.WANTED, 2.0)
        ended = until_ended(store, run.id, 120)

    assert kills == KILLS
    assert ended.state is RunState.DONE
    assert ended.progress.answered == ended.progress.graded == ended.progress.rows == 400
    account = emulation.settled(store, run.id)
    assert (account.rows, account.answered) == (400, 400)
    assert account.lost > 0
    # What a dead worker had sent may have been answered without anybody hearing of it; it is counted as lost.
    assert (account.unpaid, account.twice, account.strange) == (0, 0, 0)
