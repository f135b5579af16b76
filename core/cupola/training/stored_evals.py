"""From the store to the auto-evals of a job, and to the texts of one item."""

from __future__ import annotations

from ..azure.wire import evaluation_answers
from ..models import EvaluationAnswer, EvaluationItem, Job
from ..store import evaluations
from ..store.database import Database
from .auto_evals import AutoEvals, build, reward_scale


def read(database: Database, job: Job) -> AutoEvals | None:
    """A job's validation passes as far as they are stored; None before the first."""
    stored = [known.run for known in evaluations.runs_of(database, job.id) if known.items]
    return build([(run, evaluations.items_of(database, run.id)) for run in stored], reward_scale(job))


def answer_of(database: Database, item: EvaluationItem) -> EvaluationAnswer:
    """The texts of one stored item; empty ones if its JSON is gone."""
    return evaluation_answers.answer(evaluations.raw_item(database, item.run_id, item.id) or "{}")
