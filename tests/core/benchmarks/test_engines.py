from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cupola.azure.chat import open_chat
from cupola.azure.client import connect
from cupola.azure.credentials import KeyCredential
from cupola.benchmarks.leaderboard import leaderboard_of
from cupola.benchmarks.start import define, want_run
from cupola.graders import PythonSandbox
from cupola.store import answers, benchmarks
from cupola.store.answers import AnswerState
from cupola.store.benchmarks import RunState
from cupola.store.database import Database, open_store
from cupola.worker.benchmarks import carry_out

from .conftest import defined
from .emulation import Emulation

pytestmark = pytest.mark.xdist_group("benchmarks-emulator")


@pytest.fixture
def emulation(tmp_path: Path) -> Iterator[Emulation]:
    opened = Emulation(tmp_path, speed=100.0)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "engines.sqlite3")
    yield database
    database.close()


async def carried_out(emulation: Emulation, store: Database, engine: str, *arms: str) -> int:
    what = defined(8, arms)
    benchmark = replace(what.benchmark, engine=engine)
    define(store, replace(what, benchmark=benchmark), 1.0)
    run = want_run(store, benchmark, 1.0)
    credential = KeyCredential(emulation.key, "test")
    async with connect(emulation.profile, credential) as service, open_chat(emulation.profile, credential) as chat:
        with PythonSandbox(workers=1) as sandbox:
            await carry_out(store, service, chat, run, sandbox)
    return run.id


async def test_the_service_itself_can_ask_and_grade(emulation: Emulation, store: Database) -> None:
    run_id = await carried_out(emulation, store, "evals", "gpt-4.1", "gpt-4.1-nano")

    run = benchmarks.get_run(store, run_id)
    assert run is not None
    assert (run.state, run.problem) == (RunState.DONE, None)
    board = leaderboard_of(store, run)
    assert board is not None
    assert [row.outcomes.total for row in board.rows] == [8, 8]
    assert all(row.outcomes.judged == 8 and row.cost is not None for row in board.rows)
    assert {entry.answer.state for entry in answers.of_run(store, run_id)} == {AnswerState.ANSWERED}


async def test_what_global_batch_cannot_answer_is_told(emulation: Emulation, store: Database) -> None:
    run_id = await carried_out(emulation, store, "batch", "gpt-4.1")

    run = benchmarks.get_run(store, run_id)
    assert run is not None
    board = leaderboard_of(store, run)
    told = run.problem is not None or (board is not None and board.rows[0].outcomes.error == 8)
    assert told
