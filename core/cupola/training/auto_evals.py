"""The validation passes of a reinforcement job as one table of steps by items, and what each step is worth."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..graders.definition import parse_grader
from ..graders.errors import GraderDefinitionError
from ..graders.records import LabelModel, ScoreModel, StringCheck, TextSimilarity
from ..models import EvaluationItem, EvaluationRun, Job
from ..statistics.clusters import Clusters, clusters_of
from ..statistics.estimates import PASS_FAIL, UNKNOWN_SCALE, Estimate, Scale
from ..statistics.means import estimate_mean
from ..statistics.outcomes import Outcome, OutcomeCounts, count_outcomes, pass_values
from ..statistics.pairing import ItemKey, pair_items
from ..statistics.pass_rates import estimate_pass_rate

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AutoEvals:
    """All steps over the union of their items."""

    runs: tuple[EvaluationRun, ...]
    """One for each step, by rising step; of several passes at one step the last."""
    keys: tuple[ItemKey, ...]
    """What joins an item across steps: the hash of its row, and its number among rows that are alike."""
    clusters: Clusters
    """Of the items (items,): those with the same prompt belong together."""
    items: tuple[tuple[EvaluationItem | None, ...], ...]
    """(steps, items): None where a step lacks the item."""
    outcomes: tuple[tuple[Outcome, ...], ...]
    """(steps, items)."""
    scores: Floats
    """(steps, items): the service's own reward; NaN for error and missing."""
    passes: Floats
    """(steps, items): 1, 0 for all that counts as fail, NaN for error and missing."""
    scale: Scale

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps, rising."""
        return tuple(run.step or 0 for run in self.runs)

    def row_of(self, step: int) -> int | None:
        """The row of a step, or None."""
        return self.steps.index(step) if step in self.steps else None


@dataclass(frozen=True, slots=True)
class StepSummary:
    """What one step is worth. The outcomes sum to the items of all steps together."""

    step: int
    mean: Estimate | None
    """Of the reward; None where nothing is judged."""
    passed: Estimate | None
    counts: OutcomeCounts
    tokens: float
    """Mean completion tokens an answer; NaN where none are told."""
    reasoning: float
    """Mean reasoning tokens an answer; NaN where none are told."""


def reward_scale(job: Job) -> Scale:
    """What the rewards of a job's grader can be, as far as its definition tells."""
    told = json.loads(job.raw)
    for name in ("method", "reinforcement", "grader"):
        told = told.get(name) if isinstance(told, Mapping) else None
    try:
        grader = parse_grader(told)
    except GraderDefinitionError:
        return UNKNOWN_SCALE
    if isinstance(grader, ScoreModel):
        return Scale(*grader.range)
    if isinstance(grader, StringCheck | LabelModel):
        return PASS_FAIL
    return Scale(0.0, 1.0) if isinstance(grader, TextSimilarity) else UNKNOWN_SCALE


def build(
    passes: Sequence[tuple[EvaluationRun, Sequence[EvaluationItem]]], scale: Scale = UNKNOWN_SCALE
) -> AutoEvals | None:
    """Join the items of validation passes; None if no pass has a step and an item.

    Rewards off the scale show that the scale is not what the definition says: it then counts as unknown.
    """
    last = {run.step: (run, items) for run, items in passes if run.step is not None and items}
    chosen = [last[step] for step in sorted(last)]
    if not chosen:
        return None
    numbered = _numbered([[item.row for item in items] for _, items in chosen])
    pairing = pair_items(numbered)
    prompts = {
        key: item.prompt
        for keys, (_, items) in zip(numbered, chosen, strict=True)
        for key, item in zip(keys, items, strict=True)
    }
    placed = tuple(
        tuple(items[place] if place >= 0 else None for place in places.tolist())
        for places, (_, items) in zip(pairing.places, chosen, strict=True)
    )
    outcomes = tuple(tuple(map(_outcome, row)) for row in placed)
    verdicts = np.stack([pass_values(row) for row in outcomes])
    scores = np.array([[_score(item) for item in row] for row in placed])
    scores[np.isnan(verdicts)] = np.nan
    known = scores[~np.isnan(scores)]
    fits = not known.size or (scale.low <= known.min() and known.max() <= scale.high)
    if scale.passes and not np.isin(known, (0.0, 1.0)).all():
        fits = False
    return AutoEvals(
        runs=tuple(run for run, _ in chosen),
        keys=pairing.keys,
        clusters=clusters_of([prompts[key] for key in pairing.keys]),
        items=placed,
        outcomes=outcomes,
        scores=scores,
        passes=verdicts,
        scale=scale if fits else UNKNOWN_SCALE,
    )


def summaries(evals: AutoEvals) -> tuple[StepSummary, ...]:
    """What every step is worth, by rising step."""
    return tuple(_summary(evals, row) for row in range(len(evals.runs)))


def _summary(evals: AutoEvals, row: int) -> StepSummary:
    scores, passes = evals.scores[row], evals.passes[row]
    return StepSummary(
        step=evals.steps[row],
        mean=None if np.isnan(scores).all() else estimate_mean(scores, evals.clusters, evals.scale),
        passed=None if np.isnan(passes).all() else estimate_pass_rate(passes, evals.clusters),
        counts=count_outcomes(evals.outcomes[row]),
        tokens=_mean(item.completion_tokens for item in evals.items[row] if item is not None),
        reasoning=_mean(item.reasoning_tokens for item in evals.items[row] if item is not None),
    )


def _numbered(passes: Sequence[list[str]]) -> list[list[ItemKey]]:
    """The keys of each pass; passes mostly hold the same rows in the same order, and then share their keys."""
    numbered: list[list[ItemKey]] = []
    for position, rows in enumerate(passes):
        same = position > 0 and rows == passes[position - 1]
        numbered.append(numbered[-1] if same else _keys(rows))
    return numbered


def _keys(rows: Sequence[str]) -> list[ItemKey]:
    seen: Counter[str] = Counter()
    keys = []
    for row in rows:
        keys.append(ItemKey(row, seen[row]))
        seen[row] += 1
    return keys


_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def _outcome(item: EvaluationItem | None) -> Outcome:
    if item is None:
        return Outcome.MISSING
    outcome = _OUTCOMES[item.outcome]
    # Judged by the service, but without a number there is nothing to compare.
    return Outcome.ERROR if outcome in (Outcome.PASS, Outcome.FAIL) and item.score is None else outcome


def _score(item: EvaluationItem | None) -> float:
    return math.nan if item is None or item.score is None else item.score


def _mean(values: Iterable[int | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan
