"""All arms of a screen against each other, their p values corrected together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters, one_each
from .comparison import Comparison, compare_differences
from .errors import StatisticsInputError
from .estimates import DEFAULT_SEED, LEVEL, UNKNOWN_SCALE, Estimate, Scale
from .holm import holm
from .inputs import Floats, same_length, table
from .means import check_scale, estimate_mean
from .pairing import Incomparable, Provenance, reasons_against
from .pass_rates import estimate_pass_rate


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arms of a table and what their comparison gave; without a comparison, why there is none."""

    first: int
    second: int
    comparison: Comparison | None
    """First minus second."""
    reasons: tuple[Incomparable, ...] = ()

    def turned(self) -> Pair:
        """Return the same pair seen from the other arm."""
        comparison = None if self.comparison is None else self.comparison.turned()
        return Pair(self.second, self.first, comparison, self.reasons)


def estimate_arms(
    values: ArrayLike, clusters: Clusters | None = None, scale: Scale = UNKNOWN_SCALE, level: float = LEVEL
) -> tuple[Estimate | None, ...]:
    """Estimate every arm of values (arms, items) by itself; None for an arm without a single value.

    Raises StatisticsInputError if a value is off the scale or the lengths differ.
    """
    rows = table(values, "Values")
    return tuple(None if np.isnan(row).all() else _estimate(row, clusters, scale, level) for row in rows)


def _estimate(row: Floats, clusters: Clusters | None, scale: Scale, level: float) -> Estimate:
    if scale.passes:
        return estimate_pass_rate(row, clusters, level)
    return estimate_mean(row, clusters, scale, level)


def compare_arms(
    values: ArrayLike,
    clusters: Clusters | None = None,
    scale: Scale = UNKNOWN_SCALE,
    *,
    pairs: Sequence[tuple[int, int]] | None = None,
    provenances: Sequence[Provenance] | None = None,
    level: float = LEVEL,
    seed: int = DEFAULT_SEED,
) -> tuple[Pair, ...]:
    """Compare arms of values (arms, items), NaN where an arm has no value, Holm-corrected over all given pairs.

    Without pairs the family is every arm against every other. It must be so wherever the arm that the others are held
    against was chosen by its score, as the best of a leaderboard is: the choice has already looked at all pairs. An
    explicit family is for a reference that was named before the run.

    Args:
        values: one row for each arm, one column for each item, all on one scale.
        clusters: of the items; without it every item is its own.
        scale: of the values.
        pairs: (first, second) rows to compare, first minus second.
        provenances: of the arms; pairs whose hashes differ get reasons instead of a comparison and are no part of
            the family.
        level: of the intervals.
        seed: of the permutation tests' draws.

    Raises StatisticsInputError if the lengths differ, a value is off the scale, or a pair names no arm.
    """
    rows = table(values, "Values")
    check_scale(rows, scale)
    family = list(combinations(range(len(rows)), 2)) if pairs is None else list(pairs)
    _check_arms(rows, family, provenances)
    groups = clusters or one_each(rows.shape[1])
    same_length(rows.T, groups.codes, "Values and clusters")
    reasons = [_reasons(rows, first, second, provenances) for first, second in family]
    found = [
        None if why else compare_differences(rows[first] - rows[second], groups, scale, level, seed)
        for (first, second), why in zip(family, reasons, strict=True)
    ]
    return tuple(
        Pair(first, second, comparison, why)
        for (first, second), comparison, why in zip(family, correct_together(found), reasons, strict=True)
    )


def correct_together(comparisons: Sequence[Comparison | None]) -> list[Comparison | None]:
    """Return the comparisons with their p values Holm-corrected as one family; None is no part of it."""
    corrected = holm([np.nan if one is None else one.p for one in comparisons])
    size = sum(one is not None for one in comparisons)
    return [
        None if one is None else replace(one, p_corrected=float(p), family=size)
        for one, p in zip(comparisons, corrected, strict=True)
    ]


def _reasons(
    rows: Floats, first: int, second: int, provenances: Sequence[Provenance] | None
) -> tuple[Incomparable, ...]:
    reasons = reasons_against(provenances[first], provenances[second]) if provenances else ()
    if reasons or not np.isnan(rows[first] - rows[second]).all():
        return reasons
    return (Incomparable.NOTHING_SHARED,)


def _check_arms(rows: Floats, pairs: Sequence[tuple[int, int]], provenances: Sequence[Provenance] | None) -> None:
    if provenances is not None and len(provenances) != len(rows):
        raise StatisticsInputError(f"There are {len(rows)} arms but {len(provenances)} provenances.")
    for first, second in pairs:
        if first == second or not (0 <= first < len(rows) and 0 <= second < len(rows)):
            raise StatisticsInputError(f"There is no pair of arms {first} and {second} among {len(rows)} arms.")
