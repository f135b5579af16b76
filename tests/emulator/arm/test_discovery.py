"""The way to an account, and who may go it."""

from __future__ import annotations

import base64
import json

import pytest


def jwt(claims):
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({}, claims)]
    return ".".join([*parts, "signature"])


async def test_everything_is_found_from_the_subscription_down(arm):
    subscriptions = (await arm.call("GET", "/subscriptions", version="2022-12-01")).json()["value"]
    assert [(entry["subscriptionId"], entry["state"]) for entry in subscriptions] == [
        (arm.account.subscription_id, "Enabled")
    ]
    one = (await arm.call("GET", arm.subscription, version="2022-12-01")).json()
    assert one == subscriptions[0]
    groups = (await arm.call("GET", f"{arm.subscription}/resourcegroups", version="2021-04-01")).json()["value"]
    assert (await arm.call("GET", groups[0]["id"], version="2021-04-01")).json() == groups[0]
    accounts = (await arm.call("GET", f"{arm.provider}/accounts")).json()["value"]
    assert (await arm.call("GET", accounts[0]["id"])).json() == accounts[0]
    projects = (await arm.call("GET", "projects")).json()["value"]
    endpoint = projects[0]["properties"]["endpoints"]["AI Foundry API"]
    assert endpoint == "http://127.0.0.1:8000/api/projects/zava"
    assert (await arm.call("GET", "projects/nobody")).status_code == 404


async def test_both_keys_open_the_data_plane(arm):
    keys = (await arm.call("POST", "listKeys")).json()
    assert len(set(keys.values())) == 2
    for key in keys.values():
        answer = await arm.emulator.http.get("/openai/v1/files", headers={"api-key": key})
        assert answer.status_code == 200


async def test_paths_are_known_in_any_case(arm):
    path = arm.path.replace("resourceGroups", "RESOURCEGROUPS").replace("Microsoft.Cog", "microsoft.cog")
    assert (await arm.call("GET", f"{path}/Deployments/GPT-4.1")).json()["name"] == "gpt-4.1"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/subscriptions/other/resourceGroups", "SubscriptionNotFound"),
        ("{subscription}/resourceGroups/other", "ResourceGroupNotFound"),
        ("{group}/providers/Microsoft.CognitiveServices/accounts/other", "ResourceNotFound"),
        ("{group}/providers/Microsoft.CognitiveServices/accounts/zava/deployments/other", "ResourceNotFound"),
        ("{provider}/locations/swedencentral/operationStatuses/other", "OperationNotFound"),
        ("{provider}/locations/swedencentral/operationResults/other", "OperationNotFound"),
    ],
)
async def test_what_is_not_there_is_said_in_resource_managers_words(arm, path, code):
    group = f"{arm.subscription}/resourceGroups/{arm.account.resource_group}"
    url = path.format(subscription=arm.subscription, group=group, provider=arm.provider)
    answer = await arm.call("GET", url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


@pytest.mark.parametrize(
    ("version", "code"),
    [
        (None, "MissingApiVersionParameter"),
        ("latest", "InvalidApiVersionParameter"),
        ("1999-01-01", "NoRegisteredProviderFound"),
    ],
)
async def test_versions_are_held_to_resource_managers_rules(arm, version, code):
    answer = await arm.call("GET", "deployments", version=version)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_capacities_need_the_whole_model(arm):
    answer = await arm.call("GET", f"{arm.provider}/modelCapacities?modelName=gpt-4.1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestParameter")


@pytest.mark.parametrize("headers", [{}, {"api-key": "key"}, {"authorization": "Basic abc"}])
async def test_without_a_bearer_token_the_control_plane_challenges(arm, headers):
    answer = await arm.call("GET", "deployments", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")
    assert answer.headers["www-authenticate"].startswith('Bearer authorization_uri="https://login.windows.net/')


async def test_a_token_that_says_it_has_expired_is_refused_by_whoever_issued_it(arm):
    async def status(claims):
        answer = await arm.call("GET", "deployments", headers={"authorization": f"Bearer {jwt(claims)}"})
        return answer.status_code

    assert await status({"exp": int(arm.clock()) + 1}) == 200
    assert await status({"exp": int(arm.clock())}) == 401
    for unreadable in ({}, [], {"exp": "soon"}, {"exp": 10**40}, None):
        assert await status(unreadable) == 200


async def test_short_lived_tokens_expire_on_both_planes(arm):
    async def bearer(audience):
        form = {"client_secret": arm.account.api_key, "scope": f"{audience}/.default", "lifetime": "20"}
        issued = await arm.emulator.http.post(f"/{arm.account.tenant_id}/oauth2/v2.0/token", data=form)
        assert issued.json()["expires_in"] == 20
        return {"authorization": f"Bearer {issued.json()['access_token']}"}

    manager, user = await bearer("https://management.azure.com"), await bearer("https://ai.azure.com")
    assert (await arm.call("GET", "deployments", headers=manager)).status_code == 200
    assert (await arm.emulator.http.get("/openai/v1/files", headers=user)).status_code == 200
    arm.clock.seconds += 20
    control = await arm.call("GET", "deployments", headers=manager)
    assert control.json()["error"]["code"] == "ExpiredAuthenticationToken"
    assert "is earlier than current UTC time" in control.headers["www-authenticate"]
    data = await arm.emulator.http.get("/openai/v1/files", headers=user)
    assert (data.status_code, data.json()["error"]["code"]) == (401, "401")
    assert "expired" in data.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"lifetime": "-1"}, 400, "invalid_request"),
    ],
)
async def test_the_token_endpoint_refuses_as_entra_does(arm, change, status, error):
    form = {"grant_type": "client_credentials", "client_secret": arm.account.api_key, **change}
    answer = await arm.emulator.http.post("/tenant/oauth2/v2.0/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"].startswith("AADSTS")
