"""Finding resources: azd's files, az's login, the accounts of ARM; nothing that is found is run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.control_plane import open_control_plane
from cupola.azure.credentials import EntraCredential
from cupola.azure.discovery import (
    Account,
    Suggestion,
    accounts,
    assignments,
    from_az,
    from_azd,
    from_environment,
    merged,
    named,
)
from cupola.errors import ServiceError
from cupola.settings import Profile


class Token:
    token = "eyJ.x.y"
    expires_on = 4_000_000_000.0


def azd(folder: Path, name: str, content: str) -> Path:
    (folder / ".azure" / "dev").mkdir(parents=True)
    (folder / ".azure" / "config.json").write_text(f'{{"version": 1, "defaultEnvironment": "{name}"}}')
    (folder / ".azure" / "dev" / ".env").write_text(content)
    return folder


def test_azds_default_environment_is_found_from_a_folder_below(tmp_path: Path) -> None:
    azd(tmp_path, "dev", 'AZURE_ACCOUNT_NAME="acc"\nAZURE_LOCATION=eastus2 # here\nAZURE_OPENAI_API_KEY="secret"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert from_azd(below) == [
        Suggestion("account", "acc", "azd dev: AZURE_ACCOUNT_NAME"),
        Suggestion("region", "eastus2", "azd dev: AZURE_LOCATION"),
    ]


@pytest.mark.parametrize("name", ["../dev", "", ".", "..", "/etc"])
def test_an_environments_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    assert from_azd(azd(tmp_path, name, "AZURE_LOCATION=x")) == []


def test_a_broken_azd_folder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / ".azure").mkdir()
    (tmp_path / ".azure" / "config.json").write_bytes(b"\xff{")
    assert from_azd(tmp_path) == []


def test_quotes_exports_and_comments_are_read_as_azd_writes_them() -> None:
    content = '# no\nA=1\nexport B = two words \nC=\'#x\'\nD="q\\"uote"\nE=\nF=x # why\nnot an assignment\n9X=1\n'
    assert assignments(content) == {"A": "1", "B": "two words", "C": "#x", "D": 'q"uote', "E": "", "F": "x"}


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_of_assignments(text: str) -> None:
    assert all(isinstance(value, str) for value in assignments(text).values())


@given(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True),
    st.text(alphabet=st.characters(categories=["L", "N", "Z"], exclude_characters="\u2028\u2029\x85"), max_size=30),
)
def test_a_quoted_value_comes_back_as_it_was(name: str, value: str) -> None:
    assert assignments(f'{name}="{value}"') == {name: value}


def stand_in(folder: Path, script: str) -> dict[str, str]:
    az = folder / "az"
    az.write_text(f"#!/bin/sh\n{script}\n")
    az.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


async def test_azs_login_gives_subscription_and_tenant(tmp_path: Path) -> None:
    told = '{"id": "s-1", "tenantId": "t-1", "user": {"name": "me@x"}}'
    environment = stand_in(tmp_path, f"""[ "$1 $2" = "account show" ] && echo '{told}'""")
    assert await from_az(environment) == [
        Suggestion("subscription_id", "s-1", "az login of me@x"),
        Suggestion("tenant_id", "t-1", "az login of me@x"),
    ]


@pytest.mark.parametrize("script", ["echo Please run az login >&2; exit 1", "echo '[1]'", "exit 0"])
async def test_without_a_login_az_gives_nothing(tmp_path: Path, script: str) -> None:
    assert await from_az(stand_in(tmp_path, script)) == []


async def test_without_az_there_is_nothing(tmp_path: Path) -> None:
    assert await from_az({"PATH": str(tmp_path)}) == []


def test_the_first_source_wins_and_those_that_contradict_it_are_named() -> None:
    environment = from_environment({"AZURE_LOCATION": "a", "AZURE_OPENAI_API_KEY": "secret"})
    found = merged(environment, [Suggestion("region", "b", "azd dev")], [Suggestion("region", "a", "az")])
    assert found == [Suggestion("region", "a", "AZURE_LOCATION", ("azd dev",))]


def entry(name: str, kind: str = "AIServices", **properties: Any) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/{name}",
        "kind": kind,
        "location": "eastus2",
        "properties": {"endpoint": f"https://{name}.cognitiveservices.azure.com/", **properties},
    }


def plane(answer: Any) -> Any:
    credential = EntraCredential("https://management.azure.com/.default", lambda scope: Token())
    return open_control_plane(Profile("p"), credential=credential, transport=httpx2.MockTransport(answer))


def arm(request: httpx2.Request) -> httpx2.Response:
    if request.url.path == "/subscriptions":
        subscriptions = [{"subscriptionId": "s-0"}, {"subscriptionId": "s-1", "displayName": "Mine", "tenantId": "t"}]
        return httpx2.Response(200, json={"value": subscriptions})
    if "/s-0/" in request.url.path:
        return httpx2.Response(403, json={"error": {"code": "AuthorizationFailed", "message": "no"}})
    endpoints = {"OpenAI Language Model Instance API": "https://one.openai.azure.com/"}
    listed = [entry("one", endpoints=endpoints, disableLocalAuth=True), entry("face", "Face"), {"id": "nonsense"}]
    return httpx2.Response(200, json={"value": listed})


async def test_accounts_are_listed_across_subscriptions_and_those_without_rights_passed_over() -> None:
    async with plane(arm) as open_plane:
        found = [one async for one in accounts(open_plane)]
    expected = Account("one", "rg", "s-1", "Mine", "t", "eastus2", "AIServices", "https://one.openai.azure.com", False)
    assert found == [expected]
    assert named(found, "RG/One") == [expected]
    assert named(found, "other/one") == []


async def test_the_one_subscription_that_was_asked_for_must_let_us_in() -> None:
    async with plane(arm) as open_plane:
        with pytest.raises(ServiceError):
            assert [one async for one in accounts(open_plane, "s-0")]
