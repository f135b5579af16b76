"""Sums of money of which not all is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """US dollars between two bounds."""

    low: float = 0.0
    high: float | None = 0.0
    """None where no upper bound is known."""
    unpriced: int = 0
    """How many parts have no published price, and are in neither bound."""

    def __add__(self, other: Amount) -> Amount:
        high = None if self.high is None or other.high is None else self.high + other.high
        return Amount(self.low + other.low, high, self.unpriced + other.unpriced)

    def share(self, part: float) -> Amount:
        """A share of it, from 0 to 1."""
        return Amount(self.low * part, None if self.high is None else self.high * part, self.unpriced)

    @property
    def cautious(self) -> float:
        """The upper bound where one is known, else the lower: what limits are held against."""
        return self.low if self.high is None else self.high

    @property
    def is_exact(self) -> bool:
        """Both bounds are the same to the cent, and nothing is left out."""
        return self.high is not None and not self.unpriced and round(self.low, 2) == round(self.high, 2)


def dollars(amount: Amount) -> str:
    """`$4.10`, `$4.10–5.20`, `from $4.10` where the upper end is not known; `+` where something has no price."""
    more = "+" if amount.unpriced else ""
    if amount.high is None:
        return f"from {usd(amount.low)}"
    if round(amount.low, 2) == round(amount.high, 2):
        return f"{usd(amount.low)}{more}"
    return f"{usd(amount.low)}–{usd(amount.high).removeprefix('$')}{more}"


def usd(value: float) -> str:
    """Dollars and cents; less than a cent is said to be so."""
    return "<$0.01" if 0 < value < 0.005 else f"${value:,.2f}"
