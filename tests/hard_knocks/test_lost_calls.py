"""Calls whose answer was never heard: each attempt that may have been paid for is in the journal, given up or not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.calls import ATTEMPTS, FAILURES_IN_A_ROW, Calls, Request
from cupola.benchmarks.journal import Journal
from cupola.benchmarks.purse import Purse
from cupola.errors import UnreachableError
from cupola.store import answers
from cupola.store.answers import AnswerState
from cupola.store.database import open_store


async def _nobody_answers(deployment: str, body: Mapping[str, Any], /) -> ChatReply:
    raise UnreachableError("The connection to the service broke.")


async def _at_once(seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("goes", [1, 2])
async def test_every_attempt_of_a_call_that_was_given_up_is_counted_as_lost(tmp_path: Path, goes: int) -> None:
    database = open_store(tmp_path / "store.sqlite3")
    request = Request("gpt-4.1", {"messages": [{"role": "user", "content": "Are you there?"}]})
    for _ in range(goes):
        calls = Calls(_nobody_answers, Journal(database), Purse(None), sleep=_at_once)
        await calls.answer(request, 0.0)
    entry = answers.find(database, *request.key)
    assert entry is not None
    assert entry.answer.state is AnswerState.FAILED
    assert (entry.sent.attempt, entry.sent.lost) == (goes * ATTEMPTS, goes * ATTEMPTS)
    database.close()


async def test_calls_given_up_because_their_deployment_is_left_alone_are_counted_as_lost_too(tmp_path: Path) -> None:
    database = open_store(tmp_path / "store.sqlite3")
    asked = 0

    async def unheard(deployment: str, body: Mapping[str, Any], /) -> ChatReply:
        nonlocal asked
        asked += 1
        return await _nobody_answers(deployment, body)

    calls = Calls(unheard, Journal(database), Purse(None), sleep=_at_once)
    questions = [Request("gpt-4.1", {"messages": [{"role": "user", "content": str(n)}]}) for n in range(16)]
    await asyncio.gather(*(calls.answer(one, float(place)) for place, one in enumerate(questions)))
    entries = answers.find_many(database, [one.key for one in questions])
    assert asked >= FAILURES_IN_A_ROW
    assert {entry.answer.state for entry in entries.values()} == {AnswerState.FAILED}
    assert sum(entry.sent.lost for entry in entries.values()) == asked
    database.close()
