"""A profile's soft and hard budgets, altogether, by day and by month, against what was spent under it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cupola_data.prices import PriceList

from ..models import Problem
from ..settings import Profile
from ..store.database import Database
from .amounts import Amount, dollars, usd
from .totals import altogether, by_day, month_of, month_start


class Standing(StrEnum):
    """How a profile stands with a budget."""

    NONE = "none"
    """No budget is set."""
    INSIDE = "inside"
    SOFT = "over soft"
    """Cupola warns."""
    HARD = "over hard"
    """Cupola pays for nothing more."""


class Span(StrEnum):
    """What a budget is for."""

    WHOLE = ""
    """All that is ever spent under the profile."""
    DAY = "day"
    MONTH = "month"


_CALLED = {Span.WHOLE: "profile's", Span.DAY: "day's", Span.MONTH: "month's"}
_ANEW = {Span.WHOLE: "", Span.DAY: "It begins anew at midnight. ", Span.MONTH: "It begins anew on the first. "}


@dataclass(frozen=True, slots=True)
class Budget:
    """A soft and a hard budget for one span, and what counts against them; dollars, 0 for none."""

    soft: float
    hard: float
    spent: Amount
    span: Span = Span.WHOLE
    period: str = ""
    """The day (2026-03-10) or month (2026-03) that it is about; "" for altogether."""

    @property
    def standing(self) -> Standing:
        """Held against the upper end of what was spent where it is known: rather early than late."""
        if not self.soft and not self.hard:
            return Standing.NONE
        if self.hard and self.spent.cautious >= self.hard:
            return Standing.HARD
        return Standing.SOFT if self.soft and self.spent.cautious >= self.soft else Standing.INSIDE

    @property
    def limit(self) -> float:
        """The limit that is passed; 0 inside both."""
        return {Standing.HARD: self.hard, Standing.SOFT: self.soft}.get(self.standing, 0.0)

    @property
    def problem(self) -> Problem | None:
        """What to tell a person; None inside the budget."""
        sure = self.spent.low >= self.limit
        verb = "is" if sure else "may be"
        spent = f"{dollars(self.spent)} {'spent' if sure else 'spent or under way'}."
        if self.standing is Standing.HARD:
            setting = f"budget_{self.span}_hard" if self.span else "budget_hard"
            return Problem(
                f"The {_CALLED[self.span]} hard budget of {usd(self.hard)} {verb} used up: {spent}",
                "Cupola has stopped what it was paying for; trained and hosted models are still billed.",
                f"{_ANEW[self.span]}Raise {setting} in the profile to go on; `cupola cost` tells what it went for.",
            )
        if self.standing is Standing.SOFT:
            return Problem(
                f"The {_CALLED[self.span]} soft budget of {usd(self.soft)} {verb} passed: {spent}",
                remedy="`cupola cost` tells what it went for.",
            )
        return None


def in_words(budget: Budget) -> str:
    """How a profile stands with a budget, in one line."""
    limits = [f"{usd(limit)} {name}" for name, limit in (("soft", budget.soft), ("hard", budget.hard)) if limit]
    spent = f"Budget of {budget.period}: " if budget.period else "Budget altogether: "
    return f"{spent}{dollars(budget.spent)} of {', '.join(limits)}; {budget.standing}."


def has_budgets(profile: Profile) -> bool:
    """Whether any budget is set, so that there is something to count."""
    return any(limit for limits in _limits(profile).values() for limit in limits)


def budgets_of(
    profile: Profile, database: Database, prices: PriceList, now: float, zone: dt.tzinfo | None = None
) -> tuple[Budget, ...]:
    """How a profile stands with each budget that is set; days and months are those of this place, or of `zone`."""
    limits = {span: pair for span, pair in _limits(profile).items() if any(pair)}
    month = month_of(now, zone)
    days = by_day(database, prices, now, zone, month_start(now, zone)) if set(limits) - {Span.WHOLE} else []
    today = dt.datetime.fromtimestamp(now, zone).date().isoformat()
    found = []
    for span, (soft, hard) in limits.items():
        if span is Span.WHOLE:
            spent, period = altogether(database, prices, now).amount, ""
        else:
            period = today if span is Span.DAY else month
            spent = sum((day.amount for day in days if day.key.startswith(period)), Amount())
        found.append(Budget(soft, hard, spent, span, period))
    return tuple(found)


def worst(budgets: Iterable[Budget]) -> Budget | None:
    """The budget that matters most: a hard one that is used up before a soft one that is passed; None inside all."""
    passed = [one for one in budgets if one.standing in (Standing.HARD, Standing.SOFT)]
    return min(passed, key=lambda one: one.standing is not Standing.HARD, default=None)


def refusal(budgets: Sequence[Budget]) -> Problem | None:
    """Why nothing more may be paid for, in words; None while something may."""
    found = worst(budgets)
    if found is None or found.standing is not Standing.HARD or found.problem is None:
        return None
    return Problem(found.problem.what, "Cupola pays for nothing more.", found.problem.remedy)


def _limits(profile: Profile) -> dict[Span, tuple[float, float]]:
    return {
        Span.WHOLE: (profile.budget_soft, profile.budget_hard),
        Span.MONTH: (profile.budget_month_soft, profile.budget_month_hard),
        Span.DAY: (profile.budget_day_soft, profile.budget_day_hard),
    }
