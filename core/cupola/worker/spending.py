"""Holding a profile's hard budgets: once it is used up, what Cupola pays for stops, and stays stopped."""

from __future__ import annotations

from ..models import IntentState, Job, Phase, Problem
from ..money.budgets import Budget, Span, Standing
from ..store import benchmarks, intents, jobs, notices, workflows
from ..store.benchmarks import RunState
from ..store.database import Database
from ..store.notices import News
from ..store.watches import Subject
from ..store.workflows import WorkflowState
from .intents import PAUSE

_OF = {Span.WHOLE: "", Span.DAY: " of the day", Span.MONTH: " of the month"}
_WAITING = (IntentState.WANTED, IntentState.TAKEN)


def hold(database: Database, profile_name: str, budget: Budget, now: float) -> None:
    """Tell of a budget that is passed, each limit once in its day or month; and stop paying where it is the hard one.

    Benchmark runs are stopped and workflows paused whenever they are found to move. Reinforcement jobs, which are
    billed by the hour, are paused once for each limit: whoever resumes one after that means it.
    """
    problem = budget.problem
    if problem is None:
        return
    hard = budget.standing is Standing.HARD
    title = f"Hard budget{_OF[budget.span]} used up" if hard else f"Soft budget{_OF[budget.span]} passed"
    occasion = "@".join(part for part in ("hard" if hard else "soft", f"{budget.limit}", budget.period) if part)
    news = News("budget", occasion, title, problem.what)
    fresh = notices.add(database, Subject.BUDGET, profile_name, [news], now)
    if hard:
        _stop(database, problem, now)
        if fresh:
            _pause_jobs(database, now)


def _stop(database: Database, problem: Problem, now: float) -> None:
    for run in benchmarks.runs_in(database, RunState.WANTED, RunState.RUNNING):
        benchmarks.set_state(database, run.id, RunState.STOPPED, now, problem)
    for workflow in workflows.in_state(database, WorkflowState.RUNNING):
        workflows.move(database, workflow.id, [WorkflowState.RUNNING], WorkflowState.PAUSED, now, problem)


def _pause_jobs(database: Database, now: float) -> None:
    asked = {wish.target for wish in intents.newest(database, 1_000) if wish.kind == PAUSE and wish.state in _WAITING}
    for job in jobs.newest(database):
        if _costs_by_the_hour(job) and job.id not in asked:
            intents.wish(database, PAUSE, job.id, now)


def _costs_by_the_hour(job: Job) -> bool:
    return job.method == "reinforcement" and job.phase is Phase.RUNNING
