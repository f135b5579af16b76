"""What the Checkpoints pane knows: auto-evals and checkpoints from the store, read once and then as they change."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cupola.models import Evaluation, EvaluationAnswer, EvaluationItem, Job
from cupola.store import convergence_orders, decisions, evaluations, regrades, workflows

from .facts import Facts
from .views.checkpoints.gradings import SecondGrading, shown

if TYPE_CHECKING:
    from cupola.store.convergence_orders import Order
    from cupola.store.decisions import Decision
    from cupola.store.evaluation_columns import RunColumns
    from cupola.store.regrades import Regrade, SecondGrader
    from cupola.store.workflows import Stage, Workflow
    from cupola.training.auto_evals import AutoEvals
    from cupola.training.regrading import SecondSeries

_ANSWERS_KEPT = 2_000
_WORDS_KEPT = 50_000
_WORKFLOWS = 60
"""So many of the newest are looked through for second graders."""
_SEARCHED = 4_000
"""Letters of a question and of an answer that are searched."""

_REGRADE = "regrade"
"""The kind of workflow that shows stored answers to a grader."""
EVALUATION = "evaluation"
"""The method of what is no job: an evaluation that was opened by its id or imported."""


class CheckpointFacts:
    """A reader beside the common facts, which it asks for jobs, checkpoints and curves."""

    def __init__(self, facts: Facts) -> None:
        self.common = facts
        self._evaluated: tuple[frozenset[str], list[Job]] | None = None
        self._evals: dict[str, AutoEvals | None] = {}
        self._columns: dict[str, dict[str, RunColumns]] = {}
        self._opinions: dict[str, tuple[AutoEvals, tuple[SecondSeries, ...]]] = {}
        self._answers: OrderedDict[tuple[str, str], EvaluationAnswer] = OrderedDict()
        self._words: OrderedDict[tuple[str, str], str] = OrderedDict()

    def changed(self, topics: Iterable[str]) -> None:
        """Forget what these topics cover."""
        for topic in topics:
            family, _, owner = topic.partition("/")
            if family == "evaluations":
                self._evaluated = None
                self._evals.pop(owner, None)
            elif family == "regrades":
                self._opinions.pop(owner, None)

    def reinforcement_jobs(self) -> list[Job]:
        """The reinforcement jobs, newest first, evaluated or not."""
        return [job for job in self.common.jobs() if job.method == "reinforcement"]

    def evaluated(self) -> list[Job]:
        """Whatever has an evaluation, newest first: reinforcement jobs, then evaluations that were opened by hand.

        Those stand as jobs of the method `EVALUATION`, so that they are shown in the same way.
        """
        if self._evaluated is None:
            database = self.common.database
            others = [_as_job(one) for one in evaluations.others(database)]
            self._evaluated = frozenset(evaluations.jobs(database)), others
        owners, others = self._evaluated
        return [job for job in self.reinforcement_jobs() if job.id in owners] + others

    def evals(self, job: Job) -> AutoEvals | None:
        """A job's validation passes as one table; None before the first."""
        from cupola.training import stored_evals

        if job.id not in self._evals:
            database = self.common.database
            if job.method == EVALUATION:
                self._evals[job.id] = stored_evals.read_any(database, job.id)
            else:
                known = self._columns.setdefault(job.id, {})
                self._evals[job.id] = stored_evals.read(database, job, known)
        return self._evals[job.id]

    def opinions(self, job: Job) -> tuple[SecondSeries, ...]:
        """What other graders made of a job's stored answers."""
        evals = self.evals(job)
        if evals is None:
            return ()
        known = self._opinions.get(job.id)
        if known is None or known[0] is not evals:
            database = self.common.database
            found: tuple[SecondSeries, ...] = ()
            # The reading room of grades is heavy to import; most jobs have none.
            if regrades.graders_of(database, job.id):
                from cupola.training.regrading import second_series

                found = second_series(database, job.id, evals)
            known = self._opinions[job.id] = evals, found
        return known[1]

    def gradings(self, job: Job) -> tuple[SecondGrading, ...]:
        """Second graders that the worker has shown a job's answers to, as far as they are worth a line."""
        database = self.common.database
        every = [one for one in workflows.newest(database, _WORKFLOWS) if one.kind == _REGRADE]
        mine = [(one, told) for one in every if (told := json.loads(one.definition)).get("owner") == job.id]
        return shown([_grading(one, told, workflows.stages(database, one.id)) for one, told in mine])

    def order(self, job: Job) -> Order | None:
        """What was said of pausing a job by itself."""
        return convergence_orders.get(self.common.database, job.id) if job.method != EVALUATION else None

    def regrades(self, item: EvaluationItem) -> list[tuple[SecondGrader, Regrade]]:
        """What other graders made of one answer."""
        return regrades.of_item(self.common.database, item.run_id, item.id)

    def answer(self, item: EvaluationItem) -> EvaluationAnswer:
        """The texts of one item."""
        key = item.run_id, item.id
        if key not in self._answers:
            self._answers[key] = self._read(item)
            while len(self._answers) > _ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return self._answers[key]

    def words(self, item: EvaluationItem) -> str:
        """Question, fields and answer in small letters, to look for words in."""
        key = item.run_id, item.id
        if key not in self._words:
            told = self._answers.get(key) or self._read(item)
            asked = " ".join([*(text for _, text in told.messages), *(text for _, text in told.fields)])
            said = f"{told.text} {told.tools} {told.problem}"
            self._words[key] = f"{asked[:_SEARCHED]} {said[:_SEARCHED]}".lower()
            while len(self._words) > _WORDS_KEPT:
                self._words.popitem(last=False)
        return self._words[key]

    def raw(self, item: EvaluationItem) -> str:
        """The service's JSON of one item."""
        return evaluations.raw_item(self.common.database, item.run_id, item.id) or "{}"

    def model_of(self, job: Job, step: int) -> str:
        """The name under which a step's checkpoint is deployed; "" if none is listed."""
        known = self.common.checkpoints(job.id)
        return next((one.model for one, deployable in known if one.step == step and deployable), "")

    def decisions(self, name: str) -> list[Decision]:
        """What was decided about a job, newest first."""
        return decisions.newest(self.common.database, name)

    def _read(self, item: EvaluationItem) -> EvaluationAnswer:
        from cupola.training.stored_evals import answer_of

        return answer_of(self.common.database, item)


def _grading(workflow: Workflow, told: dict[str, Any], stages: list[Stage]) -> SecondGrading:
    verdict = next((str(one.outputs["headline"]) for one in stages if one.outputs.get("headline")), "")
    asked = next((one.question for one in stages if one.question), "")
    problem = workflow.problem.what if workflow.problem is not None else ""
    grader = str(told.get("grader", {}).get("name", "grader"))
    first = stages[0]
    return SecondGrading(
        workflow.id, grader, workflow.state, first.done, first.total, workflow.spent, workflow.hard,
        verdict or problem or asked,
    )  # fmt: skip


def _as_job(found: Evaluation) -> Job:
    return Job(found.job_id, "", EVALUATION, "succeeded", found.created_at, suffix=found.name or found.id)
