"""What became of every row, by one grader or by all: seven outcomes that sum to n, passes, and scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..statistics.estimates import PASS_FAIL, Scale
from ..statistics.outcomes import Outcome, OutcomeCounts
from .definition import Benchmark
from .table import ArmColumns, Bytes, Floats, GradeKind, Kind, Table

CODES = tuple(Outcome)
"""An outcome's code is its place here."""

_CODE = {outcome: code for code, outcome in enumerate(CODES)}
_UNWANTED = 255
_BY_KIND = {
    Kind.REFUSED: Outcome.REFUSED,
    Kind.FILTERED: Outcome.FILTERED,
    Kind.TRUNCATED: Outcome.TRUNCATED,
    Kind.ERROR: Outcome.ERROR,
}


@dataclass(frozen=True, slots=True)
class View:
    """How answers are judged on a screen: by one grader, or by all together.

    By all together an answer passes if every grader passes it, and its score is the mean of the graders' rewards,
    each brought to 0..1 on its own scale; where a scale is not known the score is the pass itself.
    """

    grader: int | None
    name: str
    scale: Scale


@dataclass(frozen=True, slots=True)
class Judged:
    """One arm under one view. All arrays are (rows,)."""

    codes: Bytes
    """Places in `CODES`; 255 where the arm has no such row."""
    passes: Floats
    """1, 0 (all that counts as fail), NaN for error and missing."""
    scores: Floats
    """On the view's scale; NaN for error and missing."""
    counts: OutcomeCounts


def views_of(benchmark: Benchmark) -> tuple[View, ...]:
    """The views of a benchmark: all graders together where there are several, then each."""
    each = tuple(View(index, use.name, use.scale) for index, use in enumerate(benchmark.graders))
    if len(each) == 1:
        return each
    bounded = all(np.isfinite(view.scale.width) for view in each)
    return (View(None, "all graders", Scale(0.0, 1.0) if bounded else PASS_FAIL), *each)


def judged(arm: ArmColumns, benchmark: Benchmark, view: View) -> Judged:
    """Judge one arm's rows."""
    chosen = list(range(len(benchmark.graders))) if view.grader is None else [view.grader]
    codes = _codes(arm, chosen)
    passes = np.full(len(codes), np.nan)
    passes[codes < _CODE[Outcome.ERROR]] = 0.0
    passes[codes == _CODE[Outcome.PASS]] = 1.0
    return Judged(codes, passes, _scores(arm, benchmark, view, chosen, codes, passes), counts_of(codes))


def judged_table(table: Table, benchmark: Benchmark, view: View) -> list[Judged]:
    """Judge every arm."""
    return [judged(arm, benchmark, view) for arm in table.arms]


def counts_of(codes: Bytes) -> OutcomeCounts:
    """How many rows ended in each outcome."""
    return OutcomeCounts(*(int(count) for count in np.bincount(codes[codes != _UNWANTED], minlength=len(CODES))))


def _codes(arm: ArmColumns, chosen: list[int]) -> Bytes:
    graded, passed = arm.graded[chosen], arm.passed[chosen]
    codes = np.full(len(arm.kind), _CODE[Outcome.MISSING], np.uint8)
    answered = arm.kind == Kind.ANSWERED
    whole = answered & (graded == GradeKind.GRADED).all(axis=0)
    codes[whole] = np.where((passed[:, whole] == 1).all(axis=0), _CODE[Outcome.PASS], _CODE[Outcome.FAIL])
    # A grader's error is never a score, whatever the others said.
    codes[answered & (graded == GradeKind.ERROR).any(axis=0)] = _CODE[Outcome.ERROR]
    for kind, outcome in _BY_KIND.items():
        codes[arm.kind == kind] = _CODE[outcome]
    codes[arm.kind == Kind.UNWANTED] = _UNWANTED
    return codes


def _scores(
    arm: ArmColumns, benchmark: Benchmark, view: View, chosen: list[int], codes: Bytes, passes: Floats
) -> Floats:
    if view.scale.passes:
        return passes
    if view.grader is not None:
        rewards, lowest = arm.rewards[view.grader].copy(), view.scale.low
        if not np.isfinite(lowest):
            # The worst that was seen stands for the unknown end.
            lowest = float(np.nanmin(rewards)) if not np.isnan(rewards).all() else 0.0
    else:
        scales = [benchmark.graders[index].scale for index in chosen]
        lows = np.array([scale.low for scale in scales])[:, None]
        widths = np.array([scale.width for scale in scales])[:, None]
        rewards, lowest = ((arm.rewards[chosen] - lows) / widths).mean(axis=0), 0.0
    scores = np.where(np.isnan(passes), np.nan, rewards)
    for outcome in (Outcome.REFUSED, Outcome.FILTERED, Outcome.TRUNCATED):
        scores[codes == _CODE[outcome]] = lowest
    return scores
