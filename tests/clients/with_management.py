"""Microsoft's older management client (azure-mgmt-cognitiveservices 13.6) on the deployment verbs."""

from __future__ import annotations

import sys
import time
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient, models

from .steps import BATCH_DEPLOYMENT, ready_line, run, until

_OVER_HTTP = {"enforce_https": False}
"""The client sends bearer tokens over plain HTTP only when it is told so on each call."""


class AnyToken:
    """The emulator's control plane takes every bearer token that does not say that it has expired."""

    def get_token(self, *_scopes: str, **_settings: Any) -> AccessToken:
        """A token that means nothing."""
        return AccessToken("opaque", int(time.time()) + 3600)


class WithManagement:
    """One walk through the control plane."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.client = CognitiveServicesManagementClient(
            AnyToken(), ready["subscription_id"], base_url=ready["arm_endpoint"]
        )
        self.place = (ready["resource_group"], ready["account"])
        self.key = ready["api_key"]

    def deploy(self, name: str, model: str, version: str, sku: str, capacity: int) -> Any:
        """Put a deployment and wait until the control plane says Succeeded."""
        wanted = models.Deployment(
            sku=models.Sku(name=sku, capacity=capacity),
            properties=models.DeploymentProperties(
                model=models.DeploymentModel(format="OpenAI", name=model, version=version)
            ),
        )
        poller = self.client.deployments.begin_create_or_update(*self.place, name, wanted, **_OVER_HTTP)
        made = poller.result()
        assert made.properties.provisioning_state == "Succeeded"
        return made

    def discover(self) -> object:
        """accounts: list, get, list_keys, list_models"""
        (found,) = self.client.accounts.list(**_OVER_HTTP)
        account = self.client.accounts.get(*self.place, **_OVER_HTTP)
        assert found.id == account.id
        assert self.client.accounts.list_keys(*self.place, **_OVER_HTTP).key1 == self.key
        tunable = [model.name for model in self.client.accounts.list_models(*self.place, **_OVER_HTTP)]
        return f"{account.kind} {account.name} in {account.location}, {len(tunable)} models"

    def create(self) -> object:
        """deployments: begin_create_or_update, get, list, list_skus"""
        made = self.deploy(BATCH_DEPLOYMENT, "gpt-4.1", "2025-04-14", "GlobalBatch", 1000)
        self.deploy("passing", "gpt-4.1-mini", "2025-04-14", "GlobalStandard", 20)
        read = self.client.deployments.get(*self.place, "passing", **_OVER_HTTP)
        assert {rule.key: rule.count for rule in read.properties.rate_limits} == {"request": 20, "token": 20_000}
        listed = [entry.name for entry in self.client.deployments.list(*self.place, **_OVER_HTTP)]
        assert {BATCH_DEPLOYMENT, "passing"} <= set(listed)
        skus = list(self.client.deployments.list_skus(*self.place, "passing", **_OVER_HTTP))
        assert [entry.sku.name for entry in skus] == ["GlobalStandard"]
        return f"{made.name} {made.sku.name} {made.sku.capacity}, {len(listed)} deployments"

    def update(self) -> object:
        """deployments: begin_update"""
        change = models.PatchResourceTagsAndSku(sku=models.Sku(name="GlobalStandard", capacity=30))
        changed = self.client.deployments.begin_update(*self.place, "passing", change, **_OVER_HTTP).result()
        assert changed.sku.capacity == 30
        return f"capacity {changed.sku.capacity}"

    def quota(self) -> object:
        """usages: list; a deployment beyond its quota is refused"""
        usages = {usage.name.value: usage for usage in self.client.usages.list("swedencentral", **_OVER_HTTP)}
        usage = usages["OpenAI.GlobalStandard.gpt-4.1-mini"]
        try:
            self.deploy("too-much", "gpt-4.1-mini", "2025-04-14", "GlobalStandard", int(usage.limit) + 1)
        except HttpResponseError as refusal:
            assert refusal.error.code == "InsufficientQuota", refusal
            return f"{usage.current_value:g} of {usage.limit:g} used; {refusal.error.code}"
        raise AssertionError("More than the quota was given.")

    def delete(self) -> object:
        """deployments: begin_delete, and the name is gone"""
        poller = self.client.deployments.begin_delete(*self.place, "passing", **_OVER_HTTP)
        poller.wait()
        assert poller.status() == "Succeeded"
        until(self._is_gone)
        return "ResourceNotFound"

    def _is_gone(self) -> bool:
        try:
            self.client.deployments.get(*self.place, "passing", **_OVER_HTTP)
        except ResourceNotFoundError:
            return True
        return False


def main() -> int:
    """Run every step; 1 when one failed."""
    walk = WithManagement(ready_line())
    return 1 if run((walk.discover, walk.create, walk.update, walk.quota, walk.delete)) else 0


if __name__ == "__main__":
    sys.exit(main())
