"""What showing answers to a grader takes, in words and as printed, before anything is paid for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .context import Context
from .output import emit_one
from .text import clean

if TYPE_CHECKING:
    from ..benchmarks.definition import GraderUse
    from ..training.regrade_cost import RegradeEstimate


def in_words(use: GraderUse, takes: RegradeEstimate, budget: float | None) -> str:
    """Answers, judges, calls, tokens and dollars as sentences."""
    shown = f"{takes.answers:,} answers to {clean(use.name)}"
    if not takes.judges:
        return f"{shown}, which is computed here: no call, nothing to pay."
    calls = _range(takes.calls.low, takes.calls.high)
    tokens = _range(takes.tokens.low, takes.tokens.high)
    most = "an amount that cannot be bounded" if takes.most is None else f"${takes.most:,.2f}"
    words = f"{shown}: {calls} calls of {', '.join(map(clean, takes.judges))}, {tokens} tokens,"
    words += f" ${takes.usd.low:,.2f} to {most}."
    if takes.unpriced:
        words += f" The price of {', '.join(map(clean, takes.unpriced))} is not known."
    if takes.unbounded:
        words += f" Nothing bounds the answers of {', '.join(map(clean, takes.unbounded))}; common lengths are taken."
    return words if budget is None else f"{words} It stops before ${budget:,.2f}."


def print_estimates(
    options: argparse.Namespace, context: Context, found: Sequence[tuple[GraderUse, RegradeEstimate]]
) -> None:
    """Say and print what each grader takes."""
    for use, takes in found:
        context.say(in_words(use, takes, options.max_cost))
        row = {
            "grader": use.name,
            "answers": takes.answers,
            "judges": list(takes.judges),
            "calls_low": round(takes.calls.low),
            "calls_high": round(takes.calls.high),
            "tokens_low": round(takes.tokens.low),
            "tokens_high": round(takes.tokens.high),
            "usd_low": round(takes.usd.low, 4),
            "usd_high": None if takes.most is None else round(takes.most, 4),
            "unpriced": list(takes.unpriced),
        }
        emit_one(options, context.out, "cupola.grading-estimate/1", row, None, hidden=("as_of",))


def _range(low: float, high: float) -> str:
    return f"{high:,.0f}" if round(low) == round(high) else f"{low:,.0f} to {high:,.0f}"
