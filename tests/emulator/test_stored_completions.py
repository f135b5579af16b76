"""Completions kept on request: listed, filtered, read, relabelled, deleted."""

from __future__ import annotations

import pytest
from openai import BadRequestError, NotFoundError
from openai.types.chat import ChatCompletion, ChatCompletionDeleted

from .strict import check_strictly


@pytest.fixture(params=["azure", "v1"])
def client(emulator, request):
    return emulator.azure if request.param == "azure" else emulator.v1


async def ask(client, text, model="gpt-4.1-nano", **settings):
    messages = [{"role": "system", "content": "You are Cora."}, {"role": "user", "content": text}]
    return await client.chat.completions.create(model=model, messages=messages, store=True, **settings)


async def test_a_stored_completion_is_what_was_answered_with_what_was_asked(client):
    answer = await ask(client, "one two", metadata={"split": "train"}, temperature=0.5, seed=3)
    stored = await client.chat.completions.retrieve(answer.id)
    assert stored.choices[0].message.content == answer.choices[0].message.content
    assert stored.usage.total_tokens == answer.usage.total_tokens
    assert (stored.metadata, stored.temperature, stored.seed) == ({"split": "train"}, 0.5, 3)
    messages = [message async for message in client.chat.completions.messages.list(answer.id)]
    assert [(message.role, message.content) for message in messages] == [
        ("system", "You are Cora."),
        ("user", "one two"),
    ]
    assert len({message.id for message in messages}) == 2


async def test_raw_answers_are_what_the_sdk_declares(client):
    answer = await ask(client, "one", metadata={"a": "b"})
    body = (await client.chat.completions.with_raw_response.retrieve(answer.id)).http_response.json()
    check_strictly(ChatCompletion, body)
    gone = (await client.chat.completions.with_raw_response.delete(answer.id)).http_response.json()
    check_strictly(ChatCompletionDeleted, gone)


async def test_completions_are_listed_by_metadata_and_model_in_pages(client):
    for number in range(5):
        await ask(client, f"say {number}", metadata={"split": "train" if number % 2 else "test", "n": str(number)})
    await ask(client, "other", model="gpt-4.1", metadata={"split": "train"})
    shelf = client.chat.completions

    async def listed(**filters):
        return [entry.metadata.get("n") async for entry in shelf.list(**filters)]

    assert await listed(limit=2) == ["0", "1", "2", "3", "4", None]
    assert await listed(limit=2, order="desc") == [None, "4", "3", "2", "1", "0"]
    assert await listed(metadata={"split": "train"}) == ["1", "3", None]
    assert await listed(metadata={"split": "train", "n": "3"}) == ["3"]
    assert await listed(model="gpt-4.1-nano", metadata={"split": "train"}) == ["1", "3"]
    assert await listed(model="gpt-4.1-2025-04-14") == [None]


async def test_metadata_can_be_replaced_and_a_completion_deleted(client):
    answer = await ask(client, "one", metadata={"a": "b"})
    changed = await client.chat.completions.update(answer.id, metadata={"c": "d"})
    assert changed.metadata == {"c": "d"}
    await client.chat.completions.delete(answer.id)
    with pytest.raises(NotFoundError):
        await client.chat.completions.retrieve(answer.id)


async def test_what_was_not_to_be_stored_is_not(client):
    messages = [{"role": "user", "content": "one"}]
    answer = await client.chat.completions.create(model="gpt-4.1-nano", messages=messages)
    with pytest.raises(NotFoundError):
        await client.chat.completions.retrieve(answer.id)
    with pytest.raises(BadRequestError, match="store"):
        await client.chat.completions.create(model="gpt-4.1-nano", messages=messages, metadata={"a": "b"})


async def test_a_streamed_completion_is_stored_too(client):
    stream = await ask(client, "one two", stream=True)
    chunks = [chunk async for chunk in stream]
    stored = await client.chat.completions.retrieve(chunks[-1].id)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert stored.choices[0].message.content == said
