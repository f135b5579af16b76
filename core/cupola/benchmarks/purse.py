"""The budget of a run: what is spent, what is under way, and whether one more call may leave."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import CupolaError


class BudgetSpentError(CupolaError):
    """One more call might cost more than the run may spend."""


@dataclass(slots=True)
class Purse:
    """Dollars. A call's cost is guessed when it leaves and known when it is answered."""

    budget: float | None
    spent: float = 0.0
    under_way: float = 0.0
    _means: dict[str, tuple[int, float]] = field(default_factory=dict)

    def mean(self, deployment: str) -> float | None:
        """What that deployment's calls have cost on average; None before the first."""
        count, total = self._means.get(deployment, (0, 0.0))
        return total / count if count else None

    def take(self, guess: float) -> None:
        """Set a call's likely cost aside.

        Raises:
            BudgetSpentError: the budget might not suffice for it.
        """
        if self.budget is not None and self.spent + self.under_way + guess > self.budget:
            raise BudgetSpentError(
                f"The budget of ${self.budget:,.2f} is used up.",
                f"${self.spent:,.4f} are spent and ${self.under_way:,.4f} under way.",
                "Raise it and continue: what was answered is not asked again.",
            )
        self.under_way += guess

    def settle(self, deployment: str, guess: float, usd: float | None) -> None:
        """Exchange a guess for what the call did cost; None is not known, and 0 if it was not answered."""
        self.under_way = max(self.under_way - guess, 0.0)
        if usd:
            self.spent += usd
            count, total = self._means.get(deployment, (0, 0.0))
            self._means[deployment] = (count + 1, total + usd)
