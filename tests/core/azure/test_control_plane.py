"""The control plane's client: which account, where tokens may go, and how answers are read."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from cupola.azure import deployments
from cupola.azure.control_plane import connect_control_plane, missing_settings
from cupola.azure.credentials import EntraCredential
from cupola.azure.wire.deployments import deployment, progress, quota_line, timestamp
from cupola.errors import NotAllowedError, UsageError
from cupola.models import Call
from cupola.settings import Profile

PROFILE = Profile(
    "real", "https://res.openai.azure.com", subscription_id="s-1", resource_group="rg", account="acc", region="eastus2"
)
ACCOUNT = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/acc"
TOKEN = "eyJ-very-secret-token"


@dataclass
class Token:
    token: str = TOKEN
    expires_on: float = 0.0


def credential() -> EntraCredential:
    return EntraCredential("https://management.azure.com/.default", lambda scope: Token(expires_on=time.time() + 3_600))


def connected(answer: Any, calls: list[Call] | None = None, profile: Profile = PROFILE) -> Any:
    def whole(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == ACCOUNT:
            return httpx2.Response(200, json={"id": ACCOUNT, "location": "eastus2"})
        found = answer(request)
        assert isinstance(found, httpx2.Response)
        return found

    return connect_control_plane(
        profile,
        credential=credential(),
        transport=httpx2.MockTransport(whole),
        on_call=None if calls is None else calls.append,
    )


def test_a_profile_that_names_no_account_says_what_is_missing() -> None:
    assert missing_settings(Profile("p", "https://res.openai.azure.com", account="a")) == (
        "subscription_id",
        "resource_group",
    )
    assert missing_settings(Profile("demo", "http://127.0.0.1:8000")) == ()


async def test_without_an_account_nothing_is_asked() -> None:
    with pytest.raises(UsageError, match=r"Missing: subscription_id"):
        async with connected(lambda request: None, profile=Profile("p", "https://res.openai.azure.com")):
            raise AssertionError("not reached")


async def test_an_address_in_the_clear_never_gets_a_token() -> None:
    unsafe = Profile(
        "p", PROFILE.endpoint, subscription_id="s", resource_group="g", account="a", arm_endpoint="http://arm.example"
    )
    with pytest.raises(UsageError, match="https"):
        async with connected(lambda request: None, profile=unsafe):
            raise AssertionError("not reached")


async def test_links_to_other_hosts_are_not_followed_and_pages_are() -> None:
    hosts: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        hosts.append(request.url.host)
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        page = request.url.params.get("skip")
        link = "https://management.azure.com" + ACCOUNT + "/deployments?api-version=2024-10-01&skip=1"
        more = link if page is None else "https://evil.example/deployments"
        return httpx2.Response(200, json={"value": [{"name": f"d{page or 0}"}], "nextLink": more})

    async with connected(answer) as plane:
        assert [entry["name"] for entry in await plane.every(f"{ACCOUNT}/deployments")] == ["d0", "d1"]
        assert hosts == ["management.azure.com"] * 2


async def test_a_link_to_another_host_is_no_path_of_ours() -> None:
    async with connected(lambda request: httpx2.Response(404)) as plane:
        assert plane.own_path("https://management.azure.com/x/y?a=b") == "/x/y?a=b"
        assert plane.own_path("https://evil.example/x") == ""
        assert plane.own_path("http://management.azure.com/x") == ""


async def test_calls_are_told_without_the_token() -> None:
    calls: list[Call] = []
    async with connected(lambda request: httpx2.Response(200, json={"value": []}), calls) as plane:
        assert await deployments.list_all(plane) == []
    assert [call.method for call in calls] == ["GET", "GET"]
    assert TOKEN not in repr(calls)
    assert calls[-1].cli == "cupola deploy list"


async def test_a_missing_role_is_said_with_the_role_that_helps() -> None:
    error = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization to perform"}}
    async with connected(lambda request: httpx2.Response(403, json=error)) as plane:
        with pytest.raises(NotAllowedError, match="Foundry Owner"):
            await deployments.find(plane, "d")


async def test_removing_what_is_not_there_is_no_error() -> None:
    async with connected(lambda request: httpx2.Response(404, json={"error": {"code": "x"}})) as plane:
        assert (await deployments.remove(plane, "d")).operation == ""
        assert await deployments.find(plane, "d") is None


def test_half_an_answer_is_read_as_far_as_it_goes() -> None:
    assert deployment({}) is None
    bare = deployment({"name": "d", "sku": 5, "properties": [], "tags": None, "systemData": {"createdAt": "soon"}})
    assert bare is not None
    assert (bare.model, bare.capacity, bare.created_at, bare.nonce) == ("", 0, None, "")
    assert progress({"status": "Failed", "error": {"code": "A", "message": "b"}}).problem == "A: b"
    assert quota_line({"name": {"value": "q"}}, 0.0) is None
    assert timestamp("1970-01-01T00:01:00Z") == 60.0
