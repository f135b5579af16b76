"""The pass rate that people would have given, from an imperfect grader's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .bootstrap import DRAWS, bootstrap_means, percentile_interval
from .clusters import Clusters
from .errors import StatisticsInputError
from .estimates import DEFAULT_SEED, LEVEL, PASS_FAIL, Interval
from .inputs import Floats, rate, same_length, vector
from .means import check_scale


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """The Rogan-Gladen estimate, or that the grader cannot carry one."""

    raw: float
    """The pass rate by the grader."""
    sensitivity: float
    """How often it passes what people pass; NaN if they passed nothing."""
    specificity: float
    """How often it fails what people fail; NaN if they failed nothing."""
    informedness: Interval
    """Of sensitivity + specificity - 1, which the correction divides by."""
    value: float | None
    """The corrected pass rate; None if the grader is unusable."""
    interval: Interval | None
    draws: int
    seed: int

    @property
    def usable(self) -> bool:
        """False if the labels cannot tell the grader from a coin: "grader unusable"."""
        return self.value is not None


def rogan_gladen(raw: float, sensitivity: float, specificity: float) -> float:
    """Return (raw + specificity - 1) / (sensitivity + specificity - 1), cut to [0, 1].

    Source: Rogan and Gladen 1978. Raises StatisticsInputError if an argument lies outside [0, 1] or the grader is
    no better than a coin (sensitivity + specificity <= 1).
    """
    rate(raw, "A pass rate")
    informedness = rate(sensitivity, "Sensitivity") + rate(specificity, "Specificity") - 1
    if informedness <= 0:
        raise StatisticsInputError(
            "The grader is unusable.", "It agrees with people no more than a coin does.", "Improve its prompt."
        )
    return min(max((raw + specificity - 1) / informedness, 0.0), 1.0)


def corrected_pass_rate(
    graded: ArrayLike,
    human: ArrayLike,
    grader: ArrayLike,
    weights: ArrayLike | None = None,
    clusters: Clusters | None = None,
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = DEFAULT_SEED,
) -> CorrectedRate:
    """Correct the grader's pass rate by what labelled items say of the grader.

    Args:
        graded: the grader's passes (items,) of the arm, 1 or 0; NaN is left out.
        human: people's passes (labelled,), 1 or 0.
        grader: the grader's passes of the same items (labelled,).
        weights: of the labelled items, as `choose_for_labels` gives them; equal ones without.
        clusters: of `graded`; without it every item is its own.
        level: of the intervals.
        draws: of the bootstrap.
        seed: of the draws.

    The intervals are percentiles of a bootstrap over both samples: clusters of graded items, and labelled items
    within what people passed and within what they failed. To each of these two, one label that agrees and one that
    does not are added for drawing, since a small sample without an error is no proof of none (Lang and Reiczigel
    2014). The estimate itself is left as it is.

    Raises StatisticsInputError if nothing is graded or labelled, a value is neither 0 nor 1, a weight is not above 0,
    or the lengths differ.
    """
    labels = _labels(human, grader, weights)
    passed, failed = (_class(labels, said) for said in (1.0, 0.0))
    sensitivity, specificity = _rate_of(passed), _rate_of(failed)
    check_scale(vector(graded, "Graded passes"), PASS_FAIL)
    drawn_raw = bootstrap_means([vector(graded, "Graded passes")], clusters, draws, seed)[:, 0]
    source = np.random.default_rng([seed, 1])
    drawn_specificity = _drawn(failed, draws, source)
    drawn_informedness = _drawn(passed, draws, source) + drawn_specificity - 1
    informedness = percentile_interval(drawn_informedness, level)
    raw = float(np.nanmean(np.asarray(graded, dtype=np.float64)))
    if not (informedness.low > 0 and sensitivity + specificity > 1):
        return CorrectedRate(raw, sensitivity, specificity, informedness, None, None, draws, seed)
    # The few draws in which the grader is no better than a coin push the rate to an end.
    corrected = np.clip((drawn_raw + drawn_specificity - 1) / np.maximum(drawn_informedness, 1e-9), 0.0, 1.0)
    return CorrectedRate(
        raw,
        sensitivity,
        specificity,
        informedness,
        rogan_gladen(raw, sensitivity, specificity),
        percentile_interval(corrected, level),
        draws,
        seed,
    )


def _labels(human: ArrayLike, grader: ArrayLike, weights: ArrayLike | None) -> Floats:
    """Return (3, labelled): what people said, what the grader said, the weight."""
    said, graded = vector(human, "Human labels"), vector(grader, "The grader's labels")
    same_length(said, graded, "Human labels and the grader's")
    weight = np.ones(len(said)) if weights is None else vector(weights, "Weights")
    same_length(said, weight, "Labels and weights")
    table = np.stack([said, graded, weight])[:, ~np.isnan(said) & ~np.isnan(graded)]
    if not table.shape[1]:
        raise StatisticsInputError("No item is labelled.", remedy="Label some answers by hand.")
    check_scale(table[:2], PASS_FAIL)
    if not (table[2] > 0).all():
        raise StatisticsInputError("A weight must be above 0.")
    return table


def _class(labels: Floats, said: float) -> Floats:
    """Return (2, of this class): whether the grader agreed with people who said so, and the weight."""
    chosen = labels[:, labels[0] == said]
    return np.stack([(chosen[1] == said).astype(np.float64), chosen[2]])


def _rate_of(agreed: Floats) -> float:
    return float(agreed[0] @ agreed[1] / agreed[1].sum()) if agreed.size else float("nan")


def _drawn(agreed: Floats, draws: int, source: np.random.Generator) -> NDArray[np.float64]:
    """Draw the labels of one class again, one pseudo-label of each kind among them, and return the rates (draws,)."""
    usual = float(agreed[1].mean()) if agreed.size else 1.0
    padded = np.concatenate([agreed, [[1.0, 0.0], [usual, usual]]], axis=1)
    size = padded.shape[1]
    times = source.multinomial(size, np.full(size, 1 / size), size=draws)
    return np.asarray((times @ (padded[0] * padded[1])) / (times @ padded[1]), dtype=np.float64)
