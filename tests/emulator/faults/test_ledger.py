"""The ledger of paid calls."""

from __future__ import annotations

from dataclasses import replace

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.emulator.state.database import transaction
from cupola.emulator.state.ledger import PaidCall, request_hash

ASK = {"model": "gpt-4.1-nano", "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 3}


async def ledger(emulator, headers, query=""):
    return (await emulator.http.get(f"/emulator/ledger{query}", headers=headers)).json()


async def test_every_answered_call_is_written_down_and_no_other(emulator, headers):
    answer = await emulator.azure.chat.completions.create(**ASK)
    await emulator.v1.chat.completions.create(**ASK)
    with pytest.raises(openai.NotFoundError):
        await emulator.v1.chat.completions.create(**{**ASK, "model": "none"})
    with pytest.raises(openai.BadRequestError):
        await emulator.v1.chat.completions.create(**ASK, n=0)
    written = await ledger(emulator, headers)
    assert [call["deployment"] for call in written["data"]] == ["gpt-4.1-nano"] * 2
    first = written["data"][0]
    assert (first["operation"], first["model"]) == ("chat.completions", "gpt-4.1-nano-2025-04-14")
    assert (first["prompt_tokens"], first["completion_tokens"]) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
    )
    assert written["totals"]["calls"] == 2


async def test_one_question_has_one_hash_on_either_route_and_another_question_another(emulator, headers):
    await emulator.azure.chat.completions.create(**ASK)
    await emulator.v1.chat.completions.create(**ASK)
    await emulator.v1.chat.completions.create(**ASK, seed=1)
    same, again, other = [call["request_hash"] for call in (await ledger(emulator, headers))["data"]]
    assert same == again == request_hash("gpt-4.1-nano", ASK) != other
    found = await ledger(emulator, headers, f"?request_hash={same}")
    assert [call["seq"] for call in found["data"]] == [1, 2]
    assert found["totals"] == (await ledger(emulator, headers))["totals"]
    assert found["totals"]["distinct_requests"] == 2


async def test_the_ledger_is_read_in_pages(emulator, headers):
    for _ in range(3):
        await emulator.v1.chat.completions.create(**ASK)
    first = await ledger(emulator, headers, "?limit=2")
    assert (len(first["data"]), first["has_more"]) == (2, True)
    rest = await ledger(emulator, headers, f"?limit=2&after={first['data'][-1]['seq']}")
    assert (len(rest["data"]), rest["has_more"]) == (1, False)
    for query in ("?limit=-1", "?limit=100000", "?after=x"):
        answer = await emulator.http.get(f"/emulator/ledger{query}", headers=headers)
        assert answer.status_code == 400


async def test_the_ledger_survives_a_restart(start):
    async with start() as emulator:
        await emulator.v1.chat.completions.create(**ASK)
    async with start() as emulator:
        assert len((await ledger(emulator, {"api-key": emulator.key}))["data"]) == 1


async def test_a_call_written_within_a_transaction_shares_its_fate_and_takes_no_other_along(emulator):
    database, ledger = emulator.service.resource.database, emulator.service.resource.ledger
    call = PaidCall(1.0, "chat.completions", "kept", "m", "h", 1, 1)
    ledger.record(call)
    with pytest.raises(RuntimeError), transaction(database):
        ledger.record(replace(call, deployment="undone"))
        ledger.flush()
        raise RuntimeError
    assert [kept.deployment for _, kept in ledger.page(0, 10)] == ["kept"]


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.text())))
def test_the_order_of_keys_does_not_change_a_requests_hash(body):
    assert request_hash("d", body) == request_hash("d", dict(reversed(body.items())))
