"""Tokens: for whom they are, how long they last, and every way in which azure-identity comes by them."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import get_bearer_token_provider
from openai import AzureOpenAI

DATA = "https://cognitiveservices.azure.com"
FOUNDRY = "https://ai.azure.com"
ARM = "https://management.azure.com"
DATED = "/openai/files?api-version=2025-04-01-preview"
V1 = "/openai/v1/files"
PROJECT = "/api/projects/zava/openai/v1/files"
CONTROL = "/subscriptions?api-version=2022-12-01"
DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")


def documented(language, beginning):
    """The code block of the documentation that begins so."""
    blocks = re.findall(rf"```{language}\n(.*?)```", DOCUMENTATION, re.DOTALL)
    return next(block for block in blocks if block.startswith(beginning))


async def token(emulator, **form):
    filled = {"grant_type": "client_credentials", "client_secret": emulator.key, "scope": f"{DATA}/.default", **form}
    return await emulator.http.post("/tenant/oauth2/v2.0/token", data=filled)


async def status(emulator, path, bearer):
    return (await emulator.http.get(path, headers={"authorization": f"Bearer {bearer}"})).status_code


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        (f"{DATA}/.default", {DATED, V1, PROJECT}),
        (f"{FOUNDRY}/.default", {V1, PROJECT}),
        (f"openid {FOUNDRY}/user_impersonation offline_access", {V1, PROJECT}),
        (f"{ARM}/.default", {CONTROL}),
        (f"{ARM}//.default", {CONTROL}),
        ("https://management.core.windows.net//.default", {CONTROL}),
        ("https://graph.microsoft.com/.default", set()),
    ],
)
async def test_a_token_opens_the_surfaces_that_it_is_for_and_no_other(emulator, scope, opened):
    bearer = (await token(emulator, scope=scope)).json()["access_token"]
    found = {path for path in (DATED, V1, PROJECT, CONTROL) if await status(emulator, path, bearer) == 200}
    assert found == opened


async def test_a_token_for_somebody_else_is_refused_in_each_planes_own_words(emulator):
    for_data = (await token(emulator, scope=f"{DATA}/.default")).json()["access_token"]
    for_arm = (await token(emulator, scope=f"{ARM}/.default")).json()["access_token"]
    refused = await emulator.http.get(DATED, headers={"authorization": f"Bearer {for_arm}"})
    assert refused.status_code == 401
    assert refused.json()["error"]["message"] == (
        "Unauthorized. Access token is missing, invalid, audience is incorrect"
        " (https://cognitiveservices.azure.com), or have expired."
    )
    refused = await emulator.http.get(CONTROL, headers={"authorization": f"Bearer {for_data}"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationTokenAudience")
    assert "wrong audience or resource 'https://cognitiveservices.azure.com'" in refused.json()["error"]["message"]
    assert "https://management.core.windows.net/" in refused.json()["error"]["message"]


async def test_the_life_of_tokens_is_switched_while_the_emulator_runs(start, clock):
    async with start(clock=clock) as emulator:
        key = {"api-key": emulator.key}
        early = (await token(emulator)).json()
        switched = await emulator.http.put("/emulator/identity", headers=key, json={"lifetime_seconds": 60})
        assert switched.json()["lifetime_seconds"] == 60
        late = (await token(emulator)).json()
        assert (early["expires_in"], late["expires_in"]) == (3600, 60)
        clock.seconds += 60
        assert [await status(emulator, V1, entry["access_token"]) for entry in (early, late)] == [200, 401]
        for wrong in (
            {"lifetime_seconds": 0},
            {"lifetime_seconds": True},
            {"approve_codes_at_once": 1},
            {"roles": ["King"]},
            {"roles": 3},
        ):
            assert (await emulator.http.put("/emulator/identity", headers=key, json=wrong)).status_code == 400
        assert (await emulator.http.get("/emulator/identity")).status_code == 401


async def begin(emulator, **form):
    filled = {"client_id": "program", "scope": f"{FOUNDRY}/.default openid offline_access", **form}
    return await emulator.http.post("/tenant/oauth2/v2.0/devicecode", data=filled)


async def poll(emulator, code, **form):
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    return await token(emulator, grant_type=grant, client_id="program", device_code=code, **form)


async def test_a_device_code_waits_for_its_person_and_serves_once(emulator):
    begun = (await begin(emulator)).json()
    waiting = await poll(emulator, begun["device_code"])
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    page = await emulator.http.get("/emulator/sign-in", params={"user_code": '"><script>'})
    assert "<script>" not in page.text
    form = {"user_code": begun["user_code"].lower(), "key": "guess"}
    assert (await emulator.http.post("/emulator/sign-in", data=form)).status_code == 401
    form["key"] = emulator.key
    assert (await emulator.http.post("/emulator/sign-in", data={**form, "user_code": "NOBODYS"})).status_code == 404
    assert (await emulator.http.post("/emulator/sign-in", data=form)).status_code == 200
    stolen = await token(emulator, grant_type="device_code", client_id="another", device_code=begun["device_code"])
    assert stolen.json()["error"] == "invalid_grant"
    given = (await poll(emulator, begun["device_code"])).json()
    assert await status(emulator, V1, given["access_token"]) == 200
    assert (await poll(emulator, begun["device_code"])).json()["error"] == "invalid_grant"
    refreshed = await token(
        emulator, grant_type="refresh_token", client_id="program", refresh_token=given["refresh_token"], scope="openid"
    )
    assert await status(emulator, V1, refreshed.json()["access_token"]) == 200
    for secret in (given["refresh_token"], given["id_token"]):
        assert await status(emulator, V1, secret) == 401
    for changes in ({"client_id": "another"}, {"refresh_token": given["access_token"]}):
        wrong = {"client_id": "program", "refresh_token": given["refresh_token"], **changes}
        assert (await token(emulator, grant_type="refresh_token", **wrong)).json()["error"] == "invalid_grant"


async def test_a_device_code_may_be_declined_and_expires(start, clock):
    async with start(clock=clock) as emulator:
        declined, late = (await begin(emulator)).json(), (await begin(emulator)).json()
        form = {"user_code": declined["user_code"], "key": emulator.key, "decision": "declined"}
        await emulator.http.post("/emulator/sign-in", data=form)
        assert (await poll(emulator, declined["device_code"])).json()["error"] == "authorization_declined"
        clock.seconds += late["expires_in"]
        form = {"user_code": late["user_code"], "key": emulator.key}
        assert (await emulator.http.post("/emulator/sign-in", data=form)).status_code == 404
        assert (await poll(emulator, late["device_code"])).json()["error"] == "expired_token"


@pytest.mark.parametrize("missing", ["client_id", "scope"])
async def test_a_device_code_needs_a_program_and_a_scope(emulator, missing):
    refused = await begin(emulator, **{missing: ""})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert missing in refused.json()["error_description"]


async def test_machines_and_the_stand_in_for_az_get_nothing_without_the_key(emulator):
    query = {"resource": DATA}
    refused = await emulator.http.get("/emulator/managed-identity", params=query, headers={"x-identity-header": "x"})
    assert refused.status_code == 403
    for path in ("show", "get-access-token"):
        assert (await emulator.http.get(f"/emulator/az/account/{path}", params=query)).status_code == 401
    key = {"x-identity-header": emulator.key, "api-key": emulator.key}
    for path in ("/emulator/managed-identity", "/emulator/az/account/get-access-token"):
        assert (await emulator.http.get(path, headers=key)).status_code == 400


@pytest.fixture
def server(serve_process):
    return serve_process()


@pytest.fixture
def snippet():
    """The documentation's credentials for this machine."""
    names = {}
    exec(compile(documented("python", "from azure.core.pipeline"), "docs/emulator.md", "exec"), names)
    return names


def models(server, credential):
    provider = get_bearer_token_provider(credential, f"{DATA}/.default")
    with AzureOpenAI(
        azure_endpoint=server.ready["endpoint"],
        azure_ad_token_provider=provider,
        api_version="2025-04-01-preview",
        max_retries=0,
    ) as client:
        return len(client.models.list().data)


_SIGN_IN = """
import sys
from azure.identity import {credential} as Credential
with Credential() as credential:
    for resource in sys.argv[1:]:
        print(credential.get_token(resource + "/.default").token)
"""


def signed_in(credential, *resources, **environment):
    """The tokens that a credential finds in a process with these variables."""
    call = [sys.executable, "-c", _SIGN_IN.format(credential=credential), *resources]
    done = subprocess.run(call, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def statuses(server, *tokens, path=DATED):
    url = f"{server.ready['endpoint']}{path}"
    return [httpx2.get(url, headers={"authorization": f"Bearer {entry}"}).status_code for entry in tokens]


def test_unchanged_azure_identity_signs_in_as_a_managed_identity(server):
    tokens = signed_in(
        "DefaultAzureCredential",
        *(DATA, ARM),
        IDENTITY_ENDPOINT=f"{server.ready['endpoint']}/emulator/managed-identity",
        IDENTITY_HEADER=server.ready["api_key"],
        AZURE_TOKEN_CREDENTIALS="ManagedIdentityCredential",
    )
    assert statuses(server, *tokens) == [200, 401]
    assert statuses(server, *tokens, path=CONTROL) == [401, 200]


def test_a_client_secret_signs_in_through_the_documented_transport(server, snippet):
    with snippet["by_secret"](server.ready["endpoint"], server.ready["api_key"]) as credential:
        assert models(server, credential) > 3
    with (
        snippet["by_secret"](server.ready["endpoint"], "guess") as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(f"{DATA}/.default")


def test_a_person_signs_in_with_a_device_code_through_the_documented_transport(server, snippet):
    seen = []

    def enter(page, code, expires):
        seen.append(page)
        assert httpx2.post(page, data={"user_code": code, "key": server.ready["api_key"]}).status_code == 200

    with snippet["by_code"](server.ready["endpoint"], enter) as credential:
        assert models(server, credential) > 3
        record = credential.authenticate(scopes=[f"{DATA}/.default"])
        # A token for another resource comes without asking the person again.
        assert credential.get_token(f"{FOUNDRY}/.default").token
    assert record.username == "developer@zava.example"
    assert len(seen) == 1


def test_the_documented_stand_in_for_az_signs_in(server, tmp_path):
    script = tmp_path / "az"
    script.write_text(documented("sh", "#!/bin/sh"))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (given,) = signed_in(
        "AzureCliCredential",
        DATA,
        PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        ENDPOINT=server.ready["endpoint"],
        KEY=server.ready["api_key"],
    )
    assert statuses(server, given) == [200]
