"""Quota: what each kind of deployment uses of what the subscription has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cupola_data.models import BaseModel

from ..errors import ApiError
from ..resource import Resource
from ..state import deployments
from ..state.deployments import Deployment
from .skus import SKUS, Sku, find_sku, supports

_MEASURES = {
    "tokens": "Tokens Per Minute (thousands)",
    "units": "Provisioned Managed Throughput Unit",
    "batch": "Enqueued tokens (thousands)",
}


@dataclass(frozen=True, slots=True)
class Quota:
    """One line of the usages list."""

    usage: str
    """Its name, such as `OpenAI.GlobalStandard.gpt-4.1-finetune`."""
    text: str
    """What people read."""
    limit: int
    used: int

    @property
    def available(self) -> int:
        """What is left."""
        return max(0, self.limit - self.used)


def _family(base: BaseModel, tuned: bool) -> str:
    return f"{base.name}-finetune" if tuned else base.name


def usage_name(sku: Sku, base: BaseModel, tuned: bool) -> str:
    """The name of the quota that a deployment counts against; provisioned units are shared by all models."""
    publisher = "AIServices" if base.open_weights else "OpenAI"
    return f"{publisher}.{sku.name}" if sku.kind == "units" else f"{publisher}.{sku.name}.{_family(base, tuned)}"


def _usage_of(resource: Resource, deployment: Deployment) -> str | None:
    sku, base = find_sku(deployment.sku), resource.catalogue.find(deployment.base)
    return usage_name(sku, base, deployment.tuned) if sku and base else None


def _used(resource: Resource, besides: str | None = None) -> Counter[str]:
    """What each quota is used for by the deployments that there are, `besides` left out."""
    used: Counter[str] = Counter()
    for deployment in deployments.all_deployments(resource.database):
        usage = _usage_of(resource, deployment)
        if usage is not None and deployment.name != besides:
            used[usage] += deployment.capacity
    return used


def _quota(
    resource: Resource, sku: Sku, base: BaseModel, tuned: bool, used: Counter[str], location: str | None
) -> Quota:
    usage = usage_name(sku, base, tuned)
    here = location in (None, resource.account.location)
    taken = used[usage] + deployments.held_quota(resource.database, usage, resource.clock.now()) if here else 0
    text = _MEASURES[sku.kind] if sku.kind == "units" else f"{_MEASURES[sku.kind]} - {_family(base, tuned)}"
    return Quota(usage, f"{text} - {sku.name}", sku.tuned_quota if tuned else sku.base_quota, taken)


def quota(
    resource: Resource,
    sku: Sku,
    base: BaseModel,
    tuned: bool,
    *,
    besides: str | None = None,
    location: str | None = None,
) -> Quota:
    """A quota as it stands in a region, by default the account's.

    Args:
        besides: A deployment to leave out, as it is about to change.
        location: Another region has quotas of its own, of which nothing is used.
    """
    return _quota(resource, sku, base, tuned, _used(resource, besides), location)


def quotas(resource: Resource, location: str) -> list[Quota]:
    """Every quota of a region that any known model counts against."""
    found: dict[str, Quota] = {}
    used = _used(resource)
    for sku in SKUS:
        for base in resource.catalogue.models:
            for tuned in (False, True):
                usage = usage_name(sku, base, tuned)
                if usage not in found and supports(sku, base, tuned, location):
                    found[usage] = _quota(resource, sku, base, tuned, used, location)
    return list(found.values())


def check_quota(resource: Resource, sku: Sku, base: BaseModel, tuned: bool, capacity: int, name: str) -> None:
    """Raise the service's refusal when the deployment `name` wants more capacity than its quota has left."""
    before = deployments.find(resource.database, name)
    freed = before.name if before is not None else None
    if before is not None and before.sku == sku.name and capacity <= before.capacity:
        return
    now = quota(resource, sku, base, tuned, besides=freed)
    if capacity <= now.available:
        return
    present = quota(resource, sku, base, tuned)
    new = capacity - (present.used - now.used)
    raise ApiError(
        400,
        "InsufficientQuota",
        f"This operation require {new} new capacity in quota {present.text}, which is bigger than the current"
        f" available capacity {present.available}. The current quota usage is {present.used} and the quota limit is"
        f" {present.limit} for quota {present.text}.",
    )


def hold(resource: Resource, deployment: Deployment, until: float) -> None:
    """Keep what a deployment used from being free at once."""
    usage = _usage_of(resource, deployment)
    if usage is not None:
        deployments.hold_quota(resource.database, usage, deployment.capacity, until)
