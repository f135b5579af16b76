"""What can be seen with so many items before they are paid for, and what more of them would take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..statistics.planning import clusters_needed, detectable_difference, spread_of_pass_rates
from .leaderboard import Leaderboard

CORRELATION = 0.5
"""Of two arms' passes over items, where nothing is known; stated wherever it is used."""
_PASS_RATES = (0.7, 0.8)


@dataclass(frozen=True, slots=True)
class Sight:
    """How small a difference shows."""

    prompts: int
    difference: float
    """The smallest true difference that is found with 80% power at .05."""
    basis: str
    """Where the spread comes from, in words."""
    observed: bool
    """Whether it comes from this benchmark's own data."""


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes to see a difference."""

    difference: float
    prompts: int
    further: int
    """Beyond those there are."""
    usd: float | None
    """Of the further ones in all arms, graders left out; None where a price is not known."""


def sight_before(prompts: int, first: float = _PASS_RATES[0], second: float = _PASS_RATES[1]) -> Sight:
    """The smallest difference of pass rates that so many prompts can show, before there is data.

    Raises StatisticsInputError if there is no prompt or a pass rate lies outside [0, 1].
    """
    spread = spread_of_pass_rates(first, second, CORRELATION)
    basis = f"supposing pass rates of {first:.0%} and {second:.0%} that correlate with {CORRELATION:g} over items"
    return Sight(prompts, detectable_difference(spread, prompts), basis, observed=False)


def sight_of(board: Leaderboard) -> Sight:
    """The smallest difference that the board's items can show, by the widest spread among its pairs."""
    spreads = [pair.comparison.spread for pair in board.pairs if pair.comparison is not None]
    known = [spread for spread in spreads if np.isfinite(spread) and spread > 0]
    if not known:
        return sight_before(board.prompts)
    basis = "by the widest spread among the arms' own differences"
    return Sight(board.prompts, detectable_difference(max(known), board.prompts), basis, observed=True)


def need_for(board: Leaderboard, difference: float) -> Need:
    """How many prompts it takes to see a difference in the score's unit, and what the further ones cost.

    Raises StatisticsInputError if the difference is not above 0.
    """
    spreads = [pair.comparison.spread for pair in board.pairs if pair.comparison is not None]
    known = [spread for spread in spreads if np.isfinite(spread) and spread > 0]
    spread = max(known) if known else spread_of_pass_rates(*_PASS_RATES, CORRELATION) * board.view.scale.width
    prompts = clusters_needed(spread, difference)
    further = max(prompts - board.prompts, 0)
    costs = [row.cost.per_answer * row.arm.repeats if row.cost else None for row in board.rows]
    usd = None if None in costs else further * sum(cost for cost in costs if cost is not None)
    return Need(difference, prompts, further, usd)
