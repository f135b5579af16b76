"""What was spent: answers, training and hosting, as far as the store knows and prices are published."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cupola_data.prices import PriceList

from ...errors import StoreError
from ...money.amounts import Amount, dollars
from ...money.budgets import Budget, budgets_of, in_words
from ...money.charges import What
from ...money.prices import YOU, prices_of
from ...money.totals import Total, altogether, by_day, by_job, by_month, by_workflow
from ...store import health
from ...store.database import Database, open_store
from ..context import Context, session_of, store_of
from ..output import emit

_BY: Mapping[str, Callable[[Database, PriceList, float], list[Total]]] = {
    "day": by_day,
    "month": by_month,
    "job": by_job,
    "workflow": by_workflow,
}


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the flags; the noun has no verbs."""
    parser.add_argument("--by", choices=("day", "month", "job", "workflow", "profile"), default="day")
    parser.set_defaults(run=cost)


def cost(options: argparse.Namespace, context: Context) -> int:
    """Print totals, their sum and how the profile stands with its budgets."""
    now = time.time()
    prices = prices_of(context.settings, dt.date.fromtimestamp(now))
    profile = session_of(context, options.profile).profile
    columns = [options.by, "spent", "answers", "training", "hosting", "low", "high", "unpriced"]
    if options.by == "profile":
        rows, as_of = _by_profile(context, prices, now), None
    else:
        with store_of(context, profile) as database:
            rows = [_row(options.by, total) for total in _BY[options.by](database, prices, now)]
            whole, as_of = altogether(database, prices, now).amount, health.get(database).checked_at
            budgets = budgets_of(profile, database, prices, now)
        _say(context, whole, prices, budgets)
    if options.by == "workflow":
        columns = [name for name in columns if name not in ("answers", "training", "hosting")]
    emit(options, context.out, "cupola.cost/1", rows, columns, as_of)
    return 0


def _by_profile(context: Context, prices: PriceList, now: float) -> list[dict[str, Any]]:
    """Every profile that has a store; one whose store cannot be read is said and left out."""
    rows = []
    settings = context.settings
    named = {session_of(context, None).profile.name, settings.default_profile, *settings.profiles}
    for name in sorted(named):
        path = context.paths.store(name)
        if not path.exists():
            continue
        try:
            database = open_store(path)
        except StoreError as error:
            context.say(f"cupola: profile {name}: {error}")
            continue
        try:
            total = altogether(database, prices, now)
        finally:
            database.close()
        rows.append(_row("profile", Total(name, name, total.amount, total.parts)))
    return rows


def _row(by: str, total: Total) -> dict[str, Any]:
    parts = {str(what): dollars(total.parts[what]) if what in total.parts else None for what in What}
    bounds = {str(what): [part.low, part.high] for what, part in total.parts.items()}
    return {
        by: total.name,
        "key": total.key,
        "spent": dollars(total.amount),
        **parts,
        "low": total.amount.low,
        "high": total.amount.high,
        "unpriced": total.amount.unpriced,
        "bounds": bounds,
        "currency": "USD",
    }


def _say(context: Context, whole: Amount, prices: PriceList, budgets: Sequence[Budget]) -> None:
    own = sum(price.source == YOU for price in prices.prices)
    dates = [price.date for price in prices.prices if price.source != YOU]
    listed = f"list prices of {min(dates)} to {max(dates)}" if dates else "no list prices"
    yours = f", {own} of your own" if own else ""
    context.say(
        f"Altogether {dollars(whole)}, by {listed}{yours}; what others spent on the resource is not known here."
    )
    if whole.unpriced:
        context.say(
            f"{whole.unpriced} of its parts have no published price and are not counted ([[prices]] can say it)."
        )
    for budget in budgets:
        problem = budget.problem
        context.say(f"{problem.what} {problem.remedy}" if problem else in_words(budget))
