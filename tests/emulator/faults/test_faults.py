"""Faults on demand: each kind, seeded, switched while the emulator runs."""

from __future__ import annotations

import email.utils
import json
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.emulator.errors import ApiError
from cupola.emulator.fault_injection import FaultInjection
from cupola.emulator.faults import FaultRule, Faults, read_faults

ROUTE = "GET /openai/v1/files"


async def files(emulator: Any, query: str = "") -> Any:
    return await emulator.http.get(f"/openai/v1/files{query}", headers={"api-key": emulator.key})


@pytest.mark.parametrize(
    ("fault", "status", "code", "wait"),
    [
        ("rate_limited", 429, "tooManyRequests", "3"),
        ("rate_limited_for_a_day", 429, "tooManyRequests", "86400"),
        ("server_error", 500, "internalFailure", None),
        ("unavailable", 503, "serviceUnavailable", "3"),
    ],
)
async def test_a_refusal_has_the_services_shape(emulator, befall, fault, status, code, wait):
    await befall(ROUTE, fault, seconds=3)
    answer = await files(emulator)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("retry-after") == wait
    assert answer.headers["apim-request-id"]


async def test_the_sdk_sees_what_it_would_see_and_a_short_wait_is_retried(emulator, befall):
    await befall("POST /openai/*/chat/completions", "rate_limited_for_a_day")
    ask = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello."}]}
    with pytest.raises(openai.RateLimitError) as refused:
        await emulator.azure.with_options(max_retries=2).chat.completions.create(**ask)
    assert refused.value.code == "429"
    await befall("POST /openai/*/chat/completions", "rate_limited", times=1, seconds=0.01)
    answer = await emulator.azure.with_options(max_retries=1).chat.completions.create(**ask)
    assert answer.choices


async def test_a_rule_befalls_its_own_route_and_no_other(emulator, befall):
    await befall("* /openai/v1/models*", "server_error")
    assert (await files(emulator)).status_code == 200
    with pytest.raises(openai.InternalServerError):
        await emulator.v1.models.retrieve("gpt-4.1")


async def test_faults_are_switched_off_again_and_counted(emulator, befall, headers):
    await befall(ROUTE, "server_error", times=2)
    assert [(await files(emulator)).status_code for _ in range(4)] == [500, 500, 200, 200]
    shown = (await emulator.http.get("/emulator/faults", headers=headers)).json()
    assert [(rule["seen"], rule["fired"]) for rule in shown["rules"]] == [(4, 2)]
    await befall("* *", "unavailable")
    assert (await files(emulator)).status_code == 503
    assert (await emulator.http.delete("/emulator/faults", headers=headers)).status_code == 204
    assert (await files(emulator)).status_code == 200


async def test_the_same_seed_makes_the_same_faults(emulator, befall):
    async def run(seed: int) -> list[int]:
        await befall(ROUTE, "server_error", seed=seed, rate=0.5)
        return [(await files(emulator)).status_code for _ in range(24)]

    first, again, other = await run(1), await run(1), await run(2)
    assert first == again != other
    assert {200, 500} == set(first)


async def test_truncated_json_is_broken_but_well_framed(emulator, befall):
    await befall(ROUTE, "truncated")
    answer = await files(emulator)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content) > 0
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_the_clock_is_off_in_the_header_and_in_creation_times(emulator, befall):
    file = await emulator.v1.files.create(file=("a.jsonl", b'{"a": 1}'), purpose="evals")
    await befall("GET /openai/v1/files*", "clock_skew", seconds=-7200)
    skewed = await emulator.v1.files.with_raw_response.retrieve(file.id)
    assert skewed.parse().created_at == file.created_at - 7200
    seen = email.utils.parsedate_to_datetime(skewed.headers["date"]).timestamp()
    assert seen == pytest.approx(emulator.service.resource.clock.now() - 7200, abs=30)
    listed = (await files(emulator)).json()["data"]
    assert [entry["created_at"] for entry in listed] == [file.created_at - 7200]


async def test_a_page_comes_twice_and_the_list_still_ends(emulator, befall):
    ids = [(await emulator.v1.files.create(file=("a.jsonl", b"{}"), purpose="evals")).id for _ in range(5)]
    await befall(ROUTE, "duplicate_page")
    seen = [file.id async for file in emulator.v1.files.list(limit=2)]
    assert set(seen) == set(ids)
    assert len(seen) > len(ids)


async def test_a_token_expires_but_a_key_does_not(emulator, befall):
    form = {"client_secret": emulator.key, "scope": "https://ai.azure.com/.default"}
    token = (await emulator.http.post("/t/oauth2/v2.0/token", data=form)).json()["access_token"]
    await befall("* *", "token_expired", times=1)
    assert (await files(emulator)).status_code == 200
    key = {"authorization": f"Bearer {emulator.key}"}
    assert (await emulator.http.get("/openai/v1/files", headers=key)).status_code == 200
    bearer = {"authorization": f"Bearer {token}"}
    first = await emulator.http.get("/openai/v1/files", headers=bearer)
    assert (first.status_code, first.json()["error"]["code"]) == (401, "401")
    assert (await emulator.http.get("/openai/v1/files", headers=bearer)).status_code == 200


async def test_a_control_plane_refusal_has_its_own_words(emulator, befall):
    await befall("* /subscriptions*", "token_expired")
    answer = await emulator.http.get("/subscriptions?api-version=2022-12-01", headers={"authorization": "Bearer x"})
    assert answer.json()["error"]["code"] == "ExpiredAuthenticationToken"
    assert "www-authenticate" in answer.headers


async def test_faults_are_the_key_holders_alone(emulator):
    for method, path in (("GET", "faults"), ("PUT", "faults"), ("DELETE", "faults"), ("GET", "ledger")):
        answer = await emulator.http.request(method, f"/emulator/{path}", headers={"api-key": "wrong"})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"route": "GET /x"},
        {"route": "", "fault": "slow"},
        {"route": "GET /x", "fault": "meteor"},
        {"route": "GET /x", "fault": "slow", "rate": 1.5},
        {"route": "GET /x", "fault": "slow", "rate": True},
        {"route": "GET /x", "fault": "slow", "times": -1},
        {"route": "GET /x", "fault": "stall", "seconds": -1},
        {"route": "GET /x", "fault": "slow", "bytes_per_second": 0},
        {"route": "GET /x", "fault": "slow", "surprise": 1},
        "slow",
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_and_the_others_stay(emulator, befall, headers, rule):
    await befall(ROUTE, "server_error")
    answer = await emulator.http.put("/emulator/faults", json={"rules": [rule]}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalidPayload")
    assert (await files(emulator)).status_code == 500


def test_without_rules_the_middleware_hands_the_request_on_untouched():
    handed_on = object()
    faults = Faults()
    inject = FaultInjection(lambda *_: handed_on, faults, now=lambda: 0.0)
    scope = {"type": "http", "method": "GET", "path": "/a", "query_string": b"", "headers": []}
    assert inject(scope, None, None) is handed_on
    faults.put(0, [FaultRule("GET /a", "server_error")])
    befallen = inject(scope, None, None)
    assert befallen is not handed_on
    befallen.close()


@settings(max_examples=200, deadline=None)
@given(
    body=st.dictionaries(
        st.sampled_from(["seed", "rules"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from([*FaultRule.__slots__, "else"]), inner, max_size=6)
            ),
        ),
    )
)
def test_any_body_is_read_or_refused(body):
    try:
        seed, rules = read_faults(body)
    except ApiError as refusal:
        assert refusal.status == 400
    else:
        Faults().put(seed, rules)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(), rate=st.floats(0, 1), calls=st.lists(st.booleans(), max_size=40))
def test_a_rule_decides_by_its_own_count_whatever_stands_beside_it(seed, rate, calls):
    alone, beside = Faults(), Faults()
    rule = FaultRule("GET /a", "server_error", rate)
    alone.put(seed, [rule])
    beside.put(seed, [rule, FaultRule("GET /b", "server_error", rate)])
    for of_a in calls:
        path = "/a" if of_a else "/b"
        fired = beside.draw("GET", path, {})
        if of_a:
            assert fired == alone.draw("GET", path, {})
