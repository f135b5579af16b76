"""How far a grader agrees with people, and with itself."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .clusters import Clusters
from .errors import StatisticsInputError
from .estimates import LEVEL, Estimate, Interval, Scale
from .inputs import Floats, Integers, counts
from .means import estimate_mean
from .quantiles import normal_quantile, rare_share
from .wilson import wilson


@dataclass(frozen=True, slots=True)
class Agreement:
    """One grader against human labels on n items."""

    matrix: Integers
    """(labels, labels): rows are what people said, columns what the grader said."""
    items: int
    agreed: float
    """The share of items on which both said the same."""
    agreed_interval: Interval
    """Wilson's."""
    kappa: float
    """Cohen's: agreement beyond chance, 1 at best; NaN if both only ever said one and the same."""
    kappa_interval: Interval
    """Unbounded, -1 to 1, if kappa is NaN."""


def confusion(human: Sequence[Hashable], grader: Sequence[Hashable], labels: Sequence[Hashable]) -> Integers:
    """Count what people said (rows) against what the grader said (columns), as (labels, labels).

    Raises StatisticsInputError if the lengths differ or a label is not among `labels`.
    """
    if len(human) != len(grader):
        raise StatisticsInputError("Every item needs both labels.", f"There are {len(human)} and {len(grader)}.")
    place = {label: index for index, label in enumerate(labels)}
    unknown = {*human, *grader} - place.keys()
    if unknown:
        raise StatisticsInputError(f"{len(unknown)} of the labels used are not among the {len(labels)} declared.")
    matrix = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(matrix, ([place[label] for label in human], [place[label] for label in grader]), 1)
    return matrix


def agreement(matrix: ArrayLike, level: float = LEVEL) -> Agreement:
    """Return agreement and Cohen's kappa of a confusion matrix (labels, labels) of counts.

    kappa = (p_o - p_e) / (1 - p_e): Cohen 1960. Its interval is normal with the large-sample variance of Fleiss,
    Cohen and Everitt 1969, equation 13, cut to [-1, 1]. Without a single disagreement that variance is 0 and says
    nothing; then the lower end supposes as many disagreements as could have gone unseen (`rare_share`).

    Raises StatisticsInputError if the matrix is not square, holds anything but counts, or is empty.
    """
    table = counts(np.asarray(matrix), "A confusion matrix")
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.sum():
        raise StatisticsInputError("A confusion matrix must be square and hold at least one item.")
    total = int(table.sum())
    same = int(np.trace(table))
    kappa, interval = _kappa(table / total, total, level)
    return Agreement(table, total, same / total, wilson(same, total, level), kappa, interval)


def _kappa(shares: Floats, total: int, level: float) -> tuple[float, Interval]:
    rows, columns, agreed = shares.sum(axis=1), shares.sum(axis=0), float(np.trace(shares))
    chance = float(rows @ columns)
    if chance >= 1:
        return math.nan, Interval(-1.0, 1.0, level)
    kappa = (agreed - chance) / (1 - chance)
    if agreed == 1:
        return 1.0, Interval(1 - rare_share(level, total) / (1 - chance), 1.0, level).cut(-1.0, 1.0)
    diagonal = np.diag(shares)
    on = float(diagonal @ ((1 - chance) - (rows + columns) * (1 - agreed)) ** 2)
    crossed = shares * (columns[:, None] + rows[None, :]) ** 2
    off = (1 - agreed) ** 2 * float(crossed.sum() - np.trace(crossed))
    variance = (on + off - (agreed * chance - 2 * chance + agreed) ** 2) / (total * (1 - chance) ** 4)
    reach = normal_quantile(level) * math.sqrt(max(variance, 0.0))
    return kappa, Interval(kappa - reach, kappa + reach, level).cut(-1.0, 1.0)


def self_consistency(grades: ArrayLike, clusters: Clusters, level: float = LEVEL) -> Estimate:
    """Estimate how often a grader says the same of the same answer.

    Each cluster holds the repeated grades (items,) of one answer; its value is the share of pairs of grades that
    are equal. The estimate is the mean over answers graded at least twice, with its t interval, cut to [0, 1].

    Raises StatisticsInputError if the lengths differ or no answer was graded twice.
    """
    values = np.asarray(grades, dtype=np.float64)
    if len(values) != len(clusters.codes):
        raise StatisticsInputError("Grades and clusters must be equally long.")
    known = ~np.isnan(values)
    if not known.any():
        raise StatisticsInputError("There is no grade.")
    _, alike = np.unique(np.stack([clusters.codes[known], values[known]]), axis=1, return_counts=True)
    answers = np.unique(np.stack([clusters.codes[known], values[known]]), axis=1)[0].astype(np.int64)
    sizes = np.bincount(clusters.codes[known], minlength=clusters.count)
    equal_pairs = np.bincount(answers, weights=alike * (alike - 1), minlength=clusters.count)
    repeated = sizes > 1
    if not repeated.any():
        raise StatisticsInputError("No answer was graded twice.", remedy="Let the grader repeat its grades.")
    consistency = equal_pairs[repeated] / (sizes[repeated] * (sizes[repeated] - 1))
    return estimate_mean(consistency, scale=Scale(0.0, 1.0), level=level)
