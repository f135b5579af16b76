"""What training on a file would cost, as a range, with the source and date of every price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cupola_data.models import BaseModel, Catalogue
from cupola_data.prices import Price, PriceList, Rule

_TARGET_EPOCHS = 3
_FEWEST_EXAMPLES = 100
_MOST_EXAMPLES = 25_000
_MOST_EPOCHS = 25
_BATCH_SHARE = 0.002
_MOST_BATCH = 256
_HOURS_A_MONTH = 730


@dataclass(frozen=True, slots=True)
class Estimate:
    """One model and tier. Amounts are US dollars; None means that no price is published."""

    model: str
    tier: str
    tokens: int
    """Tokens that would be billed: those of the file times the epochs."""
    low: float | None
    high: float | None
    basis: str
    """How the range comes about, in words."""
    source: str
    date: dt.date | None
    confirmed: bool
    hosting_a_month: float | None
    """Afterwards, for a deployment that stands all the time."""


def auto_epochs(rows: int) -> int:
    """The epochs that `auto` would choose by OpenAI's published data preparation recipe; Azure states no rule."""
    if rows <= 0:
        return _TARGET_EPOCHS
    if rows * _TARGET_EPOCHS < _FEWEST_EXAMPLES:
        return min(_MOST_EPOCHS, max(1, _FEWEST_EXAMPLES // rows))
    if rows * _TARGET_EPOCHS > _MOST_EXAMPLES:
        return max(1, _MOST_EXAMPLES // rows)
    return _TARGET_EPOCHS


def auto_batch(rows: int) -> int:
    """The batch size that `auto` would choose: about 0.2% of the rows, at most 256."""
    return min(_MOST_BATCH, max(1, round(rows * _BATCH_SHARE)))


def estimates(
    tokens: int, epochs: int, method: str, catalogue: Catalogue, prices: PriceList, model: str | None = None
) -> Iterator[Estimate]:
    """An estimate for each model that learns by `method` (supervised, dpo, reinforcement) and each of its tiers."""
    chosen = catalogue.find(model) if model else None
    for base in catalogue.models:
        if method in base.methods and chosen in (None, base):
            for tier in base.tiers:
                yield _estimate(base, tier, tokens * epochs, method, prices)


def _estimate(base: BaseModel, tier: str, tokens: int, method: str, prices: PriceList) -> Estimate:
    hosting = prices.find(base.name, "hosting_hours", tier)
    monthly = hosting.usd * _HOURS_A_MONTH if hosting else None
    if method == "reinforcement":
        return _by_the_hour(base, tier, tokens, prices, monthly)
    price = prices.find(base.name, "training_tokens", tier)
    if price is not None:
        usd = tokens / 1e6 * price.usd
        return _known(base, tier, tokens, usd, usd, f"{price.usd:g} {price.unit}", price, monthly)
    return _derived(base, tier, tokens, prices, monthly)


def _derived(base: BaseModel, tier: str, tokens: int, prices: PriceList, monthly: float | None) -> Estimate:
    """From the global price by the factors that the cost guide states, if there is a global price."""
    base_price = prices.find(base.name, "training_tokens", "globalStandard")
    factors = _factors(tier, prices.rules)
    if base_price is None or factors is None:
        return Estimate(base.id, tier, tokens, None, None, "no price is published", "", None, False, monthly)
    low, high = (tokens / 1e6 * base_price.usd * factor for factor in factors)
    times = " to ".join(dict.fromkeys(f"{factor:.2f}" for factor in factors))
    basis = f"{base_price.usd:g} {base_price.unit} globally, times {times}"
    return _known(base, tier, tokens, low, high, basis, base_price, monthly)


def _factors(tier: str, rules: Mapping[str, Rule]) -> tuple[float, float] | None:
    if tier == "developerTier" and (rule := rules.get("developer_training_factor")):
        return rule.value, rule.value
    low, high = rules.get("global_training_discount_low"), rules.get("global_training_discount_high")
    if tier == "standard" and low and high:
        return 1 / (1 - low.value), 1 / (1 - high.value)
    return None


def _by_the_hour(base: BaseModel, tier: str, tokens: int, prices: PriceList, monthly: float | None) -> Estimate:
    price = prices.find(base.name, "training_hours", tier)
    cap = prices.rules.get("reinforcement_cap")
    if price is None:
        return Estimate(base.id, tier, tokens, None, None, "no price is published", "", None, False, monthly)
    basis = f"{price.usd:g} {price.unit} of core training, plus grader tokens; the hours are not known beforehand"
    return _known(base, tier, tokens, price.usd, cap.value if cap else price.usd, basis, price, monthly)


def _known(
    base: BaseModel, tier: str, tokens: int, low: float, high: float, basis: str, price: Price, monthly: float | None
) -> Estimate:
    return Estimate(
        base.id, tier, tokens, low, high, basis, price.source, price.date, price.confirmed and low == high, monthly
    )
