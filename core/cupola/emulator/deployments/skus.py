"""The SKUs of deployments: what each may hold, and how capacity becomes rate limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cupola_data.models import BaseModel

from ..state.deployments import Deployment

SkuKind = Literal["tokens", "units", "batch"]

TOKENS_PER_CAPACITY = 1000
"""One unit of a token SKU is a thousand tokens a minute."""

TOKENS_PER_THROUGHPUT_UNIT = 2500
"""Tokens a minute of one provisioned unit; declared for the emulator, the service's figure differs by model."""


@dataclass(frozen=True, slots=True)
class Sku:
    """One way to deploy."""

    name: str
    kind: SkuKind
    base_quota: int
    """What a base model may have in all, in the SKU's units; declared for the emulator."""
    tuned_quota: int
    """What a model's tuned descendants may have in all; 0 where tuned models are not taken."""


SKUS: tuple[Sku, ...] = (
    Sku("Standard", "tokens", 5_000, 500),
    Sku("GlobalStandard", "tokens", 30_000, 1_000),
    Sku("DataZoneStandard", "tokens", 10_000, 1_000),
    Sku("DeveloperTier", "tokens", 0, 1_000),
    Sku("ProvisionedManaged", "units", 300, 300),
    Sku("GlobalProvisionedManaged", "units", 300, 300),
    Sku("DataZoneProvisionedManaged", "units", 300, 300),
    Sku("GlobalBatch", "batch", 5_000_000, 0),
    Sku("DataZoneBatch", "batch", 5_000_000, 0),
)
"""Every SKU with its declared quota."""

_BY_NAME = {sku.name.casefold(): sku for sku in SKUS}
_OTHER_NAMES = {"developer": "developertier"}
_OPEN_MODELS = ("GlobalStandard",)

_REQUESTS_PER_CAPACITY = {"gpt-4o": 6.0, "gpt-4o-mini": 6.0, "o3-mini": 0.1}
"""Requests a minute that one unit of capacity brings; 1 for every model not named here."""


_GLOBAL_UNITS = (15, 5)
_REGIONAL_UNITS = {"gpt-4.1-mini": (25, 25), "gpt-4.1-nano": (25, 25), "gpt-4o-mini": (25, 25), "o4-mini": (25, 25)}
_OTHER_REGIONAL_UNITS = (50, 50)
"""The fewest provisioned units and their steps, from memory of the service's documentation."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a deployment takes in a minute; None is no limit of that kind."""

    requests: int | None
    tokens: int | None


def find_sku(name: str) -> Sku | None:
    """The SKU of that name, in any case; `Developer` is another name of `DeveloperTier`."""
    wanted = name.casefold()
    return _BY_NAME.get(_OTHER_NAMES.get(wanted, wanted))


def supports(sku: Sku, base: BaseModel, tuned: bool, location: str) -> bool:
    """Whether a model can be deployed under a SKU in a region."""
    if (sku.tuned_quota if tuned else sku.base_quota) == 0:
        return False
    if base.open_weights:
        return sku.name in _OPEN_MODELS
    return sku.name != "Standard" or location in base.regions


def capacity_steps(sku: Sku, base: BaseModel) -> tuple[int, int]:
    """The least capacity of a deployment and the steps in which it grows."""
    if sku.kind != "units":
        return 1, 1
    regional = sku.name == "ProvisionedManaged"
    return _REGIONAL_UNITS.get(base.name, _OTHER_REGIONAL_UNITS) if regional else _GLOBAL_UNITS


def deployment_limits(deployment: Deployment) -> Limits:
    """The rate limits that a deployment's capacity brings."""
    sku = find_sku(deployment.sku)
    if sku is None or sku.kind == "batch":
        return Limits(None, None)
    if sku.kind == "units":
        return Limits(None, deployment.capacity * TOKENS_PER_THROUGHPUT_UNIT)
    requests = int(deployment.capacity * _REQUESTS_PER_CAPACITY.get(deployment.base, 1.0))
    return Limits(max(1, requests), deployment.capacity * TOKENS_PER_CAPACITY)
