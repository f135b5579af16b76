"""What was spent by day, month, job or workflow: answers, training and hosting, each a range where it is one."""

from __future__ import annotations

from collections.abc import Sequence

from cupola.money.amounts import Amount, dollars
from cupola.money.budgets import Budget, Standing, in_words
from cupola.money.charges import What
from cupola.money.totals import Total

from ...lines import Line, line, wrapped
from ...widgets.table import Column

BY = ("day", "month", "job", "workflow")
"""What the charges are added up by, in the order in which a key goes through them."""

_NAME = {
    "day": Column("day", 10),
    "month": Column("month", 10),
    "job": Column("job", 16, flexible=True),
    "workflow": Column("workflow", 16, flexible=True),
}
_COLUMNS = (
    Column("", 10, flexible=True, drop=1),
    Column("answers", 12, right=True),
    Column("training", 14, right=True),
    Column("hosting", 12, right=True),
    Column("in all", 14, right=True),
)
_BAR = 10


def columns(by: str) -> tuple[Column, ...]:
    """The columns of what is added up so."""
    return (_NAME[by], *_COLUMNS)


def cells(total: Total, dearest: float) -> tuple[Line, ...]:
    """The cells of a total; the bar is its share of the dearest one's."""
    high = total.amount.cautious
    blocks = max(round(_BAR * high / dearest), 1) if dearest > 0 and high > 0 else 0
    parts = (line((_money(total.parts.get(what)), "muted")) for what in (What.ANSWERS, What.TRAINING, What.HOSTING))
    return line(total.name), line(("█" * blocks, "series1")), *parts, line((dollars(total.amount), "bold"))


def head_lines(by: str, budgets: Sequence[Budget], width: int) -> list[Line]:
    """What it is added up by, and how the profile stands with its budgets."""
    following = BY[(BY.index(by) + 1) % len(BY)]
    out = [line((f"by {by}  ", "bold"), ("m", "key bold"), (f" by {following}", "muted"))]
    for budget in budgets:
        ink = {Standing.HARD: "bad", Standing.SOFT: "warn"}.get(budget.standing, "muted")
        problem = budget.problem
        words = f"{problem.what} {problem.remedy}" if problem else in_words(budget)
        out += wrapped(words, width, ink)
    if not budgets:
        out += wrapped("No budget is set: `cupola config set profiles.NAME.budget_month_hard 50`", width, "faint")
    return [*out, line("")]


def whole_words(totals: Sequence[Total]) -> str:
    """All of them together, as a range where it is one."""
    whole = sum((total.amount for total in totals), Amount())
    unpriced = f" · {whole.unpriced:,} without a price" if whole.unpriced else ""
    return f"{dollars(whole)} in all{unpriced}" if totals else ""


def _money(amount: Amount | None) -> str:
    return "–" if amount is None else dollars(amount)
