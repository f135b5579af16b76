"""The validation passes of a reinforcement job as one table of steps by items, and what each step is worth."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
import numpy.typing as npt

from ..graders.definition import parse_grader
from ..graders.errors import GraderDefinitionError
from ..graders.records import LabelModel, ScoreModel, StringCheck, TextSimilarity
from ..models import EvaluationItem, EvaluationRun, Job
from ..statistics.clusters import Clusters, clusters_of
from ..statistics.estimates import PASS_FAIL, UNKNOWN_SCALE, Estimate, Scale
from ..statistics.inputs import Integers
from ..statistics.means import estimate_mean
from ..statistics.outcomes import Outcome, OutcomeCounts, pass_values
from ..statistics.pairing import ItemKey, pair_items
from ..statistics.pass_rates import estimate_pass_rate
from ..store.evaluation_columns import OUTCOMES as STORED_OUTCOMES
from ..store.evaluation_columns import ItemKeys, RunColumns, columns_of

Floats = npt.NDArray[np.float64]


OUTCOMES = tuple(Outcome)
"""What the codes of `AutoEvals.codes` stand for."""

_ERROR, _MISSING = OUTCOMES.index(Outcome.ERROR), OUTCOMES.index(Outcome.MISSING)
_PASS_VALUES = pass_values(OUTCOMES)
_STORED = np.array([OUTCOMES.index(Outcome(name)) for name in STORED_OUTCOMES], np.uint8)
"""From the store's codes to those of `OUTCOMES`."""


@dataclass(frozen=True, slots=True, eq=False)
class AutoEvals:
    """All steps over the union of their items."""

    runs: tuple[EvaluationRun, ...]
    """One for each step, by rising step; of several passes at one step the last."""
    keys: tuple[ItemKey, ...]
    """What joins an item across steps: the hash of its row, and its number among rows that are alike."""
    clusters: Clusters
    """Of the items (items,): those with the same prompt belong together."""
    columns: tuple[RunColumns, ...]
    """Each step's own items, in its own order."""
    places: Integers
    """(steps, items): where an item stands among the step's own; -1 where the step lacks it."""
    codes: npt.NDArray[np.uint8]
    """(steps, items): places in `OUTCOMES`."""
    scores: Floats
    """(steps, items): the service's own reward; NaN for error and missing."""
    passes: Floats
    """(steps, items): 1, 0 for all that counts as fail, NaN for error and missing."""
    scale: Scale
    items: ItemTable
    """`items[row][column]` is the item, None where the step lacks it."""

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps, rising."""
        return tuple(run.step or 0 for run in self.runs)

    def row_of(self, step: int) -> int | None:
        """The row of a step, or None."""
        return self.steps.index(step) if step in self.steps else None

    @property
    def outcomes(self) -> OutcomeTable:
        """(steps, items)."""
        return OutcomeTable(self.codes)

    def outcome(self, row: int, column: int) -> Outcome:
        """What became of one item at one step."""
        return OUTCOMES[int(self.codes[row, column])]


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeTable:
    """The codes of all items as outcomes, a step at a time."""

    codes: npt.NDArray[np.uint8]

    def __getitem__(self, row: int) -> tuple[Outcome, ...]:
        """The outcomes of one step."""
        return tuple(OUTCOMES[code] for code in self.codes[row].tolist())

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.codes)


@dataclass(frozen=True, slots=True, eq=False)
class ItemTable:
    """The items as records, made when they are asked for."""

    columns: tuple[RunColumns, ...]
    places: Integers
    _rows: dict[int, ItemRow] = field(default_factory=dict)

    def __getitem__(self, row: int) -> ItemRow:
        """The items of one step."""
        row = range(len(self.columns))[row]
        if row not in self._rows:
            self._rows[row] = ItemRow(self.columns[row], self.places[row], tuple(self.columns[row].item_ids()))
        return self._rows[row]

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.columns)


@dataclass(frozen=True, slots=True, eq=False)
class ItemRow(Sequence["EvaluationItem | None"]):
    """One step's items, in the order that all steps share."""

    own: RunColumns
    places: Integers
    ids: tuple[str, ...]

    @overload
    def __getitem__(self, column: int) -> EvaluationItem | None: ...
    @overload
    def __getitem__(self, column: slice) -> list[EvaluationItem | None]: ...
    def __getitem__(self, column: int | slice) -> EvaluationItem | list[EvaluationItem | None] | None:
        """An item, or None where the step lacks it."""
        if isinstance(column, slice):
            return [self[index] for index in range(*column.indices(len(self)))]
        place = int(self.places[column])
        if place < 0:
            return None
        own = self.own
        score = float(own.scores[place])
        return EvaluationItem(
            id=self.ids[place],
            run_id=own.run_id,
            place=place,
            row=own.keys.rows[place],
            prompt=own.keys.prompts[place],
            outcome=STORED_OUTCOMES[own.outcomes[place]],
            score=None if math.isnan(score) else score,
            completion_tokens=_told(int(own.completion_tokens[place])),
            reasoning_tokens=_told(int(own.reasoning_tokens[place])),
        )

    def __len__(self) -> int:
        """The number of items of all steps together."""
        return len(self.places)


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
    """Join the items of validation passes; errors and the rest as for `join`."""
    return join([(run, columns_of(run.id, items)) for run, items in passes], scale)


def join(passes: Sequence[tuple[EvaluationRun, RunColumns]], scale: Scale = UNKNOWN_SCALE) -> AutoEvals | None:
    """Join the items of validation passes; None if no pass has a step and an item.

    Rewards off the scale show that the scale is not what the definition says: it then counts as unknown.
    """
    last = {run.step: (run, own) for run, own in passes if run.step is not None and len(own.outcomes)}
    chosen = [last[step] for step in sorted(last)]
    if not chosen:
        return None
    columns = tuple(own for _, own in chosen)
    keys, clusters, places = _joined([own.keys for own in columns])
    codes = np.stack([_placed_codes(own, row) for own, row in zip(columns, places, strict=True)])
    passed = _PASS_VALUES[codes]
    scores = np.stack([np.append(own.scores, np.nan)[row] for own, row in zip(columns, places, strict=True)])
    scores[np.isnan(passed)] = np.nan
    return AutoEvals(
        runs=tuple(run for run, _ in chosen),
        keys=keys,
        clusters=clusters,
        columns=columns,
        places=places,
        codes=codes,
        scores=scores,
        passes=passed,
        scale=scale if _fits(scores, scale) else UNKNOWN_SCALE,
        items=ItemTable(columns, places),
    )


def summaries(evals: AutoEvals) -> tuple[StepSummary, ...]:
    """What every step is worth, by rising step."""
    return tuple(_summary(evals, row) for row in range(len(evals.runs)))


def _summary(evals: AutoEvals, row: int) -> StepSummary:
    scores, passes, own = evals.scores[row], evals.passes[row], evals.columns[row]
    return StepSummary(
        step=evals.steps[row],
        mean=None if np.isnan(scores).all() else estimate_mean(scores, evals.clusters, evals.scale),
        passed=None if np.isnan(passes).all() else estimate_pass_rate(passes, evals.clusters),
        counts=_counted(evals.codes[row]),
        tokens=_mean(own.completion_tokens),
        reasoning=_mean(own.reasoning_tokens),
    )


def _counted(codes: npt.NDArray[np.uint8]) -> OutcomeCounts:
    seen = dict(zip(OUTCOMES, np.bincount(codes, minlength=len(OUTCOMES)).tolist(), strict=True))
    return OutcomeCounts(
        passed=seen[Outcome.PASS],
        failed=seen[Outcome.FAIL],
        refused=seen[Outcome.REFUSED],
        filtered=seen[Outcome.FILTERED],
        truncated=seen[Outcome.TRUNCATED],
        error=seen[Outcome.ERROR],
        missing=seen[Outcome.MISSING],
    )


def _joined(told: Sequence[ItemKeys]) -> tuple[tuple[ItemKey, ...], Clusters, Integers]:
    """Keys and clusters of the union, and where its items stand in each pass; passes over the same rows share work."""
    distinct = {keys.digest: keys for keys in told}
    numbered = [_numbered(keys.rows) for keys in distinct.values()]
    pairing = pair_items(numbered)
    prompts = {
        key: prompt
        for own, keys in zip(numbered, distinct.values(), strict=True)
        for key, prompt in zip(own, keys.prompts, strict=True)
    }
    which = {digest: row for row, digest in enumerate(distinct)}
    places = pairing.places[[which[keys.digest] for keys in told]]
    return pairing.keys, clusters_of([prompts[key] for key in pairing.keys]), places


def _numbered(rows: Sequence[str]) -> list[ItemKey]:
    seen: Counter[str] = Counter()
    keys = []
    for row in rows:
        keys.append(ItemKey(row, seen[row]))
        seen[row] += 1
    return keys


def _placed_codes(own: RunColumns, places: Integers) -> npt.NDArray[np.uint8]:
    codes = _STORED[own.outcomes]
    # Judged by the service, but without a number there is nothing to compare.
    codes[np.isnan(own.scores) & (own.outcomes < _JUDGED)] = _ERROR
    placed: npt.NDArray[np.uint8] = np.append(codes, np.uint8(_MISSING))[places]
    return placed


_JUDGED = 2
"""Codes of the store below this are pass and fail."""


def _fits(scores: Floats, scale: Scale) -> bool:
    known = scores[~np.isnan(scores)]
    if scale.passes and not np.isin(known, (0.0, 1.0)).all():
        return False
    return not known.size or bool(scale.low <= known.min() and known.max() <= scale.high)


def _mean(tokens: npt.NDArray[np.int32]) -> float:
    known = tokens[tokens >= 0]
    return float(known.mean()) if known.size else math.nan


def _told(tokens: int) -> int | None:
    return tokens if tokens >= 0 else None
