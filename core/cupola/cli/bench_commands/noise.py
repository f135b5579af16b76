"""The verb that says how far an arm differs from itself, and what the items can show."""

from __future__ import annotations

import argparse
import math
from typing import Any

from ..context import Context
from ..output import emit
from ..text import clean
from .reading import board_of, short


def noise(options: argparse.Namespace, context: Context) -> int:
    """Print the noise floor of every arm that was run twice, and the smallest difference that shows."""
    from ...benchmarks.noise import noise_of
    from ...benchmarks.power import need_for, sight_of

    with board_of(options, context) as (_, board):
        sight = sight_of(board)
        rows: list[dict[str, Any]] = []
        for found in noise_of(board):
            change, flips = found.floor.change, found.floor.flips
            rows.append(
                {
                    "arm": found.name,
                    "items": change.items,
                    "change": short(change.value),
                    "change_low": short(change.interval.low),
                    "change_high": short(change.interval.high),
                    "flips": short(flips.value),
                    "flips_low": short(flips.interval.low),
                    "flips_high": short(flips.interval.high),
                    "smallest_visible": short(sight.difference),
                }
            )
        columns = ("arm", "items", "change", "change_low", "change_high", "flips", "flips_low", "flips_high")
        emit(options, context.out, "cupola.noise/1", rows, columns, board.run.finished_at)
        context.say(f"{board.prompts:,} prompts show a difference of {sight.difference:.3g} or more, {sight.basis}.")
        if options.see is not None:
            need = need_for(board, options.see)
            money = "at a price that is not known" if need.usd is None else f"for about ${need.usd:,.2f}"
            context.say(f"To see {need.difference:.3g}: {need.prompts:,} prompts, {need.further:,} more, {money}.")
        if not rows and not math.isnan(sight.difference):
            name = clean(board.benchmark.name)
            context.say(f"No arm was run twice: cupola bench run {name} --again ARM shows how far one moves by itself.")
    return 0
