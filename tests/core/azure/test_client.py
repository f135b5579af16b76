from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.azure import files, jobs, models
from cupola.azure.client import checked_endpoint, path_segment
from cupola.azure.credentials import EntraCredential, KeyCredential, find_credential, scope_of
from cupola.azure.secrets import masked_body, without_secrets
from cupola.azure.wire.jobs import NONCE_KEY
from cupola.azure.wire.requests import JobRequest
from cupola.errors import NotAllowedError, NotFoundError, ServiceError, ThrottledError, UnreachableError, UsageError
from cupola.models import Call
from cupola.settings import Profile

from .conftest import SECRET, Connect


def page(entries: list[dict[str, Any]], has_more: bool = False) -> httpx2.Response:
    return httpx2.Response(200, json={"object": "list", "data": entries, "has_more": has_more})


def paged(entries: list[dict[str, Any]], size: int, request: httpx2.Request) -> httpx2.Response:
    after = request.url.params.get("after")
    start = next((i + 1 for i, entry in enumerate(entries) if entry["id"] == after), 0)
    return page(entries[start : start + size], start + size < len(entries))


def refusal(status: int, code: str, message: str, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json={"error": {"code": code, "message": message}}, headers=headers)


async def test_all_pages_of_jobs_are_read(connected: Connect) -> None:
    entries = [{"id": f"ftjob-{n}", "status": "running"} for n in range(25)]
    async with connected(lambda request: paged(entries, 10, request)) as service:
        assert [job.id for job in await jobs.list_jobs(service)] == [entry["id"] for entry in entries]


async def test_a_cursor_that_repeats_is_not_followed_in_circles(connected: Connect) -> None:
    async with connected(lambda request: page([{"id": "ftjob-1"}], has_more=True)) as service:
        assert len(await jobs.list_jobs(service)) <= 2


async def test_events_are_read_back_to_the_first_known_one(connected: Connect) -> None:
    asked: list[str] = []
    newest_first = [{"id": f"e{n}", "message": str(n)} for n in range(9, -1, -1)]

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return paged(newest_first, 3, request)

    async with connected(answer) as service:
        assert [e.id for e in await jobs.new_events(service, "ftjob-1", {"e0", "e1", "e2", "e3"})] == [
            "e4", "e5", "e6", "e7", "e8", "e9",
        ]  # fmt: skip
        assert len(asked) == 3
        assert len(await jobs.new_events(service, "ftjob-1")) == 10


@pytest.mark.parametrize(
    ("route", "path", "header"),
    [("dated", "/openai/fine_tuning/jobs", "api-key"), ("v1", "/openai/v1/fine_tuning/jobs", "authorization")],
)
async def test_each_route_is_spoken_as_the_service_wants_it(
    connected: Connect, route: str, path: str, header: str
) -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return page([])

    async with connected(answer, route=route) as service:
        await jobs.list_jobs(service)
    assert seen[0].url.path == path
    assert ("api-version" in seen[0].url.params) == (route == "dated")
    assert SECRET in seen[0].headers[header]


async def test_a_read_that_found_nobody_is_tried_again_but_not_for_ever(connected: Connect) -> None:
    answers = [httpx2.Response(503), page([])]
    async with connected(lambda request: answers.pop(0)) as service:
        assert await jobs.list_jobs(service) == []
    count = 0

    def never(request: httpx2.Request) -> httpx2.Response:
        nonlocal count
        count += 1
        raise httpx2.ConnectError("no route to host")

    async with connected(never) as service:
        with pytest.raises(UnreachableError, match="cannot be reached"):
            await jobs.list_jobs(service)
    assert count == 2


async def test_a_create_whose_answer_was_lost_is_found_and_not_sent_twice(connected: Connect) -> None:
    created: list[dict[str, Any]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            created.append({"id": f"ftjob-{len(created)}", "status": "pending", **json.loads(request.content)})
            raise httpx2.ReadTimeout("lost")
        return page(created)

    async with connected(answer) as service:
        request = JobRequest("gpt-4.1-nano", "file-1", suffix="a")
        first = await jobs.submit(service, request, "nonce-1")
        again = await jobs.submit(service, request, "nonce-1")
    assert first.id == again.id == "ftjob-0"
    assert len(created) == 1
    assert created[0]["metadata"] == {NONCE_KEY: "nonce-1"}


async def test_a_create_that_may_or_may_not_have_arrived_says_so(connected: Connect) -> None:
    posts = 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal posts
        if request.method == "POST":
            posts += 1
            raise httpx2.ConnectError("gone")
        return page([])

    async with connected(answer) as service:
        with pytest.raises(UnreachableError, match="not known whether the job was created"):
            await jobs.submit(service, JobRequest("m", "file-1"), "n")
    assert posts == 1


async def test_a_resource_that_does_not_echo_metadata_is_met_by_suffix_and_file(connected: Connect) -> None:
    echo = {"id": "ftjob-1", "model": "gpt-4.1-nano-2025-04-14", "suffix": "cora", "training_file": "file-1"}

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.method == "GET"
        return page([{**echo, "id": "ftjob-0", "training_file": "file-0"}, echo])

    async with connected(answer) as service:
        job = await jobs.submit(service, JobRequest("gpt-4.1-nano", "file-1", suffix="cora"), "n")
    assert job.id == "ftjob-1"


@pytest.mark.parametrize(
    ("response", "kind", "words"),
    [
        (refusal(401, "401", "invalid subscription key or wrong API endpoint."), NotAllowedError, "endpoint"),
        (refusal(404, "notFound", "no such job"), NotFoundError, "unknown on this resource"),
        (refusal(429, "429", "Please retry after 86400 seconds."), ThrottledError, "patience"),
        (refusal(429, "quotaExceeded", "too many"), ServiceError, "delete old"),
        (refusal(400, "x", "The specified base model does not support fine-tuning."), ServiceError, "training type"),
        (refusal(400, "x", "does not support fine-tuning with Standard TrainingType"), ServiceError, "Standard tier"),
        (refusal(500, "internalFailure", ""), UnreachableError, "service's side"),
        (httpx2.Response(502, text="<html>bad gateway</html>"), UnreachableError, "service's side"),
        (httpx2.Response(200, text="<html>login</html>"), ServiceError, "could not be understood"),
        (httpx2.Response(200, json=[1, 2]), ServiceError, "could not be understood"),
    ],
)  # fmt: skip
async def test_refusals_are_put_into_words_with_a_remedy(
    connected: Connect, response: httpx2.Response, kind: type[ServiceError], words: str
) -> None:
    async with connected(lambda request: response) as service:
        with pytest.raises(kind) as caught:
            await jobs.get_job(service, "ftjob-1")
    assert words in str(caught.value)
    assert caught.value.remedy


async def test_the_wait_that_the_service_asks_for_is_told(connected: Connect) -> None:
    async with connected(lambda request: refusal(429, "429", "slow down", **{"retry-after": "37"})) as service:
        with pytest.raises(ThrottledError) as caught:
            await models.list_models(service)
    assert caught.value.retry_after == 37.0


async def test_a_redirect_is_refused_and_the_key_goes_nowhere_else(connected: Connect) -> None:
    hosts: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        hosts.append(request.url.host)
        return httpx2.Response(307, headers={"location": "https://evil.example/"})

    async with connected(answer) as service:
        with pytest.raises(ServiceError, match="redirects elsewhere"):
            await jobs.list_jobs(service)
    assert set(hosts) == {"res.openai.azure.com"}


async def test_an_answer_larger_than_agreed_is_not_read(connected: Connect) -> None:
    async def endless():  # type: ignore[no-untyped-def]
        while True:
            yield b"x" * 2**20

    async with connected(lambda request: httpx2.Response(200, content=endless())) as service:
        object.__setattr__(service.traffic, "largest_answer", 3 * 2**20)
        with pytest.raises(ServiceError, match="larger than"):
            await files.content(service, "file-1")


async def test_a_compressed_answer_is_refused_since_its_size_has_no_bound(connected: Connect) -> None:
    bomb = httpx2.Response(200, content=b"", headers={"content-encoding": "gzip"})
    async with connected(lambda request: bomb) as service:
        with pytest.raises(ServiceError, match="compressed"):
            await jobs.list_jobs(service)


async def test_every_call_is_told_without_its_secrets_and_with_its_command(connected: Connect) -> None:
    calls: list[Call] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("cancel"):
            raise httpx2.ConnectError("gone")
        if request.method == "POST":
            return refusal(400, "invalidPayload", f"bad key {SECRET}", **{"apim-request-id": "r-1"})
        return page([])

    grader = {"type": "endpoint", "url": "https://g.example", "headers": {"Authorization": "Bearer abcdefgh"}}
    async with connected(answer, calls) as service:
        with pytest.raises(ServiceError) as caught:
            request = JobRequest("m", "file-1", method="reinforcement", grader=grader, metadata={"note": SECRET})
            await jobs.submit(service, request, "n")
        with pytest.raises(UnreachableError):
            await jobs.steer(service, "ftjob-1", "cancel")
    assert [(call.method, call.status, call.cli) for call in calls] == [
        ("GET", 200, "cupola job list"),
        ("POST", 400, "cupola job submit"),
        ("POST", None, "cupola job cancel ftjob-1"),
    ]
    assert calls[1].request_id == "r-1"
    told = " ".join(repr(call) for call in calls) + str(caught.value) + caught.value.raw + repr(service)
    assert SECRET not in told
    assert "abcdefgh" not in told


async def test_an_upload_keeps_its_name_and_is_waited_for(connected: Connect, tmp_path: Path) -> None:
    states = ["pending", "running", "processed"]
    sent: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            sent.append(request.content)
            return httpx2.Response(201, json={"id": "file-1", "filename": "t.jsonl", "status": "pending"})
        return httpx2.Response(200, json={"id": "file-1", "filename": "t.jsonl", "status": states.pop(0)})

    path = tmp_path / "t.jsonl"
    path.write_text('{"messages": []}\n')
    async with connected(answer) as service:
        file = await files.upload(service, path)
        assert (await files.processed(service, file.id)).status == "processed"
    assert b'filename="t.jsonl"' in sent[0]
    assert b"fine-tune" in sent[0]


async def test_a_large_file_is_sent_in_parts_that_make_it_whole_again(connected: Connect, tmp_path: Path) -> None:
    parts: dict[str, bytes] = {}
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/openai")
        asked.append(path)
        upload = {"id": "upload-1", "object": "upload", "status": "pending", "bytes": 9, "filename": "t.jsonl"}
        if path == "/uploads/upload-1/parts":
            parts[f"part-{len(parts)}"] = request.content
            return httpx2.Response(200, json={"id": f"part-{len(parts) - 1}", "object": "upload.part"})
        if path == "/uploads/upload-1/complete":
            assert json.loads(request.content)["part_ids"] == list(parts)
            return httpx2.Response(200, json={**upload, "status": "completed", "file": {"id": "file-9"}})
        if path == "/files/file-9":
            return httpx2.Response(200, json={"id": "file-9", "filename": "t.jsonl", "status": "pending"})
        return httpx2.Response(200, json=upload)

    file = tmp_path / "t.jsonl"
    file.write_bytes(b'{"a": 1}\n' * 100)
    async with connected(answer) as service:
        assert (await files.upload(service, file, largest_plain=100)).id == "file-9"
    assert asked == ["/uploads", "/uploads/upload-1/parts", "/uploads/upload-1/complete", "/files/file-9"]
    assert file.read_bytes() in parts["part-0"]


async def test_a_file_that_the_service_refuses_is_an_error_in_words(connected: Connect, tmp_path: Path) -> None:
    async with connected(lambda r: httpx2.Response(200, json={"id": "file-1", "status": "error"})) as service:
        with pytest.raises(ServiceError, match="could not use"):
            await files.processed(service, "file-1")
        with pytest.raises(UsageError, match=r"\.jsonl"):
            await files.upload(service, tmp_path / "t.csv")
        with pytest.raises(UsageError, match="cannot be read"):
            await files.upload(service, tmp_path / "missing.jsonl")


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a?b", "a#b", "a b", "ftjob-1\n", "%2e%2e"])
def test_an_id_cannot_change_the_path_it_stands_in(name: str) -> None:
    with pytest.raises(UsageError):
        path_segment(name)


@pytest.mark.parametrize(
    "endpoint", ["", "ftp://x", "http://res.openai.azure.com", "https://u:p@x.com", "res.azure.com"]
)
def test_an_unsafe_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(UsageError):
        checked_endpoint(Profile("p", endpoint))


@pytest.mark.parametrize(
    "endpoint",
    ["https://r.azure.com", "https://r.azure.com/", "https://r.azure.com/openai/v1/", "https://r.azure.com/openai"],
)
def test_an_endpoint_may_be_pasted_with_its_route(endpoint: str) -> None:
    assert checked_endpoint(Profile("p", endpoint)) == "https://r.azure.com"


def test_a_key_comes_from_the_environment_before_the_keyring_and_is_never_shown() -> None:
    profile = Profile("p", "https://x")
    credential = find_credential(profile, {"AZURE_API_KEY": SECRET}, lambda name: "other")
    assert isinstance(credential, KeyCredential)
    assert credential.key == SECRET
    assert SECRET not in repr(credential)
    assert find_credential(profile, {}, lambda name: "kept") == KeyCredential("kept", "keyring")
    with pytest.raises(NotAllowedError, match="no key for profile"):
        find_credential(profile, {}, lambda name: None)


def test_the_scope_follows_the_host_and_the_environment_overrides_it() -> None:
    assert scope_of("https://r.openai.azure.com", {}) == "https://cognitiveservices.azure.com/.default"
    assert scope_of("https://r.services.ai.azure.com/api/projects/p", {}) == "https://ai.azure.com/.default"
    assert scope_of("https://r.openai.azure.com", {"AZURE_FINETUNING_TOKEN_SCOPE": "s"}) == "s"


async def test_a_token_is_fetched_once_and_again_shortly_before_it_ends() -> None:
    class Token:
        def __init__(self, token: str, expires_on: int) -> None:
            self.token, self.expires_on = token, expires_on

    now = 0.0
    fetched: list[str] = []

    def get_token(scope: str) -> Token:
        fetched.append(scope)
        return Token(f"t{len(fetched)}", int(now) + 3_600)

    credential = EntraCredential("s", get_token, now=lambda: now)
    assert await credential.token() == await credential.token() == "t1"
    now = 3_400.0
    assert await credential.token() == "t2"
    assert "t2" not in repr(credential)


def test_secrets_are_masked_in_text_and_bodies() -> None:
    assert without_secrets(f"key {SECRET} and Bearer eyJhbGciOi.x", [SECRET]) == "key [hidden] and Bearer [hidden]"
    assert "zzzz" not in without_secrets("https://b/x?sig=zzzz&y=1")
    body = json.loads(masked_body(b'{"api_key": "abc", "headers": {"X": "y"}, "model": "m"}'))
    assert body == {"api_key": "[hidden]", "headers": {"X": "[hidden]"}, "model": "m"}
