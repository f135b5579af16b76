"""Faults that only a real connection shows: resets, stalls, trickles; and what was paid for all the same."""

from __future__ import annotations

import time

import httpx2
import openai
import pytest

ASK = {"model": "gpt-4.1-nano", "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 8}


@pytest.fixture
def emulated(serve_process):
    """A client of an emulator in a process of its own, and a way to put one fault in force there."""
    server = serve_process()
    with (
        httpx2.Client(base_url=server.ready["endpoint"], headers={"api-key": server.ready["api_key"]}) as http,
        server.v1() as client,
    ):

        def befall(fault, **settings):
            rules = [{"route": "POST /openai/v1/chat/completions", "fault": fault, **settings}]
            assert http.put("/emulator/faults", json={"rules": rules}).status_code == 200

        yield http, client, befall


def paid(http):
    return http.get("/emulator/ledger").json()["totals"]["calls"]


def test_connections_are_dropped_stalled_and_slowed(emulated):
    http, client, befall = emulated
    assert client.chat.completions.create(**ASK).choices

    befall("reset")
    with pytest.raises(openai.APIConnectionError) as failure:
        client.chat.completions.create(**ASK)
    assert isinstance(failure.value.__cause__, httpx2.ReadError | httpx2.RemoteProtocolError)
    assert paid(http) == 1

    befall("reset_answer")
    with pytest.raises((openai.APIConnectionError, httpx2.ReadError, httpx2.RemoteProtocolError)):
        client.chat.completions.create(**ASK)
    assert paid(http) == 2

    befall("stall", seconds=5)
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.5).chat.completions.create(**ASK)
    assert paid(http) == 3

    befall("slow", bytes_per_second=4000)
    started = time.monotonic()
    answer = client.chat.completions.with_raw_response.create(**ASK)
    assert answer.parse().choices
    # A floor that the fault promises: so many bytes cannot come any faster.
    assert time.monotonic() - started >= len(answer.content) / 4000

    http.delete("/emulator/faults")
    assert client.chat.completions.create(**ASK).choices
    assert paid(http) == 5


def test_a_dropped_connection_is_retried_by_the_sdk(emulated):
    http, client, befall = emulated
    befall("reset", times=1)
    assert client.with_options(max_retries=1).chat.completions.create(**ASK).choices
    assert paid(http) == 1
