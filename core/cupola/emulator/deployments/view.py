"""Deployments as the control plane and the project route show them."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from ..account import Account
from ..resource import Resource
from ..state.deployments import Deployment
from .skus import deployment_limits

_ACTOR = {"createdBy": "cupola-emulator", "createdByType": "Application"}


def account_id(account: Account) -> str:
    """The account's resource id."""
    return (
        f"/subscriptions/{account.subscription_id}/resourceGroups/{account.resource_group}"
        f"/providers/Microsoft.CognitiveServices/accounts/{account.name}"
    )


def timestamp(seconds: float) -> str:
    """ISO 8601 in UTC, as the control plane writes times."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def provisioning_state(deployment: Deployment, now: float) -> str:
    """What the control plane says of a deployment that lives."""
    if deployment.deleted_at is not None:
        return "Deleting"
    if now >= deployment.succeeded_at:
        return "Succeeded" if deployment.failure is None else "Failed"
    return "Creating" if deployment.modified_at == deployment.created_at else "Accepted"


def _rate_limits(deployment: Deployment) -> list[dict[str, Any]]:
    found = deployment_limits(deployment)
    counts = (("request", found.requests), ("token", found.tokens))
    return [{"key": key, "renewalPeriod": 60, "count": count} for key, count in counts if count is not None]


def _model(resource: Resource, deployment: Deployment) -> dict[str, Any]:
    name = deployment.model if deployment.tuned else deployment.base
    model = {"format": deployment.format, "name": name, "version": deployment.version}
    if "sourceAccount" in deployment.options:
        model["sourceAccount"] = deployment.options["sourceAccount"]
    return model


def _etag(deployment: Deployment) -> str:
    digest = hashlib.sha256(repr((deployment.name, deployment.modified_at, deployment.capacity)).encode()).hexdigest()
    return f'"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"'


def render_deployment(resource: Resource, deployment: Deployment) -> dict[str, Any]:
    """The control plane's JSON of a deployment."""
    repeated = {key: value for key, value in deployment.options.items() if key not in ("tags", "sourceAccount")}
    body: dict[str, Any] = {
        "id": f"{account_id(resource.account)}/deployments/{deployment.name}",
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "name": deployment.name,
        "sku": {"name": deployment.sku, "capacity": deployment.capacity},
        "properties": {
            "model": _model(resource, deployment),
            "versionUpgradeOption": "NoAutoUpgrade" if deployment.tuned else "OnceNewDefaultVersionAvailable",
            "currentCapacity": deployment.capacity,
            "capabilities": {"chatCompletion": "true", "responses": "true"},
            "provisioningState": provisioning_state(deployment, resource.clock.now()),
            "rateLimits": _rate_limits(deployment),
            **repeated,
        },
        "systemData": {
            **_ACTOR,
            "createdAt": timestamp(deployment.created_at),
            "lastModifiedBy": _ACTOR["createdBy"],
            "lastModifiedByType": _ACTOR["createdByType"],
            "lastModifiedAt": timestamp(deployment.modified_at),
        },
        "etag": _etag(deployment),
    }
    if "tags" in deployment.options:
        body["tags"] = deployment.options["tags"]
    return body


def render_project_deployment(deployment: Deployment) -> dict[str, Any]:
    """The project route's JSON of a deployment."""
    return {
        "name": deployment.name,
        "type": "ModelDeployment",
        "modelName": deployment.model if deployment.tuned else deployment.base,
        "modelVersion": deployment.version,
        "modelPublisher": deployment.format,
        "capabilities": {"chat_completion": "true"},
        "sku": {"name": deployment.sku, "capacity": deployment.capacity},
    }
