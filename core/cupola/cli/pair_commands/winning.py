"""The verb that says how often one arm beats another."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit_one
from .finding import run_named

if TYPE_CHECKING:
    from ...statistics.win_rate import WinRate


def wins(options: argparse.Namespace, context: Context) -> int:
    """Print wins, ties and losses, the win rate and the length-controlled one, with intervals."""
    from ...benchmarks.preferences import wins_of

    if options.arm == options.base:
        raise UsageError("An arm cannot win against itself.", remedy="Name two arms.")
    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        run = run_named(database, options)
        found = wins_of(database, run, options.arm, options.base, options.grader)
        row = {"run": run.id, "arm": options.arm, "base": options.base, **row_of(found)}
        emit_one(options, context.out, "cupola.wins/1", row, run.finished_at)
        context.say(in_words(found))
    return 0


def row_of(found: WinRate) -> dict[str, Any]:
    """A win rate as fields; shares are from 0 to 1."""
    controlled = found.controlled
    return {
        "wins": found.wins,
        "ties": found.ties,
        "losses": found.losses,
        "win_rate": round(found.rate.value, 4),
        "low": round(found.rate.interval.low, 4),
        "high": round(found.rate.interval.high, 4),
        "longer_by_tokens": round(found.longer, 2) if found.longer == found.longer else None,
        "length_controlled": None if controlled is None else round(controlled.value, 4),
        "length_controlled_low": None if controlled is None else round(controlled.interval.low, 4),
        "length_controlled_high": None if controlled is None else round(controlled.interval.high, 4),
    }


def in_words(found: WinRate) -> str:
    """What the two rates say together."""
    rate, controlled = found.rate, found.controlled
    said = f"It wins {rate.value:.0%} ({rate.interval.low:.0%} to {rate.interval.high:.0%})"
    if controlled is None:
        return f"{said}; lengths cannot be controlled for: they differ by the same amount everywhere."
    interval = controlled.interval
    said += f", and {controlled.value:.0%} ({interval.low:.0%} to {interval.high:.0%}) with lengths controlled for."
    if rate.interval.low > 0.5 >= interval.low:
        said += " Its lead may be no more than longer answers."
    return said
