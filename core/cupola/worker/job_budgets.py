"""Pausing reinforcement jobs that have used up the budget they were submitted with."""

from __future__ import annotations

from ..models import Job
from ..store import events, intents
from ..store.database import Database
from ..training.job_budget import budget_of, to_pause

_PAUSE = "job.pause"


def hold(database: Database, job: Job, now: float) -> bool:
    """Wish a job paused whose budget is used up; once for each job, so that a person may resume it all the same."""
    if budget_of(job) is None or not to_pause(job, events.of_job(database, job.id), now):
        return False
    arguments = {"why": "budget"}
    if any(
        known.kind == _PAUSE and known.target == job.id and dict(known.arguments) == arguments
        for known in intents.newest(database, 1_000)
    ):
        return False
    intents.wish(database, _PAUSE, job.id, now, arguments)
    return True
