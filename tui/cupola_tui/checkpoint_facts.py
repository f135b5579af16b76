"""What the Checkpoints pane knows: auto-evals and checkpoints from the store, read once and then as they change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cupola.models import EvaluationAnswer, EvaluationItem, Job
from cupola.store import evaluations

from .facts import Facts

if TYPE_CHECKING:
    from cupola.training.auto_evals import AutoEvals

_ANSWERS_KEPT = 2_000


class CheckpointFacts:
    """A reader beside the common facts, which it asks for jobs, checkpoints and curves."""

    def __init__(self, facts: Facts) -> None:
        self.common = facts
        self._evaluated: frozenset[str] | None = None
        self._evals: dict[str, AutoEvals | None] = {}
        self._items: dict[str, dict[str, list[EvaluationItem]]] = {}
        self._answers: OrderedDict[tuple[str, str], EvaluationAnswer] = OrderedDict()

    def changed(self, topics: Iterable[str]) -> None:
        """Forget what these topics cover."""
        for topic in topics:
            family, _, job_id = topic.partition("/")
            if family == "evaluations":
                self._evaluated = None
                self._evals.pop(job_id, None)

    def jobs(self) -> list[Job]:
        """The reinforcement jobs, newest first."""
        return [job for job in self.common.jobs() if job.method == "reinforcement"]

    def is_evaluated(self, job: Job) -> bool:
        """Whether the job's evaluation is known."""
        if self._evaluated is None:
            self._evaluated = frozenset(evaluations.jobs(self.common.database))
        return job.id in self._evaluated

    def evals(self, job: Job) -> AutoEvals | None:
        """A job's validation passes as one table; None before the first."""
        from cupola.training.stored_evals import read

        if job.id not in self._evals:
            self._evals[job.id] = read(self.common.database, job, self._items.setdefault(job.id, {}))
        return self._evals[job.id]

    def answer(self, item: EvaluationItem) -> EvaluationAnswer:
        """The texts of one item."""
        from cupola.training.stored_evals import answer_of

        key = item.run_id, item.id
        if key not in self._answers:
            self._answers[key] = answer_of(self.common.database, item)
            while len(self._answers) > _ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return self._answers[key]

    def raw(self, item: EvaluationItem) -> str:
        """The service's JSON of one item."""
        return evaluations.raw_item(self.common.database, item.run_id, item.id) or "{}"
