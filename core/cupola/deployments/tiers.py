"""The tiers a model can be deployed on, what each is for, and what it costs by the hour."""

from __future__ import annotations

from dataclasses import dataclass

from cupola_data.prices import PriceList, price_list

from ..store.deployments import Deployment, State, is_tuned

DEVELOPER_LIFE_SECONDS = 24 * 3600.0
"""After so long the service itself removes a developer deployment, used or not."""

UNUSED_LIFE_SECONDS = 15 * 24 * 3600.0
"""After so long without a call the service itself removes any other tuned deployment; the model stays."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One SKU."""

    name: str
    """In the service's spelling."""
    about: str
    unit: str = "thousand tokens a minute"


TIERS: tuple[Tier, ...] = (
    Tier("DeveloperTier", "tuned models only, to try them: no hosting fee, the service removes it after 24 hours"),
    Tier("Standard", "in the resource's region; a tuned model costs by the hour, also when idle"),
    Tier("GlobalStandard", "anywhere in the world; a tuned model costs by the hour, also when idle"),
    Tier("DataZoneStandard", "inside the EU or US data zone; a tuned model costs by the hour, also when idle"),
    Tier("ProvisionedManaged", "reserved throughput by the hour, used or not", "throughput units"),
    Tier("GlobalProvisionedManaged", "reserved throughput anywhere, by the hour", "throughput units"),
    Tier("DataZoneProvisionedManaged", "reserved throughput inside a data zone, by the hour", "throughput units"),
    Tier("GlobalBatch", "base models only, for batches", "thousand enqueued tokens"),
)
"""The tiers of the service as Cupola offers them, cheapest first."""

_OTHER_NAMES = {"developer": "developertier"}


@dataclass(frozen=True, slots=True)
class Hosting:
    """What a deployment costs for standing there, tokens aside."""

    usd_per_hour: float | None
    """None where the sources leave it open."""
    source: str = ""
    """Where it was read, and when."""


def find_tier(name: str) -> Tier | None:
    """The tier of that name, in any case; `Developer` is another name of `DeveloperTier`."""
    wanted = _OTHER_NAMES.get(name.casefold(), name.casefold())
    return next((tier for tier in TIERS if tier.name.casefold() == wanted), None)


def hosting(model: str, sku: str, prices: PriceList | None = None) -> Hosting:
    """What a model on a tier costs by the hour. A base model on a token tier is paid by the token alone."""
    tier = find_tier(sku)
    if tier is not None and tier.unit == "throughput units":
        return Hosting(None)
    if not is_tuned(model):
        return Hosting(0.0, "base models are paid by the token")
    found = (prices or price_list()).find("*", "hosting_hours", tier.name if tier else sku)
    return Hosting(None) if found is None else Hosting(found.usd, f"{found.source}, {found.date}")


def hosting_so_far(deployment: Deployment, now: float, prices: PriceList | None = None) -> float | None:
    """Dollars for the time that a deployment has stood; None where the hourly price is not known."""
    if deployment.created_at is None:
        return 0.0
    hourly = hosting(deployment.model, deployment.sku, prices).usd_per_hour
    end = deployment.gone_at if deployment.gone_at is not None else now
    return None if hourly is None else hourly * max(0.0, end - deployment.created_at) / 3600.0


def goes_at(deployment: Deployment) -> float | None:
    """When it goes at the latest as far as is known: by its fuse, or the service's own rule for developer ones."""
    if deployment.state is State.GONE or (deployment.state is State.FAILED and not deployment.stands):
        return None
    own = deployment.fuse_at
    tier = find_tier(deployment.sku)
    if tier is None or tier.name != "DeveloperTier" or deployment.created_at is None:
        return own
    theirs = deployment.created_at + DEVELOPER_LIFE_SECONDS
    return theirs if own is None else min(own, theirs)
