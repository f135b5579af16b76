"""Responses in the background: queued, answered, cancelled, watched, and never lost."""

from __future__ import annotations

import asyncio

import pytest
from openai import BadRequestError, NotFoundError
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from .strict import check_strictly

ASK = {"model": "gpt-4.1-nano", "input": "one two", "background": True}


@pytest.fixture(params=["azure", "v1"])
def client(emulator, request):
    return emulator.azure if request.param == "azure" else emulator.v1


async def ended(emulator, client, response_id):
    async def over():
        return (await client.responses.retrieve(response_id)).status not in ("queued", "in_progress")

    await emulator.until(over)
    raw = await client.responses.with_raw_response.retrieve(response_id)
    check_strictly(Response, raw.http_response.json())
    return raw.parse()


async def test_a_response_is_queued_then_in_progress_then_completed(start):
    async with start(speed=8) as emulator:
        raw = await emulator.v1.responses.with_raw_response.create(**ASK)
        check_strictly(Response, raw.http_response.json())
        made = raw.parse()
        assert (made.status, made.output, made.usage, made.background) == ("queued", [], None, True)
        seen = ["queued"]

        async def over():
            status = (await emulator.v1.responses.retrieve(made.id)).status
            if status != seen[-1]:
                seen.append(status)
            return status == "completed"

        await emulator.until(over)
        assert seen == ["queued", "in_progress", "completed"]
        response = await emulator.v1.responses.retrieve(made.id)
    assert response.output_text == "level 0 of 1 heard one two"
    assert response.created_at == made.created_at <= response.completed_at


async def test_what_was_answered_in_the_background_is_paid_for_once_and_gone_on_from(emulator, client):
    first = await client.responses.create(**ASK)
    response = await ended(emulator, client, first.id)
    assert response.status == "completed"
    calls = [call for _, call in emulator.service.resource.ledger.page(0, 10)]
    assert [(call.operation, call.prompt_tokens) for call in calls] == [("responses", 2)]
    second = await client.responses.create(model="gpt-4.1-nano", input="and?", previous_response_id=first.id)
    assert second.output_text.endswith("heard and?")
    listed = [item async for item in client.responses.input_items.list(first.id)]
    assert listed[0].content[0].text == "one two"


async def test_a_cancelled_response_stays_cancelled_and_costs_nothing(start):
    async with start(speed=1) as emulator:
        made = await emulator.v1.responses.create(**ASK)
        with pytest.raises(BadRequestError, match="has not ended yet"):
            await emulator.v1.responses.create(model="gpt-4.1", input="and?", previous_response_id=made.id)
        cancelled = await emulator.v1.responses.cancel(made.id)
        assert (cancelled.status, cancelled.output) == ("cancelled", [])
        assert (await emulator.v1.responses.cancel(made.id)).status == "cancelled"
        assert emulator.service.resource.ledger.totals().calls == 0


async def test_a_response_that_has_ended_cannot_be_cancelled_any_more(emulator, client):
    made = await client.responses.create(**ASK)
    await ended(emulator, client, made.id)
    assert (await client.responses.cancel(made.id)).status == "completed"
    whole = await client.responses.create(model="gpt-4.1-nano", input="one")
    with pytest.raises(BadRequestError, match="synchronous"):
        await client.responses.cancel(whole.id)


async def test_a_deleted_response_is_not_answered(start):
    async with start(speed=5) as emulator:
        made = await emulator.v1.responses.create(**ASK)
        await emulator.v1.responses.delete(made.id)
        with pytest.raises(NotFoundError):
            await emulator.v1.responses.retrieve(made.id)
        later = await emulator.v1.responses.create(**ASK)
        await ended(emulator, emulator.v1, later.id)
        assert emulator.service.resource.ledger.totals().calls == 1


async def test_a_failure_of_the_model_is_told_in_the_response(emulator, client):
    made = await client.responses.create(**{**ASK, "input": "please crash"})
    response = await ended(emulator, client, made.id)
    assert (response.status, response.error.code) == ("failed", "server_error")


async def test_a_background_stream_can_be_left_and_taken_up_again(emulator, client):
    stream = await client.responses.create(**ASK, stream=True)
    events = [event async for event in stream]
    for event in events:
        TypeAdapter(ResponseStreamEvent).validate_json(event.model_dump_json(exclude_unset=True), strict=True)
    kinds = [event.type for event in events]
    assert kinds[:3] == ["response.created", "response.queued", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    again = await client.responses.retrieve(events[0].response.id, stream=True, starting_after=4)
    assert [event.model_dump() async for event in again] == [event.model_dump() for event in events[5:]]


async def test_a_watched_response_that_is_cancelled_ends_its_stream(start):
    async with start(speed=1) as emulator:
        made = await emulator.v1.responses.create(**ASK)
        watching = asyncio.create_task(emulator.v1.responses.retrieve(made.id, stream=True))
        await asyncio.sleep(0.05)
        assert not watching.done()
        await emulator.v1.responses.cancel(made.id)
        async with asyncio.timeout(5):
            rest = [event.type async for event in await watching]
    assert rest[:2] == ["response.created", "response.queued"]
    assert "response.completed" not in rest


async def test_the_background_wants_its_answers_stored(client):
    with pytest.raises(BadRequestError, match="store"):
        await client.responses.create(**ASK, store=False)
    whole = await client.responses.create(model="gpt-4.1-nano", input="one")
    with pytest.raises(BadRequestError, match="streamed"):
        await client.responses.retrieve(whole.id, stream=True)


async def test_a_queued_response_is_answered_by_the_next_emulator_on_the_state(start):
    async with start(speed=1) as emulator:
        made = await emulator.v1.responses.create(**ASK)
    async with start() as emulator:
        response = await ended(emulator, emulator.v1, made.id)
    assert response.output_text == "level 0 of 1 heard one two"
    assert response.id == made.id
