"""What was spent by day: answers, training and hosting, each a range where it is one."""

from __future__ import annotations

from collections.abc import Sequence

from cupola.money.amounts import Amount, dollars
from cupola.money.charges import What
from cupola.money.totals import Total

from ...lines import Line, line
from ...widgets.table import Column

COLUMNS = (
    Column("day", 10),
    Column("", 10, flexible=True, drop=1),
    Column("answers", 12, right=True),
    Column("training", 14, right=True),
    Column("hosting", 12, right=True),
    Column("in all", 14, right=True),
)
_BAR = 10


def cells(day: Total, dearest: float) -> tuple[Line, ...]:
    """The cells of a day; the bar is its share of the dearest day's."""
    high = day.amount.cautious
    blocks = max(round(_BAR * high / dearest), 1) if dearest > 0 and high > 0 else 0
    parts = (line((_money(day.parts.get(what)), "muted")) for what in (What.ANSWERS, What.TRAINING, What.HOSTING))
    return line(day.name), line(("█" * blocks, "series1")), *parts, line((dollars(day.amount), "bold"))


def whole_words(days: Sequence[Total]) -> str:
    """All days together, as a range where it is one."""
    whole = sum((day.amount for day in days), Amount())
    unpriced = f" · {whole.unpriced:,} without a price" if whole.unpriced else ""
    return f"{dollars(whole)} in all{unpriced}" if days else ""


def _money(amount: Amount | None) -> str:
    return "–" if amount is None else dollars(amount)
