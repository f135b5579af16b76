"""Labelling stored answers in the lab: blind, good or bad, kept for whichever grader is tried next."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cupola.benchmarks.labels import GraderReport, ToLabel
from cupola.store import answer_labels
from cupola.store.database import Database, open_store
from cupola.training.answer_labelling import labelled_report, to_label
from cupola.training.auto_evals import AutoEvals
from cupola.training.lab_verdicts import own_threshold

from ...screens.labelling import LabellingScreen
from .lab_run import Trial, looked_again


class AnswerLabelling(LabellingScreen):
    """Labels that belong to the answers, not to one version of a grader."""

    def _keeping(self, task: ToLabel, passed: bool | None, now: float) -> Callable[[Database], object]:
        return lambda database: answer_labels.save(database, task.request, task.item, passed, now)

    def _dropping(self, task: ToLabel) -> Callable[[Database], object]:
        return lambda database: answer_labels.drop(database, task.request, task.item)


def chosen(store: Path, evals: AutoEvals, trial: Trial) -> list[ToLabel]:
    """Answers of a trial that are worth a label and have none."""
    threshold = trial.use.threshold if trial.use.threshold is not None else own_threshold(evals)
    with closing(open_store(store)) as database:
        return to_label(database, trial.scored, threshold)


def report_of(store: Path, evals: AutoEvals, trial: Trial) -> GraderReport:
    """What the labels say of the grader in hand by now."""
    report = looked_again(store, evals, trial).report
    with closing(open_store(store)) as database:
        return labelled_report(database, trial.name, report)
