"""The grader lab's work: a grader on some stored answers, beside what others say of them; for a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cupola.benchmarks.definition import GraderUse
from cupola.benchmarks.start import grading_room
from cupola.errors import UsageError
from cupola.graders import GraderDefinitionError, PythonSandbox, SandboxUnavailableError
from cupola.store.database import open_store
from cupola.training.auto_evals import AutoEvals
from cupola.training.grader_lab import LabReport, Scored, known_scores, lab, reported, sampled
from cupola.training.regrading import no_model

SAMPLED = 60
"""How many answers are shown to the grader: enough to see what changes, few enough for a few seconds."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A grader on some answers."""

    use: GraderUse
    report: LabReport

    @property
    def name(self) -> str:
        """The grader's."""
        return self.use.name

    @property
    def scored(self) -> tuple[Scored, ...]:
        """What changed most comes first."""
        return self.report.scored

    @property
    def unasked(self) -> tuple[tuple[str, str], ...]:
        """Answers that its models have not been asked about, each by its run and item."""
        if not self.use.judges:
            return ()
        return tuple((one.run_id, one.item_id) for one in self.scored if one.after is None and not one.problem)


def try_grader(store: Path, evals: AutoEvals, steps: Sequence[int], definition: Mapping[str, Any]) -> Trial:
    """Run a grader on stored answers of some steps, here; of one that asks models what it said before is read.

    Raises:
        UsageError: it is no grader, or its python cannot be run on this machine.
        StoreError: the store cannot be read.
    """
    use = GraderUse(definition)
    places = sampled(evals, SAMPLED, steps=steps)
    try:
        asks = bool(use.judges)
    except GraderDefinitionError as error:
        raise UsageError("The service would not take this grader.", str(error)) from error
    with closing(open_store(store)) as database:
        if asks:
            return Trial(use, reported(database, evals, use, known_scores(database, evals, use, places)))
        try:
            with PythonSandbox(workers=1) as sandbox:
                room = grading_room(database, no_model, sandbox, 0.0)
                return Trial(use, asyncio.run(lab(room, database, evals, use, places)))
        except* SandboxUnavailableError as group:
            problem = str(group.exceptions[0])
    raise UsageError("A python grader cannot be run here.", problem)


def looked_again(store: Path, evals: AutoEvals, trial: Trial) -> Trial:
    """The same trial with the labels that there are by now."""
    with closing(open_store(store)) as database:
        return replace(trial, report=reported(database, evals, trial.use, trial.scored))
