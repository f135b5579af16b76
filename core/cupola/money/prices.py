"""The price table that holds for a person: the shipped one, with what the configuration says instead."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any

from cupola_data.prices import Price, PriceList, price_list

from ..errors import UsageError
from ..settings import Settings

YOU = "you"
"""The source of a price that stands in the configuration."""

METERS = {
    "input": "USD per 1M tokens",
    "cached_input": "USD per 1M tokens",
    "output": "USD per 1M tokens",
    "training_tokens": "USD per 1M tokens",
    "training_hours": "USD per hour",
    "hosting_hours": "USD per hour",
}
"""What may be priced, with its unit."""
_DEFAULT_TIER = "globalStandard"


def prices_of(settings: Settings, today: dt.date, shipped: PriceList | None = None) -> PriceList:
    """The prices that hold: those of `[[prices]]` in the configuration come first.

    An entry names a `model` (`*` for any), a `tier` and one price or more by meter: input, cached_input, output,
    training_tokens (dollars for a million tokens), training_hours, hosting_hours (dollars an hour). `date` says when
    it was looked up.

    Raises:
        UsageError: an entry cannot be read.
    """
    table = shipped or price_list()
    entries = settings.document.get("prices", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"In {settings.file}, prices must be tables.", remedy="Write each as [[prices]].")
    own = tuple(price for entry in entries for price in _own(entry, today))
    return PriceList((*own, *table.prices), table.rules)


def is_own(price: Price | None) -> bool:
    """Whether a price is the person's own."""
    return price is not None and price.source == YOU


def _own(entry: Mapping[str, Any], today: dt.date) -> Iterator[Price]:
    model, tier, date = entry.get("model"), entry.get("tier", _DEFAULT_TIER), entry.get("date", today)
    if not isinstance(model, str) or not isinstance(tier, str) or not isinstance(date, dt.date):
        raise UsageError("A price in the configuration lacks its model, or its tier or date is none.")
    meters = {name: value for name, value in entry.items() if name not in ("model", "tier", "date")}
    for meter, value in meters.items():
        if meter not in METERS:
            raise UsageError(f"The price of {model} has an unknown meter {meter!r}.", f"Known: {', '.join(METERS)}.")
        if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
            raise UsageError(f"The price {meter} of {model} must be dollars, not negative.")
        yield Price(model, tier, meter, float(value), METERS[meter], YOU, date, True)
