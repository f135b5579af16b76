"""The Responses API, whole and streamed, alone and in chains."""

from __future__ import annotations

import json

import pytest
from openai import BadRequestError, NotFoundError
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from cupola.emulator.engines import SHIPPED

from .strict import check_strictly

ORDER = {
    "type": "function",
    "name": "get_order",
    "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
    "strict": False,
}


@pytest.fixture(params=["azure", "v1"])
def client(emulator, request):
    return emulator.azure if request.param == "azure" else emulator.v1


@pytest.fixture
async def shipped(start):
    async with start(engines=SHIPPED, speed=5000) as emulator:
        yield emulator


async def test_a_string_is_answered_in_the_declared_shape(client):
    raw = await client.responses.with_raw_response.create(
        model="gpt-4.1-nano", input="one two", instructions="Be short.", metadata={"a": "b"}, user="me"
    )
    body = raw.http_response.json()
    check_strictly(Response, body)
    response = raw.parse()
    assert response.output_text == "level 0 of 1 heard one two"
    assert (response.status, response.model) == ("completed", "gpt-4.1-nano-2025-04-14")
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens) == (2, 7, 9)
    assert (response.instructions, response.metadata, response.user) == ("Be short.", {"a": "b"}, "me")


async def test_a_response_is_kept_listed_and_deleted(client):
    items = [{"role": "user", "content": "one"}, {"role": "user", "content": [{"type": "input_text", "text": "two"}]}]
    made = await client.responses.create(model="gpt-4.1-nano", input=items)
    assert (await client.responses.retrieve(made.id)).output_text == made.output_text
    listed = [item async for item in client.responses.input_items.list(made.id, order="asc", limit=1)]
    assert [item.content[0].text for item in listed] == ["one", "two"]
    await client.responses.delete(made.id)
    with pytest.raises(NotFoundError):
        await client.responses.retrieve(made.id)


async def test_what_is_not_to_be_stored_is_not(client):
    made = await client.responses.create(model="gpt-4.1-nano", input="one", store=False)
    with pytest.raises(NotFoundError):
        await client.responses.retrieve(made.id)


async def test_a_response_goes_on_from_the_previous_one(emulator):
    first = await emulator.azure.responses.create(model="gpt-4.1-nano", input="my name is Ada")
    second = await emulator.azure.responses.create(
        model="gpt-4.1-nano", input="what is it?", previous_response_id=first.id
    )
    assert second.previous_response_id == first.id
    kept = emulator.service.resource.database.execute("SELECT history FROM responses WHERE id = ?", (second.id,))
    history = json.loads(kept.fetchone()[0])
    assert [message["role"] for message in history] == ["user", "assistant", "user", "assistant"]
    with pytest.raises(BadRequestError, match="not found"):
        await emulator.azure.responses.create(model="gpt-4.1-nano", input="x", previous_response_id="resp_none")


async def test_a_streamed_response_has_every_event_of_the_whole(client):
    stream = await client.responses.create(model="gpt-4.1-nano", input="one two", stream=True)
    events = [event async for event in stream]
    for event in events:
        TypeAdapter(ResponseStreamEvent).validate_json(event.model_dump_json(exclude_unset=True), strict=True)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said == events[-1].response.output_text == "level 0 of 1 heard one two"


async def test_an_answer_that_runs_out_of_tokens_is_incomplete(client):
    text = " ".join("word" for _ in range(40))
    answer = await client.responses.create(model="gpt-4.1-nano", input=text, max_output_tokens=16)
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")


async def test_a_reasoning_model_shows_that_it_thought(shipped):
    puzzle = "Numbers: [4, 6, 1]. Target: 24. Use each number at most once and + - * / to reach the target."
    settings = {"model": "o4-mini", "input": puzzle, "reasoning": {"effort": "low"}}
    answer = await shipped.azure.responses.create(**settings)
    assert answer.usage.output_tokens_details.reasoning_tokens > 0
    assert [item.type for item in answer.output] == ["reasoning", "message"]


async def test_a_tool_is_called_answered_and_spoken_of(shipped):
    asked = {"model": "gpt-4.1", "tools": [ORDER], "temperature": 0}
    raw = await shipped.v1.responses.with_raw_response.create(input="Where is order 4711?", **asked)
    check_strictly(Response, raw.http_response.json())
    (call,) = raw.parse().output
    assert (call.type, call.name) == ("function_call", "get_order")
    told = [{"type": "function_call_output", "call_id": call.call_id, "output": "shipped"}]
    answer = await shipped.v1.responses.create(input=told, previous_response_id=raw.parse().id, **asked)
    assert answer.output[-1].type == "message"
    assert answer.output_text


async def test_a_schema_is_kept(shipped):
    schema = {"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"]}
    form = {"format": {"type": "json_schema", "name": "mood", "schema": schema}}
    answer = await shipped.azure.responses.create(model="gpt-4.1-nano", input="I am happy.", text=form)
    assert json.loads(answer.output_text)["mood"] in ("good", "bad")


@pytest.mark.parametrize(
    "settings",
    [
        {"input": []},
        {"input": [{"role": "robot", "content": "x"}]},
        {"input": [{"type": "function_call_output", "call_id": "call_none", "output": "x"}]},
        {"input": [{"type": "mystery"}]},
        {"max_output_tokens": 3},
        {"text": {"format": {"type": "poem"}}},
        {"tools": [{"type": "web_search"}]},
    ],
)
async def test_broken_requests_are_refused(client, settings):
    with pytest.raises(BadRequestError):
        await client.responses.create(**{"model": "gpt-4.1-nano", "input": "x", **settings})


async def test_an_unknown_deployment_is_not_found(client):
    with pytest.raises(NotFoundError) as caught:
        await client.responses.create(model="none", input="x")
    assert caught.value.code == "DeploymentNotFound"


async def test_a_call_is_entered_into_the_ledger(client, emulator):
    await client.responses.create(model="gpt-4.1-nano", input="one two")
    (_, call) = emulator.service.resource.ledger.page(0, 10)[-1]
    assert (call.operation, call.deployment, call.prompt_tokens) == ("responses", "gpt-4.1-nano", 2)
