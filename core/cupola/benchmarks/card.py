"""A decision with the numbers that were on the screen: for the ledger, and as a Markdown card for a pull request."""

from __future__ import annotations

import math
import time
import unicodedata
from typing import Any

from ..statistics.estimates import Estimate
from ..store import decisions
from ..store.database import Database
from .leaderboard import Leaderboard, Row
from .roles import Proposal

_ENGINES = {"here": "and graded here", "evals": "and graded by the service's Evals", "batch": "through Global Batch"}


def decide(database: Database, board: Leaderboard, proposal: Proposal, now: float) -> int:
    """Write a choice into the ledger; return its number there.

    Raises:
        ValueError: the proposal names no arm.
    """
    if proposal.index is None:
        raise ValueError("A decision needs an arm.")
    numbers = numbers_of(board, proposal)
    card = markdown(board, proposal, now)
    return decisions.add(
        database, now, board.benchmark.name, board.run.id, proposal.role.value, proposal.name, numbers, card
    )


def numbers_of(board: Leaderboard, proposal: Proposal) -> dict[str, Any]:
    """What was on the screen, as JSON."""
    return {
        "view": board.view.name,
        "margin": board.margin,
        "items": board.items,
        "split": board.run.split,
        "prompts": board.run.prompts,
        "graders": board.run.graders,
        "engine": board.run.engine,
        "budget": board.run.budget,
        "usd": board.run.progress.usd,
        "reasons": list(proposal.reasons),
        "warnings": list(proposal.warnings),
        "rows": [row_numbers(row) for row in board.rows],
    }


def row_numbers(row: Row) -> dict[str, Any]:
    """One arm's numbers as JSON; what is not bounded or not known is null."""
    counts = row.outcomes
    return {
        "arm": row.arm.name,
        "deployment": row.arm.deployment,
        "score": _estimate(row.score),
        "pass_rate": _estimate(row.passes),
        "outcomes": {name: getattr(counts, name) for name in counts.__slots__},
        "n": counts.total,
        "p50_seconds": row.latency.p50.value if row.latency else None,
        "p95_seconds": row.latency.p95.value if row.latency else None,
        "first_token_p50_seconds": row.first_token.p50.value if row.first_token else None,
        "completion_tokens": row.tokens.completion if row.tokens else None,
        "usd_per_thousand": row.cost.per_thousand if row.cost else None,
        "price_source": row.cost.source if row.cost else None,
        "retires": row.retires.isoformat() if row.retires else None,
        "verdict": row.verdict.word.value if row.verdict else None,
        "p": row.verdict.p if row.verdict else None,
        "items_needed": row.verdict.items_needed if row.verdict else None,
    }


def markdown(board: Leaderboard, proposal: Proposal, now: float) -> str:
    """The card."""
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    lines = [
        f"## {proposal.role.value.capitalize()}: {_plain(proposal.name)}",
        "",
        f"Benchmark {_plain(board.benchmark.name)}, {day}, judged by {_plain(board.view.name)};"
        f" {board.items} items, margin {board.margin:.3g}.",
        "",
        *(f"- {_plain(reason)}" for reason in proposal.reasons),
        *(f"- Warning: {_plain(warning)}" for warning in proposal.warnings),
        "",
        "| arm | score (95% interval) | pass | n | error, missing | p50 s | p95 s | $/1k | verdict |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in board.rows),
        "",
        f"Split `{board.run.split[:12]}`, prompts `{board.run.prompts[:12]}`, graders `{board.run.graders[:12]}`,"
        f" run {board.run.id}. Paired by prompt, Holm-corrected over {len(board.pairs)} comparisons.",
        f"Asked {_ENGINES[board.run.engine]}; ${board.run.progress.usd:,.4f} spent, {_budget(board)}.",
    ]
    return "\n".join(lines) + "\n"


def _budget(board: Leaderboard) -> str:
    return "no budget was set" if board.run.budget is None else f"budget ${board.run.budget:,.2f}"


def _line(row: Row) -> str:
    counts = row.outcomes
    score = "none"
    if row.score is not None:
        score = f"{row.score.value:.3f} ({row.score.interval.low:.3f} to {row.score.interval.high:.3f})"
    cells = [
        _plain(row.arm.name),
        score,
        "" if math.isnan(counts.pass_rate) else f"{counts.pass_rate:.1%}",
        str(counts.total),
        f"{counts.error}, {counts.missing}",
        f"{row.latency.p50.value:.2f}" if row.latency else "",
        f"{row.latency.p95.value:.2f}" if row.latency else "",
        f"{row.cost.per_thousand:.3f}" if row.cost else "unknown",
        row.verdict.word.value if row.verdict else "reference",
    ]
    return f"| {' | '.join(cells)} |"


def _estimate(estimate: Estimate | None) -> dict[str, float | int] | None:
    if estimate is None:
        return None
    interval = estimate.interval
    ends = {"low": interval.low, "high": interval.high}
    bounded = {name: value for name, value in ends.items() if math.isfinite(value)}
    return {"value": estimate.value, "n": estimate.items, "prompts": estimate.clusters, **bounded}


def _plain(text: str) -> str:
    """Text that cannot become markup of a Markdown page or steer a terminal."""
    kept = "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in text)
    for sign in "\\`*_[]<>|#":
        kept = kept.replace(sign, f"\\{sign}")
    return kept
