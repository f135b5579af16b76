"""Requests and tokens a minute, by capacity, in emulated time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.emulator.clock import Clock
from cupola.emulator.limits import NEVER_SECONDS, RateLimitExceeded, RateLimits, estimate_tokens
from cupola.emulator.state.deployments import Deployment


async def test_every_answer_says_what_is_left(arm):
    await arm.deployed("limited", capacity=5)
    first, second = await arm.chat("limited", max_tokens=100), await arm.chat("limited", max_tokens=100, stream=True)
    limits = {name: first.headers[f"x-ratelimit-limit-{name}"] for name in ("requests", "tokens")}
    assert limits == {"requests": "5", "tokens": "5000"}
    assert first.headers["x-ratelimit-remaining-requests"] == "4"
    assert first.headers["x-ratelimit-remaining-tokens"] == str(5000 - 100 - 2)
    assert second.headers["x-ratelimit-remaining-requests"] == "3"


async def test_too_many_requests_are_told_how_long_to_wait_and_let_in_after(arm):
    await arm.deployed("limited", capacity=2)
    for _ in range(2):
        assert (await arm.chat("limited")).status_code == 200
    refused = await arm.chat("limited")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "429")
    assert refused.headers["retry-after"] == "30"
    assert refused.headers["retry-after-ms"] == "30000"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.json()["error"]["message"].startswith(
        "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2025-04-01-preview have"
        " exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 30 seconds."
    )
    arm.clock.seconds += 30
    assert (await arm.chat("limited")).status_code == 200


async def test_the_v1_route_words_it_the_newer_way(arm):
    await arm.deployed("limited", capacity=2)
    body = {"model": "limited", "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 1500}
    headers = {"api-key": arm.account.api_key}
    taken, refused = [
        await arm.emulator.http.post("/openai/v1/chat/completions", json=body, headers=headers) for _ in range(2)
    ]
    assert (taken.status_code, refused.status_code) == (200, 429)
    assert refused.json()["error"]["message"].startswith(
        "Your requests to gpt-4.1-nano for limited in Sweden Central have exceeded the token rate limit for your"
        " current AIServices S0 pricing tier."
    )


async def test_a_request_larger_than_the_limit_is_told_to_wait_a_day(arm):
    await arm.deployed("limited", capacity=1)
    for _ in range(3):
        refused = await arm.chat("limited", max_tokens=1001)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "86400"
        assert "Please retry after 86400 seconds" in refused.json()["error"]["message"]
    assert (await arm.chat("limited", max_tokens=900)).status_code == 200


async def test_a_refused_request_costs_nothing(arm):
    await arm.deployed("limited", capacity=1)
    await arm.chat("limited")
    before = len(
        (await arm.emulator.http.get("/emulator/ledger", headers={"api-key": arm.account.api_key})).json()["data"]
    )
    assert (await arm.chat("limited")).status_code == 429
    after = (await arm.emulator.http.get("/emulator/ledger", headers={"api-key": arm.account.api_key})).json()
    assert len(after["data"]) == before == 1


def test_waiting_is_told_in_real_seconds_at_any_speed(clock):
    limits = RateLimits(Clock(clock, speed=100.0))
    deployment = made("GlobalStandard", 1)
    limits.admit(deployment, 10)
    with pytest.raises(RateLimitExceeded) as refused:
        limits.admit(deployment, 10)
    assert refused.value.seconds == pytest.approx(0.6)
    clock.seconds += 0.6
    limits.admit(deployment, 10)


def made(sku, capacity, base="gpt-4.1-nano"):
    return Deployment("d", "m", "1", "OpenAI", sku, capacity, base, False, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("sku", "base", "requests", "tokens"),
    [
        ("Standard", "gpt-4.1", 50, 50_000),
        ("GlobalStandard", "gpt-4o-mini", 300, 50_000),
        ("GlobalStandard", "o3", 50, 50_000),
        ("GlobalStandard", "o3-mini", 5, 50_000),
        ("ProvisionedManaged", "gpt-4.1", None, 125_000),
        ("GlobalBatch", "gpt-4.1", None, None),
    ],
)
def test_capacity_becomes_limits_by_model_and_sku(clock, sku, base, requests, tokens):
    allowance = RateLimits(Clock(clock, 1.0)).admit(made(sku, 50, base), 1)
    assert (allowance.limits.requests, allowance.limits.tokens) == (requests, tokens)
    headers = allowance.headers()
    assert ("x-ratelimit-limit-requests" in headers) == (requests is not None)
    assert ("x-ratelimit-limit-tokens" in headers) == (tokens is not None)


@settings(max_examples=100, deadline=None)
@given(
    capacity=st.integers(1, 20),
    speed=st.sampled_from([0.5, 1.0, 60.0]),
    calls=st.lists(st.tuples(st.floats(0, 40), st.integers(0, 25_000)), max_size=60),
)
def test_no_window_ever_lets_in_more_than_a_full_bucket_and_what_drained(capacity, speed, calls):
    now = [1_000_000.0]
    limits, deployment = RateLimits(Clock(lambda: now[0], speed)), made("GlobalStandard", capacity)
    let_in: list[tuple[float, int]] = []
    for pause, tokens in calls:
        now[0] += pause / speed
        try:
            limits.admit(deployment, tokens)
        except RateLimitExceeded as refused:
            assert refused.seconds > 0
            assert (refused.seconds == NEVER_SECONDS) == (tokens > capacity * 1000)
        else:
            let_in.append((now[0] * speed, tokens))
    slack = capacity * 0.05 / 60 + 1e-3
    for begin in range(len(let_in)):
        for end in range(begin, len(let_in)):
            drained = (let_in[end][0] - let_in[begin][0]) / 60
            window = let_in[begin : end + 1]
            assert sum(tokens for _, tokens in window) <= capacity * 1000 * (1 + drained) + slack * 1000
            assert len(window) <= capacity * (1 + drained) + slack


@settings(max_examples=50, deadline=None)
@given(tokens=st.lists(st.integers(1, 1000), min_size=1, max_size=20), speed=st.sampled_from([1.0, 1000.0]))
def test_the_wait_that_is_told_is_enough_and_no_longer(tokens, speed):
    now = [1_750_000_000.0]
    limits, deployment = RateLimits(Clock(lambda: now[0], speed)), made("Standard", 1, "gpt-4o")
    for count in tokens:
        try:
            limits.admit(deployment, count)
        except RateLimitExceeded as refused:
            told = refused.seconds
            if told * speed > 1:
                now[0] += told / 2
                with pytest.raises(RateLimitExceeded):
                    limits.admit(deployment, count)
                told -= told / 2
            now[0] += told
            limits.admit(deployment, count)


def test_a_request_is_estimated_by_its_prompt_and_all_that_it_may_say():
    parts = [{"type": "text", "text": "abcdefgh"}, {"type": "image_url", "image_url": {"url": "http://x"}}]
    messages = [{"role": "user", "content": "abcd"}, {"role": "user", "content": parts}, {"role": "assistant"}]
    assert estimate_tokens(messages, 100, 3) == 3 + 300
