"""Make, change and remove deployments, and let those go whose time is over. All times are emulated."""

from __future__ import annotations

import uuid
from typing import Any

from cupola_data.models import BaseModel

from ..clock import Clock
from ..resource import Resource
from ..state import deployments
from ..state.database import transaction
from ..state.deployments import Deployment, Operation, OperationKind
from . import quota
from .request import DeploymentRequest

CREATE_SECONDS = {False: 2.0, True: 8.0}
"""How long the control plane says Creating, for base and for tuned models; minutes on the real service."""

UPDATE_SECONDS = 1.0
DELETE_SECONDS = 2.0

READY_SECONDS = 3.0
"""How long the data plane still says DeploymentNotFound after the control plane has said Succeeded."""

QUOTA_HOLD_SECONDS = 15.0
"""How long the quota of a deleted deployment is not free yet."""

DEVELOPER_LIFE_SECONDS = 24 * 3600.0
"""A developer deployment goes after this, used or not."""

IDLE_LIFE_SECONDS = 15 * 24 * 3600.0
"""Any other tuned deployment goes after this without a call."""

BASE_CAPACITY = 10_000
"""Capacity of the deployments that every base model has from the start; declared, and generous."""

_TOUCH_SECONDS = 60.0
_NEVER = 1e12
"""Unix seconds that no clock reaches: a deployment that failed is never ready."""


def is_over(clock: Clock, deployment: Deployment) -> bool:
    """Whether a deployment's life has ended: deleted, a day old on the developer tier, or tuned and long unused."""
    if deployment.deleted_at is not None and clock.now() >= deployment.deleted_at:
        return True
    if deployment.sku == "DeveloperTier":
        return clock.passed(deployment.created_at) >= DEVELOPER_LIFE_SECONDS
    return deployment.tuned and clock.passed(deployment.used_at) >= IDLE_LIFE_SECONDS


def _let_go(resource: Resource, deployment: Deployment) -> None:
    ended = deployment.deleted_at or resource.clock.now()
    with transaction(resource.database):
        deployments.remove(resource.database, deployment.name)
        quota.hold(resource, deployment, ended + resource.clock.real(QUOTA_HOLD_SECONDS))


def find(resource: Resource, name: str) -> Deployment | None:
    """The deployment of that name, in any case, while it lives; it may be on its way in or out."""
    deployment = deployments.find(resource.database, name)
    if deployment is not None and is_over(resource.clock, deployment):
        _let_go(resource, deployment)
        return None
    return deployment


def living(resource: Resource) -> list[Deployment]:
    """Every deployment that lives, oldest first."""
    found = []
    for deployment in deployments.all_deployments(resource.database):
        if is_over(resource.clock, deployment):
            _let_go(resource, deployment)
        else:
            found.append(deployment)
    return found


def find_ready(resource: Resource, name: str) -> Deployment | None:
    """The deployment of that name if the data plane answers for it."""
    deployment = find(resource, name)
    if deployment is None or deployment.deleted_at is not None or resource.clock.now() < deployment.ready_at:
        return None
    return deployment


def touch(resource: Resource, deployment: Deployment) -> None:
    """Note that a deployment was used; to the minute is enough for a life of days."""
    if resource.clock.passed(deployment.used_at) >= _TOUCH_SECONDS:
        deployments.update(resource.database, deployment.name, used_at=resource.clock.now())


def _start(resource: Resource, kind: OperationKind, name: str, seconds: float, failure: str | None = None) -> Operation:
    now = resource.clock.now()
    operation = Operation(str(uuid.uuid4()), kind, name, now, now + resource.clock.real(seconds), failure)
    deployments.add_operation(resource.database, operation)
    return operation


def create(resource: Resource, name: str, wanted: DeploymentRequest, failure: str | None = None) -> Operation:
    """Begin to make a deployment under a name that is free; with a `failure` it stays as Failed until it is deleted."""
    with transaction(resource.database):
        operation = _start(resource, "create", name, CREATE_SECONDS[wanted.tuned], failure)
        ready_at = operation.ends_at + resource.clock.real(READY_SECONDS) if failure is None else _NEVER
        deployment = Deployment(
            name=name,
            model=wanted.model,
            version=wanted.version,
            format=wanted.format,
            sku=wanted.sku.name,
            capacity=wanted.capacity,
            base=wanted.base.name,
            tuned=wanted.tuned,
            created_at=operation.started_at,
            succeeded_at=operation.ends_at,
            ready_at=ready_at,
            used_at=operation.started_at,
            modified_at=operation.started_at,
            options=wanted.options,
            failure=failure,
        )
        deployments.add(resource.database, deployment)
    return operation


def update(resource: Resource, deployment: Deployment, failure: str | None = None, **changes: Any) -> Operation:
    """Begin to change a deployment; it goes on answering. With a `failure` nothing of it changes but its state."""
    with transaction(resource.database):
        operation = _start(resource, "update", deployment.name, UPDATE_SECONDS, failure)
        times: dict[str, Any] = {
            "succeeded_at": operation.ends_at,
            "modified_at": operation.started_at,
            "failure": failure,
        }
        if failure is None and deployment.ready_at >= _NEVER:
            times["ready_at"] = operation.ends_at + resource.clock.real(READY_SECONDS)
        deployments.update(resource.database, deployment.name, **times, **(changes if failure is None else {}))
    return operation


def delete(resource: Resource, deployment: Deployment) -> Operation:
    """Begin to remove a deployment; the data plane forgets it at once."""
    with transaction(resource.database):
        operation = _start(resource, "delete", deployment.name, DELETE_SECONDS)
        deployments.update(resource.database, deployment.name, deleted_at=operation.ends_at)
    return operation


def deploy_base_models(resource: Resource) -> None:
    """On a new state, give every base chat model a deployment under its own name."""
    if not deployments.is_untouched(resource.database):
        return
    now = resource.clock.now()
    with transaction(resource.database):
        for model in resource.catalogue.models:
            if model.chat:
                deployments.add(resource.database, _base_deployment(model, now))


def _base_deployment(model: BaseModel, now: float) -> Deployment:
    return Deployment(
        name=model.name,
        model=model.id,
        version=model.version,
        format=model.format,
        sku="GlobalStandard",
        capacity=BASE_CAPACITY,
        base=model.name,
        tuned=False,
        created_at=now,
        succeeded_at=now,
        ready_at=now,
        used_at=now,
        modified_at=now,
    )
