"""Who lets which stored answer pass: the grader in hand, the job's own, second graders, people; where they differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..benchmarks.definition import GraderUse
from ..store import answer_labels, regrades
from ..store.database import Database
from .auto_evals import AutoEvals
from .grader_agreement import VerdictAgreement, VerdictPair, agree

PEOPLE, OWN = "people", "the job's grader"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Whether one answer passes, by whom; None is no verdict."""

    grader: bool | None = None
    """By the grader in hand."""
    own: bool | None = None
    """By the job's own."""
    people: bool | None = None
    others: Mapping[str, bool] = field(default_factory=dict)
    """By second graders that judged it before, by name."""

    def of(self, name: str) -> bool | None:
        """The verdict of one that the grader in hand is held against."""
        if name == PEOPLE:
            return self.people
        return self.own if name == OWN else self.others.get(name)

    def differs(self, name: str) -> bool:
        """Whether the grader in hand and that one say different things."""
        other = self.of(name)
        return other is not None and self.grader is not None and other is not self.grader


class Bench:
    """Looks the verdicts up; all that the store has is read once."""

    def __init__(self, database: Database, evals: AutoEvals, use: GraderUse, labels: Mapping[str, bool]) -> None:
        self._evals, self._labels = evals, labels
        runs = [run.id for run in evals.runs]
        self._people = answer_labels.of_runs(database, runs)
        self._others: dict[tuple[str, str], dict[str, bool]] = {}
        for grader in regrades.graders_of_runs(database, runs):
            for run in runs if grader.hash != use.hash else ():
                for one in regrades.of_run(database, run, grader.hash):
                    if one.passed is not None:
                        self._others.setdefault((run, one.item_id), {})[grader.name] = one.passed
        self.threshold = use.threshold if use.threshold is not None else own_threshold(evals)
        """From which reward on the grader in hand lets an answer pass; None is not known."""

    def verdicts(
        self, run_id: str, item_id: str, step: int, column: int, reward: float | None, passed: bool | None
    ) -> Verdicts:
        """All verdicts on one answer; the grader in hand gave it `reward`."""
        row = self._evals.row_of(step)
        own = math.nan if row is None else float(self._evals.passes[row, column])
        if passed is None and reward is not None and self.threshold is not None:
            passed = reward >= self.threshold
        said = self._labels.get(item_id, self._people.get((run_id, item_id)))
        others = self._others.get((run_id, item_id), {})
        return Verdicts(passed, None if math.isnan(own) else bool(own), said, others)


def own_threshold(evals: AutoEvals) -> float | None:
    """The reward from which on the job's own grader lets answers pass, as far as its verdicts tell; else None."""
    known = np.isfinite(evals.scores) & np.isfinite(evals.passes)
    passing, failing = evals.scores[known & (evals.passes == 1)], evals.scores[known & (evals.passes == 0)]
    if not passing.size or (failing.size and failing.max() >= passing.min()):
        return None
    return float(passing.min())


def agreements(found: Sequence[tuple[int, Verdicts]]) -> tuple[VerdictAgreement, ...]:
    """The grader in hand against people, the job's own and each second grader, as far as there are verdicts.

    Args:
        found: Verdicts with the number of the prompt that the answer is to.
    """
    others = dict.fromkeys(name for _, one in found for name in one.others)
    told = (agree(name, _pairs(found, name)) for name in (PEOPLE, OWN, *others))
    return tuple(one for one in told if one is not None)


def _pairs(found: Sequence[tuple[int, Verdicts]], name: str) -> list[VerdictPair]:
    pairs = []
    for prompt, one in found:
        other = one.of(name)
        if other is not None and one.grader is not None:
            pairs.append(VerdictPair(prompt, other, one.grader))
    return pairs
