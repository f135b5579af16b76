"""McNemar's exact test of two paired pass rates."""

from __future__ import annotations

from .errors import StatisticsInputError


def mcnemar(won: int, lost: int) -> float:
    """Return the two-sided p of `won` against `lost` discordant items: binomial with probability one half.

    p = min(1, 2 * P(X <= min(won, lost))), X ~ Binomial(won + lost, 1/2); 1 without a discordant item.
    Source: McNemar 1947 (the exact form). Raises StatisticsInputError if a count is negative.
    """
    from scipy.special import bdtr

    if won < 0 or lost < 0:
        raise StatisticsInputError(f"Counts must not be negative: {won} won, {lost} lost.")
    return min(1.0, 2 * float(bdtr(min(won, lost), won + lost, 0.5)))
