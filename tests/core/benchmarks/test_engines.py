from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cupola.azure.chat import open_chat
from cupola.azure.client import connect
from cupola.azure.credentials import KeyCredential
from cupola.benchmarks.definition import Arm
from cupola.benchmarks.leaderboard import Leaderboard, leaderboard_of
from cupola.benchmarks.start import define, want_run
from cupola.graders import PythonSandbox
from cupola.store import answers, benchmarks
from cupola.store.answers import AnswerState
from cupola.store.benchmarks import Run, RunState
from cupola.store.database import Database, open_store
from cupola.worker.benchmarks import carry_out

from .conftest import defined, with_arms
from .emulation import Emulation

pytestmark = pytest.mark.xdist_group("benchmarks-emulator")

BULK = "bulk"


@pytest.fixture
def emulation(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Emulation]:
    opened = Emulation(tmp_path, speed=getattr(request, "param", 100.0))
    yield opened
    opened.close()


@pytest.fixture
def store(emulation: Emulation) -> Iterator[Database]:
    database = open_store(emulation.paths.store("default"))
    yield database
    database.close()


def wanted(store: Database, engine: str, arms: tuple[str, ...], items: int = 8, budget: float | None = None) -> Run:
    what = with_arms(defined(items, arms), *(Arm(name, name, "gpt-4.1-nano") for name in arms))
    benchmark = replace(what.benchmark, engine=engine)
    define(store, replace(what, benchmark=benchmark), 1.0)
    return want_run(store, benchmark, 1.0, budget)


async def carried_out(emulation: Emulation, store: Database, run: Run) -> Run:
    credential = KeyCredential(emulation.key, "test")
    async with connect(emulation.profile, credential) as service, open_chat(emulation.profile, credential) as chat:
        with PythonSandbox(workers=1) as sandbox:
            await carry_out(store, service, chat, run, sandbox)
    return now(store, run)


def now(store: Database, run: Run) -> Run:
    found = benchmarks.get_run(store, run.id)
    assert found is not None
    return found


def board_of(store: Database, run: Run) -> Leaderboard:
    board = leaderboard_of(store, run)
    assert board is not None
    return board


async def test_the_service_itself_can_ask_and_grade(emulation: Emulation, store: Database) -> None:
    run = await carried_out(emulation, store, wanted(store, "evals", ("gpt-4.1", "gpt-4.1-nano")))

    assert (run.state, run.problem) == (RunState.DONE, None)
    board = board_of(store, run)
    assert [row.outcomes.total for row in board.rows] == [8, 8]
    assert all(row.outcomes.judged == 8 and row.cost is not None for row in board.rows)
    assert {entry.answer.state for entry in answers.of_run(store, run.id)} == {AnswerState.ANSWERED}
    assert run.progress.usd > 0
    assert run.progress.asked == 16


async def test_global_batch_leaves_the_same_records_and_leaderboard_as_asking_here(
    emulation: Emulation, store: Database
) -> None:
    emulation.deploy(BULK)
    emulation.deploy("now", sku="GlobalStandard")
    batch = await carried_out(emulation, store, wanted(store, "batch", (BULK,)))
    here = await carried_out(emulation, store, wanted(store, "here", ("now",)))

    assert (batch.state, batch.problem) == (RunState.DONE, None)
    [there], [usual] = board_of(store, batch).rows, board_of(store, here).rows
    assert there.outcomes == usual.outcomes
    assert there.score is not None and usual.score is not None
    assert there.score.value == usual.score.value
    said = [{entry.answer.text for entry in answers.of_run(store, run.id)} for run in (batch, here)]
    assert said[0] == said[1]
    # Tokens cost half in a batch, and how long one row took is not told.
    assert batch.progress.usd == pytest.approx(here.progress.usd / 2)
    assert there.latency is None
    assert emulation.paid() == (16, 16)


async def test_rows_that_global_batch_refuses_are_errors_and_are_asked_again_alone(
    emulation: Emulation, store: Database
) -> None:
    run = await carried_out(emulation, store, wanted(store, "batch", ("gpt-4.1",)))
    assert run.problem is None
    assert board_of(store, run).rows[0].outcomes.error == 8
    assert all(entry.answer.problem is not None for entry in answers.of_run(store, run.id))

    again = await carried_out(emulation, store, wanted(store, "batch", ("gpt-4.1",)))

    assert again.id == run.id
    assert len(emulation.created("batches")) == 2


@pytest.mark.parametrize("emulation", [5.0], indirect=True)
@pytest.mark.parametrize("engine", ["batch", "evals"])
async def test_a_cancelled_run_is_stopped_at_the_service_and_its_open_rows_go_on_later(
    emulation: Emulation, store: Database, engine: str
) -> None:
    emulation.deploy(BULK, "GlobalBatch" if engine == "batch" else "GlobalStandard")
    run = wanted(store, engine, (BULK,), items=40)
    at_work = asyncio.create_task(carried_out(emulation, store, run))
    while not any(part.get("id") for part in now(store, run).remote.values() if isinstance(part, dict)):
        assert not at_work.done()
        await asyncio.sleep(0.02)
    benchmarks.set_state(store, run.id, RunState.CANCELLED, 2.0)
    assert (await at_work).state is RunState.CANCELLED

    ended = await carried_out(emulation, store, wanted(store, engine, (BULK,), items=40))

    assert (ended.id, ended.state, ended.problem) == (run.id, RunState.DONE, None)
    assert {entry.answer.state for entry in answers.of_run(store, run.id)} == {AnswerState.ANSWERED}
    assert board_of(store, ended).rows[0].outcomes.judged == 40
    if engine == "batch":
        assert emulation.paid() == (40, 40)


@pytest.mark.parametrize("engine", ["batch", "evals"])
async def test_what_may_cost_more_than_its_budget_is_not_begun(
    emulation: Emulation, store: Database, engine: str
) -> None:
    run = await carried_out(emulation, store, wanted(store, engine, ("gpt-4.1",), budget=0.000_1))

    assert run.state is RunState.STOPPED
    assert run.problem is not None
    assert "may cost up to" in run.problem.what
    assert "Raise the budget" in run.problem.remedy
    assert emulation.created("batches") == emulation.created("evals") == []
    assert emulation.paid() == (0, 0)


@pytest.mark.long
@pytest.mark.parametrize("emulation", [5.0], indirect=True)
@pytest.mark.parametrize("engine", ["batch", "evals"])
def test_a_worker_killed_again_and_again_creates_nothing_at_the_service_twice(
    emulation: Emulation, store: Database, engine: str
) -> None:
    emulation.deploy(BULK, "GlobalBatch" if engine == "batch" else "GlobalStandard")
    chance = random.Random(engine)
    run = wanted(store, engine, (BULK,), items=60)
    for _ in range(3):
        emulation.start_worker()
        time.sleep(chance.uniform(0.0, 0.25))
        emulation.kill_worker()
    emulation.start_worker()
    deadline = time.monotonic() + 40
    while now(store, run).state.moving:
        assert time.monotonic() < deadline, now(store, run)
        time.sleep(0.05)

    assert now(store, run).state is RunState.DONE
    kept = [emulation.created(kind) for kind in ("batches", "evals")]
    assert sorted(map(len, kept)) == [0, 1]
    if engine == "evals":
        assert len(emulation.created(f"evals/{kept[1][0]['id']}/runs")) == 1
    assert {entry.answer.state for entry in answers.of_run(store, run.id)} == {AnswerState.ANSWERED}
    assert board_of(store, run).rows[0].outcomes.judged == 60
    assert emulation.paid() == (60, 60)
    assert now(store, run).progress.asked == 60
