"""Pausing reinforcement jobs whose reward stands still, where a person has said so before; never without that."""

from __future__ import annotations

from ..models import Intent, Job, Phase, Problem
from ..store import checkpoints, convergence_orders, evaluations, events, jobs, notices, points
from ..store.database import Database
from ..store.notices import News
from ..store.watches import Subject
from ..training import stored_evals
from ..training.convergence import converged
from ..training.left_to_pay import left_to_pay

_PAUSE = "job.pause"
WHY = "converged"


def hold(database: Database, job: Job, now: float) -> bool:
    """Wish a job paused whose reward has stood still, if that was ordered; once for each order.

    Each validation pass is looked at once, when all its items are stored.
    """
    order = convergence_orders.get(database, job.id)
    if order is None or not order.stands or job.phase is not Phase.RUNNING:
        return False
    passes = [one for one in evaluations.runs_of(database, job.id) if one.items and one.run.step is not None]
    newest = max(passes, key=lambda one: one.run.step or 0, default=None)
    if newest is None or not newest.whole or newest.run.step == order.looked:
        return False
    evals = stored_evals.read(database, job)
    found = converged(evals) if evals is not None else None
    if found is None:
        convergence_orders.looked(database, job.id, newest.run.step or 0)
        return False
    arguments = {"why": WHY, "seen": found.seen, "saved": _saved(database, job, newest.run.step or 0, now)}
    # What was seen now is no reason for another pause, should the job be resumed and the order given again.
    convergence_orders.looked(database, job.id, newest.run.step or 0)
    return convergence_orders.meet(database, job.id, found.seen, now, _PAUSE, arguments)


def tell(database: Database, intent: Intent, problem: Problem | None, now: float) -> None:
    """Say how a pause because of convergence went: why, what it saves and how to go on; or why it could not be.

    An order whose pause the service has refused stands again, for the next validation pass.
    """
    if intent.kind != _PAUSE or intent.arguments.get("why") != WHY:
        return
    job = jobs.get(database, intent.target)
    name = job.name if job is not None else intent.target
    seen, saved = str(intent.arguments.get("seen", "")), str(intent.arguments.get("saved", ""))
    if problem is not None:
        convergence_orders.give(database, intent.target, now)
        text = f"Job {name} has converged ({seen}) and could not be paused: {problem.what} It is tried again after the"
        text += f" next validation pass; or pause it yourself: cupola job pause {intent.target}"
        news = News("failed", f"{WHY}@{intent.id}", "Job could not be paused", text)
    else:
        text = f"Job {name} is paused, as you asked for once it had converged: {seen}."
        text += f" That leaves unpaid {saved}." if saved else ""
        text += f" Go on all the same: cupola job resume {intent.target}"
        news = News("paused", f"{WHY}@{intent.id}", "Job paused: converged", text)
    notices.add(database, Subject.JOB, intent.target, [news], now)


def _saved(database: Database, job: Job, validated: int, now: float) -> str:
    step = max(points.last_step(database, job.id) or 0, validated)
    known = [one for one, _ in checkpoints.of_job(database, job.id)]
    left = left_to_pay(job, events.of_job(database, job.id), step, known, now)
    return left.words if left is not None else ""
