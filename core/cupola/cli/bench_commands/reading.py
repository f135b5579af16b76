"""The verbs that read what runs have found; nobody is asked."""

from __future__ import annotations

import argparse
import datetime as dt
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit, emit_one, when
from ..text import clean

if TYPE_CHECKING:
    from ...benchmarks.leaderboard import Leaderboard, Row
    from ...benchmarks.roles import Proposal
    from ...statistics.estimates import Estimate
    from ...statistics.verdicts import Verdict
    from ...store.benchmarks import Run
    from ...store.database import Database

_SHOWN = ("arm", "score", "low", "high", "pass", "n", "error", "missing", "p50_s", "p95_s", "usd_1k", "verdict")


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print every benchmark with its last run."""
    from ...store import benchmarks

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        last = {run.benchmark: run for run in reversed(benchmarks.runs(database))}
        rows = []
        for stored in benchmarks.all_benchmarks(database):
            run = last.get(stored.name)
            done = run.progress if run else None
            rows.append(
                {
                    "name": stored.name,
                    "run": run.id if run else None,
                    "state": run.state.value if run else "never run",
                    "answered": f"{done.answered}/{done.rows}" if done else None,
                    "usd": round(done.usd, 4) if done else None,
                    "changed": when(stored.updated_at),
                }
            )
        emit(options, context.out, "cupola.benchmark/1", rows, ("name", "run", "state", "answered", "usd"), None)
    return 0


def show(options: argparse.Namespace, context: Context) -> int:
    """Print the leaderboard."""
    with board_of(options, context) as (_, board):
        rows = [_row(board, row) for row in board.rows]
        emit(options, context.out, "cupola.leaderboard/1", rows, _SHOWN, board.run.finished_at)
        _say_carefully(context, board)
    return 0


def compare(options: argparse.Namespace, context: Context) -> int:
    """Print how one arm stands to another."""
    with board_of(options, context) as (_, board):
        first, second = (board.benchmark.arm_index(name) for name in (options.first, options.second))
        if first == second:
            raise UsageError("An arm cannot be compared with itself.", remedy="Name two arms.")
        verdict = board.verdict_of(first, second)
        pair = board.pair_of(first, second)
        if verdict is None or pair is None:
            raise UsageError("One of the arms has no results yet.")
        won_lost = {} if pair.comparison is None else {"won": pair.comparison.won, "lost": pair.comparison.lost}
        row = {"first": options.first, "second": options.second, **_verdict(verdict), **won_lost}
        if pair.comparison is not None:
            row["test"] = pair.comparison.test.value
        emit_one(options, context.out, "cupola.comparison/1", row, None, hidden=("as_of",))
        _say_carefully(context, board)
    return 0


def pick(options: argparse.Namespace, context: Context) -> int:
    """Print the proposals, or record a decision."""
    from ...benchmarks.card import decide, markdown
    from ...benchmarks.roles import Role, assess, propose

    profile = session_of(context, options.profile).profile
    with board_of(options, context) as (database, board):
        today = dt.date.fromtimestamp(time.time())
        proposals = list(propose(board, today, profile.region))
        if options.role:
            proposals = [one for one in proposals if one.role.value == options.role]
            if options.arm:
                index = board.benchmark.arm_index(options.arm)
                proposals = [assess(board, Role(options.role), index, today, profile.region)]
        elif options.arm or options.record:
            raise UsageError("Say for which role.", remedy="Give --role teacher, student or control.")
        if options.record:
            if proposals[0].index is None:
                raise UsageError("There is nobody to record.", " ".join(proposals[0].reasons), "Name one with --arm.")
            number = decide(database, board, proposals[0], time.time())
            context.say(f"Decision {number} is in the ledger.")
        if options.card:
            cards = [markdown(board, one, time.time()) for one in proposals if one.index is not None]
            context.out.write("\n".join(cards))
            return 0
        rows = [_proposal(one) for one in proposals]
        emit(options, context.out, "cupola.proposal/1", rows, ("role", "arm", "reasons", "warnings"), None)
    return 0


def gate(options: argparse.Namespace, context: Context) -> int:
    """Exit 0 if the candidate is not worse than the baseline, 6 if it is, 7 if that cannot be told."""
    from ...benchmarks.not_worse import gate as hold

    with board_of(options, context) as (_, board):
        baseline = options.baseline or board.benchmark.baseline
        if baseline is None:
            raise UsageError("There is no baseline.", remedy="Give --baseline, or set `baseline` in the benchmark.")
        if baseline == options.candidate:
            raise UsageError("The candidate is its own baseline.", remedy="Name two arms.")
        for name in (options.candidate, baseline):
            if board.row_of(board.benchmark.arm_index(name)).score is None:
                raise UsageError(f"Arm {clean(name)!r} has no results yet.", remedy="Run the benchmark first.")
        result = hold(board, options.candidate, baseline)
        row = {"candidate": result.candidate, "baseline": result.baseline, **_verdict(result.verdict)}
        emit_one(options, context.out, "cupola.gate/1", {**row, "exit": int(result.exit)}, None, hidden=("as_of",))
        _say_carefully(context, board)
        return int(result.exit)


def items(options: argparse.Namespace, context: Context) -> int:
    """Print the items, worst or most disputed first."""
    from ...benchmarks.browse import item_lines
    from ...benchmarks.leaderboard import load_table
    from ...statistics.outcomes import Outcome

    outcome = None
    if options.outcome:
        if options.outcome not in {one.value for one in Outcome}:
            known = ", ".join(one.value for one in Outcome)
            raise UsageError(f"{options.outcome!r} is no outcome.", remedy=f"Take one of {known}.")
        outcome = Outcome(options.outcome)
    with board_of(options, context) as (_, board):
        table = load_table(_, board.run)
        assert table is not None
        lines = item_lines(board, table, options.order, outcome, options.disagree)[: options.limit]
        names = [arm.name for arm in board.benchmark.arms]
        rows = [
            {
                "item": line.place + 1,
                "passed": None if math.isnan(line.passed) else round(line.passed, 3),
                **{
                    name: " ".join(outcome.value for outcome in found)
                    for name, found in zip(names, line.outcomes, strict=True)
                },
            }
            for line in lines
        ]
        emit(options, context.out, "cupola.item/1", rows, ("item", "passed", *names), None)
    return 0


@contextmanager
def board_of(options: argparse.Namespace, context: Context) -> Iterator[tuple[Database, Leaderboard]]:
    """The store, and the leaderboard that the options name."""
    from ...benchmarks.leaderboard import leaderboard_of

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        run = _run(database, options)
        board = leaderboard_of(database, run, options.by)
        if board is None:
            raise UsageError(f"Run {run.id} has not begun.", remedy="Start the worker: cupola worker start")
        if options.by and board.view.name != options.by:
            known = ", ".join(clean(view.name) for view in board.views)
            raise UsageError(f"There is no grader {clean(options.by)!r}.", remedy=f"Take one of {known}.")
        yield database, board


def _run(database: Database, options: argparse.Namespace) -> Run:
    from ...store import benchmarks

    found = benchmarks.runs(database, options.benchmark)
    if options.run_id is not None:
        found = [run for run in found if run.id == options.run_id]
    if not found:
        remedy = f"Run it: cupola bench run {clean(options.benchmark)}"
        raise UsageError(f"There is no such run of {clean(options.benchmark)!r}.", remedy=remedy)
    return found[0]


def _row(board: Leaderboard, row: Row) -> dict[str, Any]:
    from ...benchmarks.card import row_numbers

    numbers = row_numbers(row)
    score = _ends(row.score)
    return {
        **numbers,
        "arm": row.arm.name,
        "score": score[0],
        "low": score[1],
        "high": score[2],
        "pass": short(row.outcomes.pass_rate),
        "error": row.outcomes.error,
        "missing": row.outcomes.missing,
        "p50_s": short(numbers["p50_seconds"]),
        "p95_s": short(numbers["p95_seconds"]),
        "usd_1k": short(numbers["usd_per_thousand"]),
        "verdict": numbers["verdict"] or ("reference" if row.index == board.reference else None),
        "few_prompts": row.score.few_prompts if row.score else None,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    value, low, high = _ends(verdict.difference)
    return {
        "verdict": verdict.word.value,
        "difference": value,
        "low": low,
        "high": high,
        "margin": verdict.margin,
        "p": None if verdict.p is None or math.isnan(verdict.p) else verdict.p,
        "family": verdict.family,
        "items_needed": verdict.items_needed,
        "usd_needed": verdict.cost,
        "few_prompts": verdict.few_prompts,
        "reasons": [reason.value for reason in verdict.reasons] or None,
    }


def _proposal(proposal: Proposal) -> dict[str, Any]:
    return {
        "role": proposal.role.value,
        "arm": proposal.name or None,
        "reasons": " ".join(proposal.reasons),
        "warnings": " ".join(proposal.warnings) or None,
    }


def _ends(estimate: Estimate | None) -> tuple[float | None, float | None, float | None]:
    if estimate is None:
        return None, None, None
    return short(estimate.value), short(estimate.interval.low), short(estimate.interval.high)


def short(value: float | None) -> float | None:
    """A number that JSON can hold, without digits that mean nothing."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")


def _say_carefully(context: Context, board: Leaderboard) -> None:
    from ...benchmarks.noise import noise_of

    for noise in noise_of(board):
        change, flips = noise.floor.change.value, noise.floor.flips.value
        context.say(f"{clean(noise.name)} against itself: scores move by {change:.3g}, {flips:.1%} of verdicts flip.")
    if board.few_prompts:
        context.say("Few prompts: intervals rest on fewer than ten.")
    if board.run.state.moving:
        context.say("The run is still under way.")
