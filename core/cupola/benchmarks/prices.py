"""What tokens cost: the shipped price table, by the model behind a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cupola_data.models import BaseModel, catalogue
from cupola_data.prices import PriceList, price_list

_PER = 1_000_000
BATCH_RULE = "batch_factor"


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Dollars for a million tokens."""

    prompt: float
    cached: float
    completion: float
    source: str
    """Where it was read, and when."""
    confirmed: bool

    def usd(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        """What a call costs; cached tokens are among the prompt's."""
        fresh = max(prompt_tokens - cached_tokens, 0)
        return (fresh * self.prompt + cached_tokens * self.cached + completion_tokens * self.completion) / _PER


def base_of(model: str) -> BaseModel | None:
    """What the table knows of a model, of a tuned one by its base; None if it does not know it."""
    known = catalogue().find(model)
    if known is not None:
        return known
    bare = model.removeprefix("ft:").partition(":")[0].partition(".ft-")[0]
    return catalogue().find(bare)


@lru_cache(maxsize=512)
def price_of(model: str, tier: str = "globalStandard", engine: str = "here") -> TokenPrice | None:
    """The price of a model's tokens, or None if the sources leave it open."""
    return _price(price_list(), model, tier, engine)


def _price(prices: PriceList, model: str, tier: str, engine: str) -> TokenPrice | None:
    base = base_of(model)
    if base is None:
        return None
    found = {meter: prices.find(base.name, meter, tier) for meter in ("input", "cached_input", "output")}
    prompt, cached, completion = found["input"], found["cached_input"], found["output"]
    if prompt is None or completion is None:
        return None
    rule = prices.rules.get(BATCH_RULE) if engine == "batch" else None
    factor = rule.value if rule else 1.0
    return TokenPrice(
        prompt=prompt.usd * factor,
        cached=(cached or prompt).usd * factor,
        completion=completion.usd * factor,
        source=f"{prompt.source}, {prompt.date}",
        confirmed=prompt.confirmed and completion.confirmed,
    )
