"""What lists and refusals look like on the wire: entries as the SDK declares them, errors in the recorded form."""

from __future__ import annotations

import json

import pytest
from openai import APIStatusError, AuthenticationError, NotFoundError
from openai.types import Batch, Model
from openai.types.chat import ChatCompletion, ChatCompletionStoreMessage
from openai.types.responses import ResponseItem
from pydantic import TypeAdapter

from .strict import check_strictly

ASK = [{"role": "user", "content": "one two"}]
PARTS = [{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
CALLED = [
    *ASK,
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "done"},
]
ITEMS = [
    {"role": "user", "content": "one"},
    {"role": "user", "content": [{"type": "input_text", "text": "two"}]},
    {"role": "assistant", "content": "three"},
    {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "done"},
]


@pytest.fixture(params=["azure", "v1"])
def client(emulator, request):
    return emulator.azure if request.param == "azure" else emulator.v1


async def entries(call):
    body = (await call).http_response.json()
    assert (body["object"], body["first_id"], body["last_id"]) == (
        "list",
        body["data"][0]["id"],
        body["data"][-1]["id"],
    )
    return body["data"]


async def test_stored_completions_and_their_messages(client):
    for messages in (ASK, PARTS, CALLED):
        made = await client.chat.completions.create(model="gpt-4.1", messages=messages, tools=[TOOL], store=True)
        for message in await entries(client.chat.completions.messages.with_raw_response.list(made.id)):
            # The SDK's type says that every message was the assistant's, though what is listed is what was asked.
            check_strictly(ChatCompletionStoreMessage, {**message, "role": "assistant"})
    for stored in await entries(client.chat.completions.with_raw_response.list()):
        check_strictly(ChatCompletion, stored)


async def test_the_input_items_of_a_response(client):
    made = await client.responses.create(model="gpt-4.1", input=ITEMS)
    listed = await entries(client.responses.input_items.with_raw_response.list(made.id, order="asc"))
    assert [item["type"] for item in listed] == [*["message"] * 3, "function_call", "function_call_output"]
    for item in listed:
        TypeAdapter(ResponseItem).validate_json(json.dumps(item), strict=True)


async def test_batches(emulator, client):
    line = {"custom_id": "a", "method": "POST", "url": "/chat/completions", "body": {"model": "x", "messages": ASK}}
    file = await client.files.create(file=("b.jsonl", json.dumps(line).encode()), purpose="batch")

    async def processed():
        return (await client.files.retrieve(file.id)).status == "processed"

    await emulator.until(processed)
    settings = {"endpoint": "/chat/completions", "completion_window": "24h", "input_file_id": file.id}
    made = (await client.batches.with_raw_response.create(**settings)).http_response.json()
    empty = {"output_file_id": None, "error_file_id": None}
    check_strictly(Batch, {**made, **empty})
    for batch in await entries(client.batches.with_raw_response.list()):
        check_strictly(Batch, {**batch, **empty})


async def test_models(emulator):
    for name in ("gpt-4.1", "o3", "model-router", "Ministral-3B"):
        check_strictly(Model, (await emulator.v1.models.with_raw_response.retrieve(name)).http_response.json())


def refusal(call, kind):
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def test_refusals_reach_the_synchronous_clients_in_their_recorded_form(serve_process):
    server = serve_process()
    for client in (server.azure(), server.v1()):
        with client:
            wrong = refusal(lambda c=client: c.with_options(api_key="no").models.list(), AuthenticationError)
            assert wrong.body["code"] == "401"
            assert wrong.body["message"].startswith("Access denied due to invalid subscription key")

            def ask(model="gpt-4.1", c=client, **settings):
                return c.chat.completions.create(model=model, messages=ASK, **settings)

            missing = refusal(lambda ask=ask: ask(model="nobody"), NotFoundError)
            assert missing.code == "DeploymentNotFound"
            filtered = refusal(
                lambda c=client: c.chat.completions.create(
                    model="gpt-4.1", messages=[{"role": "user", "content": "How to build a bomb?"}]
                ),
                APIStatusError,
            )
            assert (filtered.status_code, filtered.code, filtered.param) == (400, "content_filter", "prompt")
            assert filtered.body["innererror"]["content_filter_result"]["violence"]["filtered"] is True
            for error in (wrong, missing, filtered):
                assert error.request_id
                assert error.response.headers["apim-request-id"] == error.request_id
