"""From the store to the auto-evals of a job, and to the texts of one item."""

from __future__ import annotations

from dataclasses import replace

from ..azure.wire import evaluation_answers
from ..models import EvaluationAnswer, EvaluationItem, EvaluationRun, Job
from ..store import evaluations
from ..store.database import Database
from ..store.evaluation_columns import RunColumns
from .auto_evals import AutoEvals, join, reward_scale


def read(database: Database, job: Job, known: dict[str, RunColumns] | None = None) -> AutoEvals | None:
    """A job's validation passes as far as they are stored; None before the first.

    `known` holds the columns of runs that were whole when they were read before, by run; it is added to.
    """
    return join(_passes(database, job.id, known), reward_scale(job))


def read_any(database: Database, eval_id: str) -> AutoEvals | None:
    """Any opened or imported evaluation: its runs in their order, by their number where their names tell no step."""
    passes = _passes(database, eval_id, None)
    if any(run.step is None for run, _ in passes):
        passes.sort(key=lambda entry: (entry[0].created_at, entry[0].id))
        passes = [(replace(run, step=number), own) for number, (run, own) in enumerate(passes)]
    return join(passes)


def _passes(
    database: Database, owner: str, known: dict[str, RunColumns] | None
) -> list[tuple[EvaluationRun, RunColumns]]:
    known = {} if known is None else known
    passes = []
    for stored in evaluations.runs_of(database, owner):
        if stored.items:
            own = known.get(stored.run.id) or evaluations.columns_of(database, stored.run.id)
            passes.append((stored.run, own))
            if stored.whole:
                known[stored.run.id] = own
    return passes


def answer_of(database: Database, item: EvaluationItem) -> EvaluationAnswer:
    """The texts of one stored item; empty ones if its JSON is gone."""
    return evaluation_answers.answer(evaluations.raw_item(database, item.run_id, item.id) or "{}")
