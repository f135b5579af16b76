"""From the store to the auto-evals of a job, and to the texts of one item."""

from __future__ import annotations

from ..azure.wire import evaluation_answers
from ..models import EvaluationAnswer, EvaluationItem, Job
from ..store import evaluations
from ..store.database import Database
from .auto_evals import AutoEvals, build, reward_scale


def read(database: Database, job: Job, known: dict[str, list[EvaluationItem]] | None = None) -> AutoEvals | None:
    """A job's validation passes as far as they are stored; None before the first.

    `known` holds the items of runs that were whole when they were read before, by run; it is added to.
    """
    known = {} if known is None else known
    passes = []
    for stored in evaluations.runs_of(database, job.id):
        if stored.items:
            items = known.get(stored.run.id) or evaluations.items_of(database, stored.run.id)
            passes.append((stored.run, items))
            if stored.whole:
                known[stored.run.id] = items
    return build(passes, reward_scale(job))


def answer_of(database: Database, item: EvaluationItem) -> EvaluationAnswer:
    """The texts of one stored item; empty ones if its JSON is gone."""
    return evaluation_answers.answer(evaluations.raw_item(database, item.run_id, item.id) or "{}")
