from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.chat import open_chat
from cupola.azure.credentials import KeyCredential
from cupola.azure.wire.chat import ChunkReader, chat_reply
from cupola.errors import NotAllowedError, ServiceError, ThrottledError, UnreachableError
from cupola.settings import Profile

CHUNKS = [
    {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
    {"model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]},
    {"choices": [{"index": 0, "delta": {"content": "Grüße, "}}]},
    {"choices": [{"index": 0, "delta": {"content": "Welt"}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {
        "choices": [],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}},
    },
]
STREAM = (
    "".join(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in CHUNKS).encode() + b"data: [DONE]\n\n"
)
BODY = {"messages": [{"role": "user", "content": "Hi"}]}


@asynccontextmanager
async def serving(answers: list[list[bytes]], asked: list[bytes]) -> AsyncIterator[str]:
    """A server that gives one raw answer after another, piece by piece; an empty piece drops the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(
                    int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
                )
                asked.append(head + await reader.readexactly(size))
                for piece in answers.pop(0):
                    if not piece:
                        writer.transport.abort()
                        return
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def head(status: int, content: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


def streamed(content: bytes) -> bytes:
    return head(200, content, "Content-Type: text/event-stream")


async def ask(
    answers: list[list[bytes]], asked: list[bytes] | None = None, times: int = 1, silence: float = 5.0
) -> list[str]:
    async with serving(answers, asked if asked is not None else []) as endpoint:
        profile = Profile("test", endpoint)
        async with open_chat(profile, KeyCredential("k-secret", "test"), silence_seconds=silence) as chat:
            return [(await chat.ask("d", BODY)).text for _ in range(times)]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_a_stream_reads_the_same_wherever_it_is_cut(cuts: list[int]) -> None:
    reader, rest = ChunkReader(), b""
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(places):
        *lines, rest = (rest + STREAM[start:end]).split(b"\n")
        for line in lines:
            reader.feed(line)

    reply = chat_reply(reader.completion(), 1.0)

    assert (reply.text, reply.finish_reason, reply.model) == ("Grüße, Welt", "stop", "m")
    assert (reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens) == (3, 2, 1)


async def test_a_connection_is_kept_for_the_next_question() -> None:
    asked: list[bytes] = []

    texts = await ask([[streamed(STREAM)], [streamed(STREAM)]], asked, times=2)

    assert texts == ["Grüße, Welt"] * 2
    assert b"api-key: k-secret" in asked[0]
    assert json.loads(asked[0].split(b"\r\n\r\n", 1)[1])["stream_options"] == {"include_usage": True}


async def test_chunks_of_the_transfer_are_put_together() -> None:
    parts = [STREAM[:50], STREAM[50:51], STREAM[51:]]
    encoded = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n"

    assert await ask([[start, encoded[:30], encoded[30:]]]) == ["Grüße, Welt"]


@pytest.mark.parametrize(
    "answer",
    [
        [b""],
        [streamed(STREAM)[:-40], b""],
        [streamed(b"".join(STREAM.partition(b'"finish_reason"')[:1]))],
        [b"this is not HTTP\r\n\r\n"],
        [streamed(b'data: {"choices": [\n\n')],
        [streamed(b'data: {"error": {"code": "500", "message": "no"}}\n\n')],
    ],
)
async def test_an_answer_that_breaks_off_is_no_answer(answer: list[bytes]) -> None:
    with pytest.raises(UnreachableError):
        await ask([answer])


async def test_silence_is_not_waited_for_without_end() -> None:
    with pytest.raises(UnreachableError, match="in time"):
        await ask([[streamed(STREAM)[:-20]]], silence=0.1)


async def test_refusals_say_how_long_to_wait_and_never_hold_the_key() -> None:
    content = json.dumps({"error": {"code": "429", "message": "slow, k-secret"}}).encode()

    with pytest.raises(ThrottledError) as caught:
        await ask([[head(429, content, "retry-after-ms: 1500")]])

    assert caught.value.retry_after == 1.5
    assert "k-secret" not in str(caught.value) + caught.value.raw
    with pytest.raises(NotAllowedError):
        await ask([[head(401, b"{}")]])
    with pytest.raises(ServiceError, match="404"):
        await ask([[head(404, b"not json")]])


async def test_a_filtered_prompt_is_an_outcome() -> None:
    content = json.dumps({"error": {"code": "content_filter", "message": "no"}}).encode()
    key = KeyCredential("k", "test")
    async with serving([[head(400, content)]], []) as endpoint, open_chat(Profile("test", endpoint), key) as chat:
        reply = await chat.ask("d", BODY)

    assert reply.filtered
    assert reply.text == ""


async def test_nobody_there_is_told_as_such() -> None:
    async with serving([], []) as endpoint:
        pass
    async with open_chat(Profile("test", endpoint), KeyCredential("k", "test")) as chat:
        with pytest.raises(UnreachableError):
            await chat.ask("d", BODY)
