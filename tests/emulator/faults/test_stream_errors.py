"""A stream that fails in the midst: the error is an event of the stream, whose status was 200 long before."""

from __future__ import annotations

import json

import pytest
from openai import APIError

ASK = [{"role": "user", "content": "one two three four"}]


async def test_a_chat_stream_says_in_the_midst_that_the_server_failed(emulator, befall):
    await befall("POST */chat/completions", "stream_error")
    stream = await emulator.v1.chat.completions.create(model="gpt-4.1-nano", messages=ASK, stream=True)
    said = []
    with pytest.raises(APIError, match="The server had an error"):
        async for chunk in stream:
            said += [choice.delta.content for choice in chunk.choices]
    assert "".join(text or "" for text in said).startswith("level 0")
    # It was answered, and so it is paid for.
    assert emulator.service.resource.ledger.totals().calls == 1


async def test_a_response_stream_ends_with_an_error_event(emulator, befall, headers):
    await befall("POST */responses", "stream_error")
    body = {"model": "gpt-4.1-nano", "input": "one two three", "stream": True}
    answer = await emulator.http.post("/openai/v1/responses", json=body, headers=headers)
    assert answer.status_code == 200
    events = [event for event in answer.text.split("\n\n") if event]
    kinds = [event.partition("\n")[0].removeprefix("event: ") for event in events]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "error"
    told = json.loads(events[-1].partition("\n")[2].removeprefix("data: "))
    assert (told["type"], told["code"], told["sequence_number"]) == ("error", "server_error", len(events) - 1)


async def test_only_streams_are_befallen_and_counted(emulator, befall, headers):
    await befall("POST */chat/completions", "stream_error", times=1)
    whole = await emulator.v1.chat.completions.create(model="gpt-4.1-nano", messages=ASK)
    assert whole.choices[0].finish_reason == "stop"
    rules = (await emulator.http.get("/emulator/faults", headers=headers)).json()["rules"]
    assert (rules[0]["seen"], rules[0]["fired"]) == (0, 0)
    stream = await emulator.v1.chat.completions.create(model="gpt-4.1-nano", messages=ASK, stream=True)
    with pytest.raises(APIError):
        [chunk async for chunk in stream]
    again = await emulator.v1.chat.completions.create(model="gpt-4.1-nano", messages=ASK, stream=True)
    assert [chunk async for chunk in again][-1].choices[0].finish_reason == "stop"
    rules = (await emulator.http.get("/emulator/faults", headers=headers)).json()["rules"]
    assert (rules[0]["seen"], rules[0]["fired"]) == (2, 1)
