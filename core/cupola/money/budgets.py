"""A profile's soft and hard budget against all that was spent under it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..models import Problem
from ..settings import Profile
from .amounts import Amount, dollars, usd


class Standing(StrEnum):
    """How a profile stands with its budget."""

    NONE = "none"
    """No budget is set."""
    INSIDE = "inside"
    SOFT = "over soft"
    """Cupola warns."""
    HARD = "over hard"
    """Cupola pays for nothing more."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A profile's budgets and what counts against them; dollars, 0 for none."""

    soft: float
    hard: float
    spent: Amount

    @property
    def standing(self) -> Standing:
        """Held against the upper end of what was spent where it is known: rather early than late."""
        if not self.soft and not self.hard:
            return Standing.NONE
        if self.hard and self.spent.cautious >= self.hard:
            return Standing.HARD
        return Standing.SOFT if self.soft and self.spent.cautious >= self.soft else Standing.INSIDE

    @property
    def problem(self) -> Problem | None:
        """What to tell a person; None inside the budget."""
        if self.standing is Standing.HARD:
            return Problem(
                f"The profile's hard budget of {usd(self.hard)} is used up: {dollars(self.spent)} spent.",
                "Cupola has stopped what it was paying for; trained and hosted models are still billed.",
                "Raise budget_hard in the profile to go on; `cupola cost` tells what it went for.",
            )
        if self.standing is Standing.SOFT:
            return Problem(
                f"The profile's soft budget of {usd(self.soft)} is passed: {dollars(self.spent)} spent.",
                remedy="`cupola cost` tells what it went for.",
            )
        return None


def budget_of(profile: Profile, spent: Amount) -> Budget:
    """How a profile stands."""
    return Budget(profile.budget_soft, profile.budget_hard, spent)
