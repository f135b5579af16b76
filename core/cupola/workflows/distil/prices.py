"""What training and hosting cost, as ranges with the words that say how they come about."""

from __future__ import annotations

import math

from cupola_data.models import catalogue
from cupola_data.prices import price_list

from ...benchmarks.prices import base_of
from ...datasets.cost import Estimate, estimates
from ...datasets.tokens import encoding_for
from ..kinds import Takes

_TIER_OF_SKU = {
    "developertier": "developerTier",
    "developer": "developerTier",
    "standard": "standard",
    "globalstandard": "globalStandard",
    "datazonestandard": "dataZoneStandard",
}

_KNOWN, _OTHERS = 1.5, 3.0
"""Tokens that the service bills for each that is counted here, at most: by a known encoding and by an unknown one."""


def training(model: str, tier: str, tokens: int, epochs: int) -> Takes:
    """What a supervised job will cost.

    Where no price is published for the model, that of the dearest model whose price is known bounds it: a declared
    assumption, said in the words.
    """
    found = _of(model, tier, tokens, epochs)
    if found is not None and found.low is not None and found.high is not None:
        return Takes(found.low, found.high, f"{found.tokens:,} tokens at {found.basis} ({found.source}, {found.date}).")
    known = [
        one
        for one in estimates(tokens, epochs, "supervised", catalogue(), price_list())
        if one.tier == tier and one.high is not None
    ]
    bound = max(known, key=lambda one: one.high or 0.0, default=None)
    if bound is None or bound.high is None:
        return Takes(0.0, None, f"No price is published for training {model} on {tier}.")
    words = (
        f"No price is published for training {model}; taken to cost at most what {bound.model} does:"
        f" {bound.tokens:,} tokens at {bound.basis}."
    )
    return Takes(0.0, bound.high, words)


def training_ahead(model: str, tier: str, tokens: tuple[int, int], epochs: int) -> Takes:
    """What a job will cost by tokens that were counted here, not yet by the service.

    The service may count more than was counted here, by declared factors: up to one and a half times as many where the
    model's encoding is known (the emulator's own vocabulary made 1.4 times as many of the shipped handbook), else up
    to three times, above the 2.8 that a small vocabulary makes of program text.

    Args:
        model: That is trained.
        tier: Of the job.
        tokens: Of the file in one epoch, at least and at most.
        epochs: How often it is gone through.
    """
    exact = encoding_for(model).exact
    factor = _KNOWN if exact else _OTHERS
    low, high = (training(model, tier, count, epochs) for count in (tokens[0], math.ceil(factor * tokens[1])))
    more = f" At most {factor:g} times what was counted here{'' if exact else ': its encoding is not known'}."
    return Takes(low.low, high.high, high.words + more)


def hosting_per_hour(model: str, sku: str) -> float | None:
    """Dollars an hour for a tuned deployment that stands; None is not known."""
    base = base_of(model)
    price = price_list().find(base.name if base else model, "hosting_hours", _TIER_OF_SKU.get(sku.casefold(), sku))
    return None if price is None else price.usd


def token_tier(sku: str) -> str:
    """The tier whose token prices hold for a deployment: the developer tier's are the global ones."""
    tier = _TIER_OF_SKU.get(sku.casefold(), "globalStandard")
    return "globalStandard" if tier == "developerTier" else tier


def _of(model: str, tier: str, tokens: int, epochs: int) -> Estimate | None:
    base = base_of(model)
    found = estimates(tokens, epochs, "supervised", catalogue(), price_list(), base.id if base else model)
    return next((one for one in found if one.tier == tier and base is not None and one.model == base.id), None)
