"""The budget of a run: what is spent, what is under way, and whether one more call may leave."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ..errors import CupolaError


class BudgetSpentError(CupolaError):
    """One more call might cost more than the run may spend."""


@dataclass(slots=True)
class Purse:
    """Dollars. The most that a call may cost is set aside when it leaves; what it did cost is known once answered."""

    budget: float | None
    spent: float = 0.0
    under_way: float = 0.0
    calls_under_way: int = 0
    _dearest: dict[str, float] = field(default_factory=dict)
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def dearest(self, deployment: str) -> float:
        """What the dearest of that deployment's calls has cost; 0 before the first."""
        return self._dearest.get(deployment, 0.0)

    async def take(self, guess: float) -> None:
        """Set the most that a call may cost aside; what is under way is waited for, since most of it comes back.

        Raises:
            BudgetSpentError: the budget might not suffice for it.
        """
        while self._lacks(guess) and self.calls_under_way:
            settled = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled
        self._set_aside(guess)

    def _lacks(self, guess: float) -> bool:
        return self.budget is not None and self.spent + self.under_way + guess > self.budget

    def _set_aside(self, guess: float) -> None:
        if self.budget is not None and self._lacks(guess):
            raise BudgetSpentError(
                f"The budget of ${self.budget:,.2f} is used up.",
                f"${self.spent:,.4f} are spent, and one more call may cost up to ${guess:,.4f}.",
                "Raise it and continue: what was answered is not asked again.",
            )
        self.under_way += guess
        self.calls_under_way += 1

    def settle(self, deployment: str, guess: float, usd: float | None) -> None:
        """Exchange a guess for what the call did cost; None is not known, and 0 if it was not answered."""
        self.calls_under_way -= 1
        # Nothing of the guesses' rounding stays behind.
        self.under_way = max(self.under_way - guess, 0.0) if self.calls_under_way else 0.0
        if usd:
            self.spent += usd
            self._dearest[deployment] = max(self.dearest(deployment), usd)
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)
