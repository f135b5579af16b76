"""What was spent by day: answers, training and hosting, each on the day on which it came about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from ...lines import Line, line
from ...widgets.table import Column
from ..bench.numbers import dollars, range_words

COLUMNS = (
    Column("day", 16),
    Column("", 10, flexible=True, drop=1),
    Column("answers", 9, right=True),
    Column("training", 16, right=True),
    Column("hosting", 9, right=True),
    Column("in all", 16, right=True),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars of one kind at one time; a range where the price is only bounded."""

    kind: str
    """answers, training or hosting."""
    begin: float
    end: float
    """Spread evenly from one to the other; both the same is one moment."""
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day in the place where the screen is."""

    name: str
    """2026-11-23, Mon."""
    answers: float
    training: tuple[float, float]
    hosting: float

    @property
    def whole(self) -> tuple[float, float]:
        """Least and most of the day."""
        low, high = self.training
        return self.answers + self.hosting + low, self.answers + self.hosting + high


def days_of(costs: Iterable[Cost], zone: tzinfo | None = None) -> list[Day]:
    """The days on which something was spent, the newest first."""
    found: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for cost in costs:
        for name, part in _parts(cost, zone):
            low, high = found[name].get(cost.kind, (0.0, 0.0))
            found[name][cost.kind] = low + cost.low * part, high + cost.high * part
    none = (0.0, 0.0)
    return [
        Day(name, kinds.get("answers", none)[0], kinds.get("training", none), kinds.get("hosting", none)[0])
        for name, kinds in sorted(found.items(), reverse=True)
        if any(high > 0 for _, high in kinds.values())
    ]


def cells(day: Day, dearest: float) -> tuple[Line, ...]:
    """The cells of a day; the bar is its share of the dearest day's."""
    high = day.whole[1]
    blocks = round(10 * high / dearest) if dearest > 0 else 0
    return (
        line(day.name),
        line(("█" * max(blocks, 1 if high > 0 else 0), "series1")),
        line(_money(day.answers)),
        line(range_words(*map(_money, day.training))),
        line(_money(day.hosting)),
        line((range_words(*map(dollars, day.whole)), "bold")),
    )


def whole_words(days: Sequence[Day]) -> str:
    """All days together, as a range where it is one."""
    if not days:
        return ""
    low, high = (sum(day.whole[end] for day in days) for end in (0, 1))
    return f"{range_words(dollars(low), dollars(high))} in all"


def _money(usd: float) -> str:
    return dollars(usd) if usd else "–"


def _parts(cost: Cost, zone: tzinfo | None) -> list[tuple[str, float]]:
    """The days of a cost, each with its part of it."""
    length = cost.end - cost.begin
    if length <= 0:
        return [(_name(datetime.fromtimestamp(cost.begin, zone)), 1.0)]
    out, start = [], cost.begin
    while start < cost.end:
        day = datetime.fromtimestamp(start, zone)
        midnight = (day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).timestamp()
        end = min(cost.end, midnight if midnight > start else cost.end)
        out.append((_name(day), (end - start) / length))
        start = end
    return out


def _name(day: datetime) -> str:
    return f"{day:%Y-%m-%d, %a}"
