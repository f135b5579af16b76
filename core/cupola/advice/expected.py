"""What following a piece of advice would cost and how long it would take: ranges, each with source and date."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cupola_data.models import Catalogue
from cupola_data.prices import PriceList

from ..datasets.cost import auto_epochs, estimates
from .facts import Facts, Known, Origin
from .tree import Leaf, Tree

_METHODS = {"dpo": "dpo", "rft": "reinforcement"}
ROWS_OF = {"dpo": "pairs", "rft": "prompts", "vision": "image_rows"}
"""Which fact counts the examples of a technique; `rows` for the others."""
DEFAULT_MODELS = {"rft": "o4-mini", "vision": "gpt-4.1"}
DEFAULT_MODEL = "gpt-4.1"


@dataclass(frozen=True, slots=True)
class Expected:
    """A range with its basis; None where nobody publishes a figure."""

    low: float | None
    high: float | None
    basis: str
    source: str

    def words(self, one: Callable[[float], str]) -> str:
        """The range, its ends as `one` writes them, with its basis and source."""
        source = f" [{self.source}]" if self.source else ""
        if self.low is None or self.high is None:
            return f"not known: {self.basis}{source}"
        ends = dict.fromkeys((one(self.low), one(self.high)))
        return f"{' to '.join(ends)}: {self.basis}{source}"


def dollars(amount: float) -> str:
    """An amount as it is told: cents below ten dollars."""
    return f"${amount:,.2f}" if 0 < amount < 10 else f"${amount:,.0f}"


def duration(hours: float) -> str:
    """Hours as they are told: minutes below one."""
    return f"{60 * hours:.0f} min" if 0 < hours < 1 else f"{hours:g} h"


def expected_cost(tree: Tree, leaf: Leaf, facts: Facts, catalogue: Catalogue, prices: PriceList) -> Expected:
    """Dollars."""
    if leaf.cost == "none":
        return Expected(0.0, 0.0, "nothing is trained or hosted", "")
    if leaf.cost == "calls":
        return Expected(None, None, "a benchmark's calls; `cupola bench run NAME --dry-run` tells them", "")
    if leaf.cost == "hours":
        return _by_the_hour(tree, leaf, facts, catalogue, prices)
    return _by_the_token(leaf.technique, facts, catalogue, prices)


def expected_hours(tree: Tree, leaf: Leaf) -> Expected:
    """Hours from first to last, the service's queue aside."""
    if leaf.hours is None:
        return Expected(0.0, 0.0, "nothing is to be waited for", "")
    return Expected(*leaf.hours, "wall time, the service's queue aside", str(tree.sources[leaf.hours_source]))


def training_cost(facts: Facts, catalogue: Catalogue, prices: PriceList) -> Known | None:
    """What supervised training on the examples would cost, as a fact; None where it cannot be told."""
    found = _by_the_token("sft", facts, catalogue, prices)
    if found.low is None or found.high is None:
        return None
    middle = (found.low + found.high) / 2
    return Known("training_cost", middle, Origin.DERIVED, f"{found.basis}; {found.source}", found.low, found.high)


def _by_the_token(technique: str, facts: Facts, catalogue: Catalogue, prices: PriceList) -> Expected:
    rows, size = facts.get(ROWS_OF.get(technique, "rows")), facts.get("tokens_per_row")
    method = _METHODS.get(technique, "supervised")
    name = _model(technique, method, facts, catalogue)
    if rows is None or size is None:
        unknown = "how many examples" if rows is None else "how long an example is"
        return Expected(None, None, f"{unknown} is not known; `cupola dataset cost FILE` tells it", "")
    if catalogue.find(name) is None:
        return Expected(None, None, f"no training price is published for {name}", "")
    count, tokens = rows.bounds, size.bounds
    ends = [
        (one.low, one.high, one)
        for number, length in zip(count, tokens, strict=True)
        if math.isfinite(number * length)
        for one in estimates(round(number * length), auto_epochs(round(number)), method, catalogue, prices, name)
        if one.low is not None and one.high is not None
    ]
    if not ends:
        return Expected(None, None, f"no training price is published for {name}", "")
    low, high = min(low for low, _, _ in ends), max(high for _, high, _ in ends)
    first, last = ends[0][2], ends[-1][2]
    tokens_told = " to ".join(dict.fromkeys(f"{one.tokens:,}" for one in (first, last)))
    basis = f"{tokens_told} tokens of {name} with epochs as auto chooses, over its tiers, hosting aside"
    return Expected(low, high, basis, f"{first.source}, {first.date}, an example")


def _by_the_hour(tree: Tree, leaf: Leaf, facts: Facts, catalogue: Catalogue, prices: PriceList) -> Expected:
    name = _model(leaf.technique, "reinforcement", facts, catalogue)
    known = catalogue.find(name)
    price = prices.find(known.name, "training_hours", "globalStandard") if known else None
    if price is None or leaf.hours is None:
        return Expected(None, None, f"no training price is published for {name}", "")
    cap = prices.rules.get("reinforcement_cap")
    low, high = (hours * price.usd for hours in leaf.hours)
    basis = (
        f"{name} at ${price.usd:g} an hour, if all the wall time is core training; grader tokens and hosting aside,"
        " a job pauses once at the cap"
    )
    source = f"{price.source}, {price.date}; hours: {tree.sources[leaf.hours_source]}"
    return Expected(low, min(high, cap.value) if cap else high, basis, source)


def _model(technique: str, method: str, facts: Facts, catalogue: Catalogue) -> str:
    """The named model, unless the table knows that it does not learn so; then the one that others are priced by."""
    if "model" in facts:
        name = str(facts["model"].value)
        known = catalogue.find(name)
        if known is None or method in known.methods:
            return name
    return DEFAULT_MODELS.get(technique, DEFAULT_MODEL)
