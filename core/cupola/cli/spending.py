"""Which verbs may spend, and refusing them once a hard budget of the profile is used up."""

from __future__ import annotations

import argparse
import datetime as dt
import time

from ..errors import CupolaError
from .context import Context, profile_meant, store_of

SPENDING: frozenset[str] = frozenset(
    {
        "bench run",
        "checkpoint regrade",
        "checkpoint resume",
        "checkpoint test",
        "deploy create",
        "deploy scale",
        "distill branch",
        "distill resume",
        "distill run",
        "grader calibrate",
        "grader lab",
        "job resume",
        "job submit",
        "raft make",
        "raft resume",
        "raft run",
    }
)
"""Noun and verb of all that begins, or goes on with, what is paid for."""


class BudgetError(CupolaError):
    """Something would be paid for, and a hard budget of the profile is used up."""

    exit_code = 9


def refuse_beyond_budget(options: argparse.Namespace, context: Context) -> None:
    """Let what may spend pass only while no hard budget of the profile is used up, and anything with --dry-run.

    Raises:
        BudgetError: a hard budget is used up, or may be; it says which and when it begins anew.
    """
    named = f"{options.noun} {getattr(options, 'verb', '')}"
    if named not in SPENDING or getattr(options, "dry_run", False):
        return
    from ..money.budgets import budgets_of, has_budgets, refusal
    from ..money.prices import prices_of

    profile = profile_meant(options, context)
    if not has_budgets(profile) or not context.paths.store(profile.name).exists():
        return
    now = time.time()
    with store_of(context, profile) as database:
        prices = prices_of(context.settings, dt.date.fromtimestamp(now))
        problem = refusal(budgets_of(profile, database, prices, now))
    if problem is not None:
        raise BudgetError(problem.what, problem.why, problem.remedy)
