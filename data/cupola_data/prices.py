"""Read `prices.toml`: what the service charges, each price with its unit, source and date."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Price:
    """One charge in US dollars."""

    model: str
    """The model's name without its version; `*` is any model."""
    tier: str
    meter: str
    """input, cached_input, output, training_tokens, training_hours or hosting_hours."""
    usd: float
    unit: str
    source: str
    date: dt.date
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A factor or cap that the cost guide states in words."""

    value: float
    unit: str
    source: str
    date: dt.date
    confirmed: bool


@dataclass(frozen=True, slots=True)
class PriceList:
    """Every known price and rule."""

    prices: tuple[Price, ...]
    rules: Mapping[str, Rule]

    def find(self, model: str, meter: str, tier: str) -> Price | None:
        """The price of that model, meter and tier, in any case; None when the sources leave it open."""
        wanted = {model.casefold(), "*"}
        for price in self.prices:
            if price.model.casefold() in wanted and price.meter == meter and price.tier.casefold() == tier.casefold():
                return price
        return None


def _prices(entry: Mapping[str, Any], sources: Mapping[str, Any]) -> Iterator[Price]:
    source = sources[entry["source"]]
    for meter, usd in entry["meters"].items():
        yield Price(
            model=entry["model"],
            tier=entry["tier"],
            meter=meter,
            usd=float(usd),
            unit=entry["unit"],
            source=source["title"],
            date=source["date"],
            confirmed=entry.get("confirmed", True),
        )


def read_prices(text: str) -> PriceList:
    """Parse the text of a price table. Raises tomllib.TOMLDecodeError or KeyError when it is malformed."""
    table = tomllib.loads(text)
    sources = table["sources"]
    rules = {
        name: Rule(
            value=rule["value"],
            unit=rule["unit"],
            source=sources[rule["source"]]["title"],
            date=sources[rule["source"]]["date"],
            confirmed=rule["confirmed"],
        )
        for name, rule in table["rules"].items()
    }
    return PriceList(tuple(price for entry in table["price"] for price in _prices(entry, sources)), rules)


@cache
def price_list() -> PriceList:
    """The table that ships."""
    return read_prices(files("cupola_data").joinpath("prices.toml").read_text(encoding="utf-8"))
