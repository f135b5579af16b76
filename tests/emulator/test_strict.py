"""Raw answers against the SDK's own types in strict mode, in both dialects, by both kinds of client."""

from __future__ import annotations

import json

import pytest
from openai import BadRequestError
from openai.types import FileDeleted, FileObject, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint

from cupola.emulator.chat.completion import Completion, chunks, render_completion
from cupola.emulator.engine import Answer

from .strict import check_strictly

ASK = [{"role": "user", "content": "one two"}]

NOT_SENT_BY_AZURE = {"organization_id": "org", "object": "fine_tuning.job", "result_files": []}
"""The Azure dialect leaves these and every null out, as recorded; the SDK's types want them."""


async def job_of(emulator, chat_rows):
    file_id = await emulator.upload(chat_rows)
    method = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2}}} if "input" in chat_rows[0] else None
    settings = {"method": method} if method else {}
    job = await emulator.azure.fine_tuning.jobs.create(
        model="gpt-4.1-nano", training_file=file_id, metadata={"a": "b"}, **settings
    )
    await emulator.until_status(job.id, "succeeded", "failed")
    return job.id


async def raw(call):
    return (await call).http_response.json()


@pytest.mark.parametrize("kind", ["chat_rows", "preference_rows"])
async def test_jobs_events_and_checkpoints_of_the_openai_dialect(start, request, kind):
    rows = request.getfixturevalue(kind)
    async with start(dialect="openai") as emulator:
        job_id = await job_of(emulator, rows)
        jobs = emulator.v1.fine_tuning.jobs
        body = await raw(jobs.with_raw_response.retrieve(job_id))
        # Recorded: a healthy job carries an empty error object, which the SDK's type does not know.
        assert body["error"] == {}
        check_strictly(FineTuningJob, {**body, "error": None})
        events = (await raw(jobs.with_raw_response.list_events(job_id)))["data"]
        for event in events:
            check_strictly(FineTuningJobEvent, event)
        for checkpoint in (await raw(jobs.checkpoints.with_raw_response.list(job_id)))["data"]:
            check_strictly(FineTuningJobCheckpoint, checkpoint)
        assert len(events) > 5


async def test_jobs_of_the_azure_dialect_differ_only_as_recorded(emulator, chat_rows):
    job_id = await job_of(emulator, chat_rows)
    body = await raw(emulator.azure.fine_tuning.jobs.with_raw_response.retrieve(job_id))
    assert None not in body.values()
    check_strictly(FineTuningJob, {**NOT_SENT_BY_AZURE, **body})


@pytest.mark.parametrize("dialect", ["azure", "openai"])
async def test_files_and_models(start, chat_rows, dialect):
    async with start(dialect=dialect) as emulator:
        file_id = await emulator.upload(chat_rows)
        check_strictly(FileObject, await raw(emulator.azure.files.with_raw_response.retrieve(file_id)))
        check_strictly(FileDeleted, await raw(emulator.azure.files.with_raw_response.delete(file_id)))
        for model in (await raw(emulator.v1.models.with_raw_response.list()))["data"]:
            check_strictly(Model, model)


@pytest.mark.parametrize("settings", [{}, {"n": 2}, {"logprobs": True, "top_logprobs": 1}])
async def test_completions_whole_and_streamed(emulator, settings):
    create = emulator.v1.chat.completions.with_raw_response.create
    check_strictly(ChatCompletion, await raw(create(model="gpt-4.1-nano", messages=ASK, **settings)))
    body = {"model": "gpt-4.1-nano", "messages": ASK, "stream": True, "stream_options": {"include_usage": True}}
    answer = await emulator.http.post(
        "/openai/v1/chat/completions", json={**body, **settings}, headers={"api-key": emulator.key}
    )
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    first, *chunks = [json.loads(line) for line in lines[:-1]]
    # Azure's first chunk names no kind: it carries the prompt's filter results alone.
    check_strictly(ChatCompletionChunk, {**first, "object": "chat.completion.chunk"})
    for chunk in chunks:
        check_strictly(ChatCompletionChunk, chunk)


async def test_streamed_tokens_carry_their_own_log_probabilities(emulator):
    stream = await emulator.v1.chat.completions.create(
        model="gpt-4.1-nano", messages=ASK, stream=True, logprobs=True, top_logprobs=1
    )
    found = [chunk.choices[0] async for chunk in stream if chunk.choices and chunk.choices[0].logprobs]
    assert sum(len(choice.logprobs.content) for choice in found) == 7


def test_an_answer_that_the_filter_catches_is_cut_where_it_begins():
    answer = Answer("Well, this is how to build a bomb at home.", "stop", 3, 9)
    completion = Completion("chatcmpl-1", 1, "gpt-4.1", (answer,))
    choice = render_completion(completion)["choices"][0]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"]["content"] == "Well, this is "
    assert choice["content_filter_results"]["violence"] == {"filtered": True, "severity": "high"}
    streamed = [chunk["choices"][0] for chunk in chunks(completion, include_usage=False) if chunk["choices"]]
    assert "".join(choice["delta"].get("content") or "" for choice in streamed) == "Well, this is "
    assert streamed[-1]["finish_reason"] == "content_filter"


async def test_json_mode_wants_json_to_be_named(emulator):
    form = {"type": "json_object"}
    with pytest.raises(BadRequestError, match="must contain the word 'json'"):
        await emulator.v1.chat.completions.create(model="gpt-4.1-nano", messages=ASK, response_format=form)
    named = [{"role": "system", "content": "Answer in JSON."}, *ASK]
    await emulator.v1.chat.completions.create(model="gpt-4.1-nano", messages=named, response_format=form)


def test_the_synchronous_clients_upload_ask_and_batch_over_a_socket(serve_process):
    server = serve_process()
    for client in (server.azure(), server.v1()):
        with client:
            upload = client.uploads.create(purpose="evals", filename="e.jsonl", bytes=2, mime_type="text/plain")
            part = client.uploads.parts.create(upload.id, data=b"{}")
            assert client.uploads.complete(upload.id, part_ids=[part.id]).file.bytes == 2
            assert client.responses.create(model="gpt-4.1-nano", input="one two").output_text
            with client.chat.completions.create(model="emulator-instant", messages=ASK, stream=True) as stream:
                assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == "At once."
            assert client.batches.list().data == []
    assert server.stop() == 0
