"""Totals of charges by day, month, job, workflow or altogether."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cupola_data.prices import PriceList

from ..store import jobs, workflows
from ..store.database import Database
from .amounts import Amount
from .charges import Charge, What, charges

DAY_SECONDS = 86_400.0


@dataclass(slots=True)
class Total:
    """What one day, month, job or workflow has cost."""

    name: str
    key: str
    """The day or month in ISO form, the job's id or the workflow's number; "" for what belongs to none."""
    amount: Amount = field(default_factory=Amount)
    parts: dict[What, Amount] = field(default_factory=dict)
    """By what was paid for; a workflow's are not told apart."""

    def add(self, what: What, amount: Amount) -> None:
        """Count a charge in."""
        self.amount += amount
        self.parts[what] = self.parts.get(what, Amount()) + amount


def altogether(database: Database, prices: PriceList, now: float) -> Total:
    """All that a store knows to have been paid for."""
    total = Total("altogether", "")
    for charge in charges(database, prices, now):
        total.add(charge.what, charge.amount)
    return total


def by_day(
    database: Database, prices: PriceList, now: float, zone: dt.tzinfo | None = None, since: float = 0.0
) -> list[Total]:
    """By day of this place (or of `zone`), the newest first. What lasts several days is spread over them by time."""
    days: dict[str, Total] = {}
    for charge in charges(database, prices, now, since):
        for day, part in _days(charge, zone):
            days.setdefault(day, Total(day, day)).add(charge.what, charge.amount.share(part))
    first = _day(since, zone) if since else ""
    return sorted((total for total in days.values() if total.key >= first), key=lambda total: total.key, reverse=True)


def by_month(
    database: Database, prices: PriceList, now: float, zone: dt.tzinfo | None = None, since: float = 0.0
) -> list[Total]:
    """By month of this place (or of `zone`), the newest first."""
    months: dict[str, Total] = {}
    for day in by_day(database, prices, now, zone, since):
        month = months.setdefault(day.key[:7], Total(day.key[:7], day.key[:7]))
        for what, part in day.parts.items():
            month.add(what, part)
    return list(months.values())


def month_of(at: float, zone: dt.tzinfo | None = None) -> str:
    """The month of a time, as 2026-03."""
    return _day(at, zone)[:7]


def month_start(at: float, zone: dt.tzinfo | None = None) -> float:
    """When the month of a time began, in unix seconds."""
    first = dt.datetime.fromtimestamp(at, zone).date().replace(day=1)
    return dt.datetime.combine(first, dt.time(), zone).timestamp()


def today(database: Database, prices: PriceList, now: float, zone: dt.tzinfo | None = None) -> Amount:
    """What the day of `now` has cost so far."""
    midnight = dt.datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    days = by_day(database, prices, now, zone, midnight)
    return next((total.amount for total in days if total.key == _day(now, zone)), Amount())


def by_job(database: Database, prices: PriceList, now: float) -> list[Total]:
    """By the job that was trained, or whose model was hosted and asked; the dearest first, what is no job's last."""
    names = {job.id: job.name for job in jobs.newest(database)}
    return _grouped(charges(database, prices, now), lambda charge: charge.job, names, "no job")


def by_workflow(database: Database, prices: PriceList, now: float) -> list[Total]:
    """By workflow as its stages tell, with what is reserved as the upper end; all else in one line."""
    rows, inside = [], Amount()
    for workflow in workflows.newest(database, 10_000):
        amount = Amount(workflow.spent, workflow.spent + workflow.reserved)
        inside += amount
        rows.append(Total(workflow.name, str(workflow.id), amount))
    whole = altogether(database, prices, now).amount
    outside = Amount(
        max(0.0, whole.low - (inside.high or 0.0)),
        None if whole.high is None else max(0.0, whole.high - inside.low),
        whole.unpriced,
    )
    return [*rows, Total("no workflow", "", outside)]


def _grouped(
    listed: Iterable[Charge], key: Callable[[Charge], str], names: Mapping[str, str], other: str
) -> list[Total]:
    groups: dict[str, Total] = {}
    for charge in listed:
        name = key(charge)
        groups.setdefault(name, Total(names.get(name, name) if name else other, name)).add(charge.what, charge.amount)
    return sorted(groups.values(), key=lambda total: (total.key == "", -total.amount.cautious, total.key))


def _days(charge: Charge, zone: dt.tzinfo | None) -> Iterator[tuple[str, float]]:
    """The days that a charge touches, each with its share of it."""
    length = charge.ended_at - charge.began_at
    if length <= 0:
        yield _day(charge.ended_at, zone), 1.0
        return
    at = charge.began_at
    while at < charge.ended_at:
        edge = min(_next_midnight(at, zone), charge.ended_at)
        yield _day(at, zone), (edge - at) / length
        at = edge


def _day(at: float, zone: dt.tzinfo | None) -> str:
    return dt.datetime.fromtimestamp(at, zone).date().isoformat()


def _next_midnight(at: float, zone: dt.tzinfo | None) -> float:
    tomorrow = dt.datetime.fromtimestamp(at, zone).date() + dt.timedelta(days=1)
    # By the calendar, not by 24 hours: some days have 23 or 25.
    return max(dt.datetime.combine(tomorrow, dt.time(), zone).timestamp(), at + 1.0)
