"""Microsoft's own management client against the control plane, over http, every verb."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx2
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.cognitiveservices import models as sdk

VERSIONS = ("2024-10-01", "2025-06-01", "2025-09-01")


class NoCredential:
    def get_token(self, *scopes: str, **settings: Any) -> AccessToken:
        return AccessToken("opaque", int(time.time()) + 3600)


class BearerOverHttp(SansIOHTTPPolicy):
    """The SDK's own policy refuses to send a token over http."""

    def on_request(self, request: Any) -> None:
        request.http_request.headers["Authorization"] = "Bearer opaque"


@pytest.fixture
def connect(server):
    opened = []

    def connect(version: str = "2025-09-01", **settings: Any) -> CognitiveServicesManagementClient:
        client = CognitiveServicesManagementClient(
            NoCredential(),
            server["subscription_id"],
            base_url=server["arm_endpoint"],
            api_version=version,
            **{"authentication_policy": BearerOverHttp(), "retry_total": 0, **settings},
        )
        opened.append(client)
        return client

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def place(server):
    return server["resource_group"], server["account"]


def strictly(read: Any, raw: dict[str, Any]) -> None:
    """The SDK's model knows every field of the service's JSON, with its type."""
    written = read.serialize(keep_readonly=True)
    for key, value in raw.items():
        if isinstance(value, dict) and isinstance(written.get(key), dict):
            assert set(value) == set(written[key]), key
        else:
            assert key in written, key


def raw_of(pipeline: Any, read: Any, _headers: Any) -> tuple[Any, dict[str, Any]]:
    return read, pipeline.http_response.json()


def model(name: str = "gpt-4.1-mini", version: str = "2025-04-14") -> sdk.Deployment:
    return sdk.Deployment(
        sku=sdk.Sku(name="GlobalStandard", capacity=20),
        properties=sdk.DeploymentProperties(model=sdk.DeploymentModel(format="OpenAI", name=name, version=version)),
        tags={"arm": "b"},
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_accounts_are_found_from_the_subscription_with_their_keys(connect, place, server, version):
    client = connect(version)
    accounts = list(client.accounts.list())
    assert [account.name for account in accounts] == [place[1]]
    assert [account.id for account in client.accounts.list_by_resource_group(place[0])] == [accounts[0].id]
    account, raw = client.accounts.get(*place, cls=raw_of)
    strictly(account, raw)
    assert account.kind == "AIServices"
    assert account.properties.endpoint == f"{server['endpoint']}/"
    assert client.accounts.list_keys(*place).key1 == server["api_key"]


def test_projects_are_found_where_the_version_knows_them(connect, place, server):
    projects = list(connect().projects.list(*place))
    assert [project.properties.is_default for project in projects] == [True]
    name = projects[0].name.split("/")[1]
    project, raw = connect().projects.get(*place, name, cls=raw_of)
    strictly(project, raw)
    assert project.properties.endpoints["AI Foundry API"] == f"{server['endpoint']}/api/projects/{name}"
    with pytest.raises(HttpResponseError) as failure:
        list(connect("2024-10-01").projects.list(*place))
    assert failure.value.error.code == "NoRegisteredProviderFound"


@pytest.mark.parametrize("version", VERSIONS)
def test_models_usages_and_capacities_agree(connect, place, version):
    client = connect(version)
    found = {entry.name: entry for entry in client.accounts.list_models(*place)}
    nano = found["gpt-4.1-nano"]
    assert nano.capabilities["fineTune"] == "true"
    assert nano.deprecation.inference == "2026-10-14T00:00:00Z"
    sku = next(sku for sku in nano.skus if sku.name == "GlobalStandard")
    usages = {usage.name.value: usage for usage in client.usages.list("swedencentral")}
    usage = usages[sku.usage_name]
    assert (usage.current_value, usage.limit) == (10_000, sku.capacity.maximum)
    capacities = client.location_based_model_capacities.list("swedencentral", "OpenAI", nano.name, nano.version)
    left = {entry.name: entry.properties for entry in capacities}
    assert left["GlobalStandard"].available_capacity == usage.limit - usage.current_value
    assert left["DeveloperTier" if "DeveloperTier" in left else "Standard"].available_finetune_capacity > 0
    assert list(client.model_capacities.list("OpenAI", nano.name, "no such version")) == []
    assert len(list(client.models.list("swedencentral"))) == len(found)
    elsewhere = {entry.model.name: entry.model for entry in client.models.list("westus3")}
    assert "Standard" not in [sku.name for sku in elsewhere["gpt-4.1-nano"].skus]
    assert list(client.models.list("atlantis")) == list(client.usages.list("atlantis")) == []
    assert {usage.current_value for usage in client.usages.list("westus3")} == {0}


def test_a_deployment_lives_through_every_verb(connect, place):
    client = connect()
    told = []
    wanted = client.deployments.begin_create_or_update(
        *place, "every-verb", model(), raw_response_hook=lambda answer: told.append(answer.http_response)
    )
    made = wanted.result()
    assert told[0].status_code == 201
    assert json.loads(told[0].body())["properties"]["provisioningState"] == "Creating"
    assert made.properties.provisioning_state == "Succeeded"
    assert (made.sku.name, made.sku.capacity, made.tags) == ("GlobalStandard", 20, {"arm": "b"})
    limits = {rule.key: (rule.count, rule.renewal_period) for rule in made.properties.rate_limits}
    assert limits == {"request": (20, 60), "token": (20_000, 60)}

    read, raw = client.deployments.get(*place, "every-verb", cls=raw_of)
    strictly(read, raw)
    strictly(read.properties, raw["properties"])
    assert "every-verb" in [entry.name for entry in client.deployments.list(*place)]
    assert [sku.sku.name for sku in client.deployments.list_skus(*place, "every-verb")] == ["GlobalStandard"]

    change = sdk.PatchResourceTagsAndSku(sku=sdk.Sku(name="GlobalStandard", capacity=30))
    changed = client.deployments.begin_update(*place, "every-verb", change).result()
    assert (changed.sku.capacity, changed.properties.provisioning_state) == (30, "Succeeded")
    assert changed.etag != made.etag

    wider = model()
    wider.sku.capacity = 40
    replaced = client.deployments.begin_create_or_update(*place, "every-verb", wider).result()
    assert (replaced.sku.capacity, replaced.properties.current_capacity) == (40, 40)

    client.deployments.begin_delete(*place, "every-verb").result()
    with pytest.raises(ResourceNotFoundError) as failure:
        client.deployments.get(*place, "every-verb")
    assert failure.value.error.code == "ResourceNotFound"
    client.deployments.begin_delete(*place, "every-verb").result()


@pytest.mark.parametrize("version", ["2024-10-01", "2025-06-01"])
def test_older_versions_deploy_too(connect, place, version):
    client = connect(version)
    made = client.deployments.begin_create_or_update(*place, f"older-{version}", model()).result()
    assert made.properties.provisioning_state == "Succeeded"
    again = client.deployments.begin_create_or_update(*place, f"older-{version}", model()).result()
    assert again.etag == made.etag


def test_the_sdk_says_that_a_deployment_failed_and_makes_it_anew(connect, place, server):
    client, headers = connect(), {"api-key": server["api_key"]}
    rule = {"route": "PUT */deployments/doomed", "fault": "deployment_fails", "times": 1}
    httpx2.put(f"{server['endpoint']}/emulator/faults", headers=headers, json={"rules": [rule]}).raise_for_status()
    poller = client.deployments.begin_create_or_update(*place, "doomed", model())
    with pytest.raises(HttpResponseError, match="An error occurred"):
        poller.result()
    assert poller.status() == "Failed"
    assert client.deployments.get(*place, "doomed").properties.provisioning_state == "Failed"
    again = client.deployments.begin_create_or_update(*place, "doomed", model()).result()
    assert again.properties.provisioning_state == "Succeeded"


def test_the_sdk_raises_what_the_service_refuses(connect, place):
    client = connect()
    with pytest.raises(HttpResponseError) as failure:
        client.deployments.begin_create_or_update(*place, "refused", model(version="1999-01-01"))
    assert (failure.value.status_code, failure.value.error.code) == (400, "DeploymentModelNotSupported")
    with pytest.raises(ResourceExistsError):
        client.deployments.begin_create_or_update(*place, "gpt-4.1", model())
    with pytest.raises(ResourceNotFoundError):
        client.deployments.get("elsewhere", place[1], "gpt-4.1")
    with pytest.raises(ClientAuthenticationError):
        list(connect(authentication_policy=SansIOHTTPPolicy()).accounts.list())
