"""Keys, tokens, versions, hosts and request ids."""

from __future__ import annotations

import json

import pytest

DATED = "/openai/files?api-version=2025-04-01-preview"
V1 = "/openai/v1/files"
PROJECT = "/api/projects/zava/openai/v1/files"
AZD = "/api/projects/zava/files?api-version=2025-11-15-preview"


@pytest.mark.parametrize("path", [DATED, V1, PROJECT, AZD])
async def test_the_key_opens_every_surface_and_a_wrong_one_none(emulator, path):
    assert (await emulator.http.get(path, headers={"api-key": emulator.key})).status_code == 200
    for headers in ({}, {"api-key": "wrong"}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer a.b.c"}):
        answer = await emulator.http.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "401"
        assert answer.json()["error"]["message"].startswith("Access denied due to invalid subscription key")


async def test_the_key_as_a_bearer_opens_v1_and_projects_but_not_dated_routes(emulator):
    bearer = {"authorization": f"Bearer {emulator.key}"}
    statuses = [(await emulator.http.get(path, headers=bearer)).status_code for path in (V1, PROJECT, DATED)]
    assert statuses == [200, 200, 401]


async def test_an_issued_token_opens_every_surface_until_it_expires(start, clock):
    async with start(clock=clock) as emulator:
        form = {
            "grant_type": "client_credentials",
            "client_secret": emulator.key,
            "scope": "https://cognitiveservices.azure.com/.default",
        }
        answer = await emulator.http.post("/some-tenant/oauth2/v2.0/token", data=form)
        token = answer.json()["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        assert (await emulator.http.get(DATED, headers=bearer)).status_code == 200
        head, claims, signature = token.split(".")
        forged = {"authorization": f"Bearer {head}.{claims}x.{signature}"}
        assert (await emulator.http.get(DATED, headers=forged)).status_code == 401
        clock.seconds += 3601
        assert (await emulator.http.get(DATED, headers=bearer)).status_code == 401


async def test_a_token_is_not_issued_without_the_key(emulator):
    answer = await emulator.http.post("/tenant/oauth2/v2.0/token", data={"client_secret": "guess"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/openai/files", 404, "Resource not found"),
        ("/openai/files?api-version=yesterday", 400, "API version not supported"),
        ("/openai/v1/files?api-version=2025-04-01-preview", 400, "API version not supported"),
        ("/openai/v1/files?api-version=preview", 200, None),
        ("/openai/nowhere?api-version=2024-10-21", 404, "Resource not found"),
        ("/nowhere", 404, "Resource not found"),
    ],
)
async def test_versions_and_paths_are_held_to_the_services_rules(emulator, path, status, message):
    answer = await emulator.http.get(path, headers={"api-key": emulator.key})
    assert answer.status_code == status
    if message:
        assert answer.json()["error"]["message"] == message


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:9", 200), ("localhost", 200), ("[::1]:80", 200), ("evil.example", 421), ("127.0.0.1.evil", 421)],
)
async def test_a_foreign_host_is_turned_away(emulator, host, status):
    answer = await emulator.http.get(V1, headers={"api-key": emulator.key, "host": host})
    assert answer.status_code == status


async def test_every_answer_names_its_request_and_region(emulator):
    answer = await emulator.http.get("/nowhere", headers={"x-ms-client-request-id": "mine"})
    assert answer.headers["apim-request-id"] == answer.headers["x-request-id"]
    assert answer.headers["x-ms-client-request-id"] == "mine"
    assert answer.headers["x-ms-region"]


async def test_a_body_that_claims_to_be_huge_is_refused_before_it_is_read(emulator):
    headers = {"api-key": emulator.key, "content-length": str(33 * 1024 * 1024), "content-type": "application/json"}
    answer = await emulator.http.post("/openai/v1/fine_tuning/jobs", headers=headers, content=b"{}")
    assert answer.status_code == 413


async def test_a_body_that_turns_out_huge_is_refused_while_it_is_read(emulator):
    async def endless():
        while True:
            yield b" " * 1024 * 1024

    answer = await emulator.http.post(
        "/openai/v1/fine_tuning/jobs", headers={"api-key": emulator.key}, content=endless()
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"a": NaN}', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_refused(emulator, body):
    answer = await emulator.http.post("/openai/v1/fine_tuning/jobs", headers={"api-key": emulator.key}, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalidPayload"


async def test_the_key_is_the_state_directorys_own_and_readable_by_its_owner_only(start, tmp_path):
    async with start() as first:
        key = first.key
    async with start() as second:
        assert second.key == key
    path = tmp_path / "state" / "account.json"
    assert json.loads(path.read_text())["api_key"] == key
    assert path.stat().st_mode & 0o777 == 0o600
