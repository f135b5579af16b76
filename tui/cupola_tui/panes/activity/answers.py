"""The teacher's answers with their grades, read where no key waits for it; and what a threshold keeps of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cupola.errors import CupolaError
from cupola.models import Problem
from cupola.store import benchmarks, workflows
from cupola.store.database import Database, open_store
from cupola.workflows.distil.candidates import Candidate, candidates_of, histogram, scores_of
from cupola.workflows.distil.definition import FEWEST_ROWS, Distillation, parse
from cupola.workflows.distil.filtering import expected_purity
from cupola.workflows.distil.prices import training
from cupola.workflows.distil.sifting import Fate, Sifting, counted, sift, tokens_of, topics
from cupola.workflows.distil.training import epochs_of

from ...views.workflows import numbers
from ...views.workflows.sieve import Kept, Slider

_BINS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """All that is known of a workflow's generated answers at one moment."""

    workflow: int
    mark: object
    """What they were read at; another mark means that they are out of date."""
    candidates: Sequence[Candidate] = ()
    definition: Distillation | None = None
    leaks: frozenset[int] = frozenset()
    twins: frozenset[int] = frozenset()
    train: Mapping[str, Any] | None = None
    """The training file of the stage as it was done: rows, tokens."""
    student: str = ""
    """The model that will be trained."""
    purity: Sequence[float] = ()
    problem: Problem | None = None

    @property
    def slider(self) -> Slider | None:
        """The line of thresholds; None where nothing was graded."""
        scores = scores_of(self.candidates)
        if self.definition is None or not scores:
            return None
        scale = self.definition.view.scale
        low, high = (scale.low, scale.high) if math.isfinite(scale.width) else (min(scores), max(scores))
        if not high > low:
            return None
        counts = histogram(self.candidates, self.definition.view, _BINS)["counts"]
        return Slider(low, high, counts, self.definition.threshold)

    def fates(self, threshold: float | None) -> list[Fate]:
        """What becomes of each answer under a threshold (candidates,)."""
        if self.definition is None:
            return []
        sifting = Sifting(threshold, self.definition.validation_share, self.definition.seed, self.leaks, self.twins)
        return sift(self.candidates, sifting)

    def kept(self, threshold: float | None) -> Kept:
        """What a threshold keeps, and what training on that would cost."""
        fates = self.fates(threshold)
        return Kept(
            threshold=threshold,
            answers=len(fates),
            kept=sum(fate.kept for fate in fates),
            fates=counted(fates),
            topics=topics(self.candidates, fates),
            tokens=tokens_of(self.candidates, fates),
            cost=self._cost(sum(fate is Fate.TRAINING for fate in fates)),
            purity=self.purity,
            fewest=FEWEST_ROWS,
        )

    def _cost(self, rows: int) -> tuple[float, float | None]:
        """Of training on so many rows, each taken to be as long as those that were kept before."""
        told = self.train or {}
        tokens, before = numbers.number(told.get("tokens")), numbers.number(told.get("rows"))
        if self.definition is None or not tokens or not before:
            return 0.0, None
        takes = training(
            self.student, self.definition.training_tier, round(tokens / before * rows), epochs_of(self.definition, rows)
        )
        return takes.low, takes.high


def read_answers(path: Path, workflow_id: int, mark: object) -> Answers:
    """Read them over a connection of its own; to be called in a thread.

    What cannot be read is told by `problem`.
    """
    try:
        database = open_store(path)
    except CupolaError as error:
        return Answers(workflow_id, mark, problem=error.problem)
    try:
        return _read(database, workflow_id, mark)
    except CupolaError as error:
        return Answers(workflow_id, mark, problem=error.problem)
    finally:
        database.close()


def _read(database: Database, workflow_id: int, mark: object) -> Answers:
    workflow = workflows.get(database, workflow_id)
    stages = {stage.name: stage for stage in workflows.stages(database, workflow_id)}
    generated = stages.get("generate")
    if workflow is None or generated is None:
        return Answers(workflow_id, mark)
    definition = parse(workflow.definition)
    named = numbers.items(generated.outputs.get("runs")) or numbers.items(generated.notes.get("runs"))
    run = benchmarks.get_run(database, int(named[0])) if named else None
    if run is None:
        return Answers(workflow_id, mark, definition=definition)
    candidates = candidates_of(database, definition, run)
    filtered = stages["filter"].outputs if "filter" in stages else {}
    roles = numbers.table(stages["roles"].outputs.get("roles")) if "roles" in stages else {}
    purity = expected_purity(database, definition, run) if filtered else None
    return Answers(
        workflow_id,
        mark,
        candidates,
        definition,
        frozenset(numbers.items(filtered.get("leaks"))),
        frozenset(numbers.items(filtered.get("twins"))),
        numbers.table(filtered.get("train")),
        definition.arm(str(roles["student"])).model if "student" in roles else "",
        () if purity is None else (purity.value, purity.low, purity.high, purity.labels),
    )


def asked(candidate: Candidate) -> str:
    """The question as a person would name it: the last thing that the user said."""
    for message in reversed(candidate.messages):
        content = message.get("content")
        if message.get("role") == "user" and isinstance(content, str):
            return content
    return ""
