"""Which quota a deployment draws on, and how much of it is free."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmarks.prices import base_of
from ..store.control_plane import QuotaLine
from ..store.deployments import is_tuned
from .tiers import find_tier


def quota_of(lines: Sequence[QuotaLine], model: str, sku: str) -> QuotaLine | None:
    """The quota that a model on a tier draws on, None where the service's list has none that fits.

    Names look like `OpenAI.GlobalStandard.gpt-4.1`, for tuned models with `-finetune` at the end; provisioned units are
    shared by all models (`OpenAI.ProvisionedManaged`).
    """
    base, tier = base_of(model), find_tier(sku)
    family = (base.name if base else model).casefold()
    wanted = f"{family}-finetune" if is_tuned(model) else family
    own = (tier.name if tier else sku).casefold()
    for line in lines:
        _, _, rest = line.name.casefold().partition(".")
        if rest in (f"{own}.{wanted}", own):
            return line
    return None


def other_tiers(lines: Sequence[QuotaLine], model: str, sku: str, capacity: float) -> list[tuple[str, QuotaLine]]:
    """The other tiers whose quota has room for that capacity of the model, with what is free there."""
    found = []
    own = find_tier(sku)
    for line in lines:
        tier = find_tier(line.name.partition(".")[2].partition(".")[0])
        fits = tier is not None and quota_of([line], model, tier.name) is not None
        if tier is not None and fits and tier != own and line.free >= capacity and tier.unit.startswith("thousand tok"):
            found.append((tier.name, line))
    return found
