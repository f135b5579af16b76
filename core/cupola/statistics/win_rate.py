"""How often one arm's answer beats another's on the same item, plain and with the answers' lengths controlled for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .bootstrap import percentile_interval
from .clusters import Clusters, one_each
from .errors import StatisticsInputError
from .estimates import DEFAULT_SEED, LEVEL, Estimate, Interval, Scale
from .inputs import Floats, same_length, vector
from .means import estimate_mean

DRAWS = 2_000
_PSEUDO = 1.0
"""Half a win and half a loss between answers of one length are added, so that no estimate runs off to infinity."""
_RIDGE = 1.0
"""Of the length's weight, on the logit scale: a standard normal prior."""
_STEPS = 60
_LONGEST_STEP = 2.0
_ENOUGH = 1e-9


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """The win rate that two arms would have if their answers were equally long."""

    value: float
    interval: Interval
    length_weight: float
    """On the logit scale; above 0 the longer answer is favoured, whoever gave it."""


@dataclass(frozen=True, slots=True)
class WinRate:
    """One arm against another over the items that both have a score for."""

    wins: int
    ties: int
    losses: int
    rate: Estimate
    """The share won; a tie is half a win."""
    longer: float
    """By how much its answers are longer on average, in the unit of the lengths."""
    controlled: LengthControlled | None
    """None if lengths cannot be told from wins: one arm's answers are longer by the same amount everywhere."""


def win_rate(
    scores: ArrayLike,
    others: ArrayLike,
    lengths: ArrayLike,
    other_lengths: ArrayLike,
    clusters: Clusters | None = None,
    level: float = LEVEL,
    seed: int = DEFAULT_SEED,
) -> WinRate:
    """Compare two arms item by item.

    Args:
        scores: (items,) of the arm that is asked about; NaN has none.
        others: (items,) of the arm that it is held against.
        lengths: (items,) of its answers, in tokens or characters; NaN is unknown.
        other_lengths: (items,) of the other's.
        clusters: Items of one prompt.
        level: Of the intervals.
        seed: Of the draws.

    Raises:
        StatisticsInputError: the lengths differ, or no item has both scores.
    """
    mine, theirs = vector(scores, "Scores"), vector(others, "The other scores")
    own, other = vector(lengths, "Lengths"), vector(other_lengths, "The other lengths")
    for values in (theirs, own, other):
        same_length(mine, values, "The columns")
    outcomes = np.where(np.isnan(mine - theirs), np.nan, (np.sign(mine - theirs) + 1) / 2)
    if np.isnan(outcomes).all():
        raise StatisticsInputError("The arms share no judged item.", remedy="Run both on the same items.")
    groups = clusters or one_each(len(outcomes))
    further = own - other
    known = ~np.isnan(outcomes) & ~np.isnan(further)
    return WinRate(
        wins=int((outcomes == 1).sum()),
        ties=int((outcomes == 0.5).sum()),
        losses=int((outcomes == 0).sum()),
        rate=estimate_mean(outcomes, groups, Scale(0.0, 1.0), level),
        longer=float(further[known].mean()) if known.any() else float("nan"),
        controlled=_controlled(outcomes[known], further[known], groups.codes[known], level, seed),
    )


def _controlled(
    outcomes: Floats, further: Floats, codes: ArrayLike, level: float, seed: int
) -> LengthControlled | None:
    """Return the win rate at a difference of 0 in length, with an interval from a bootstrap of whole clusters.

    P(win) = 1 / (1 + exp(-(a + b tanh(d / sd(d))))), d the difference in length; at d = 0 this is logistic(a). A tie is
    half a win. Source: Dubois, Galambosi, Liang and Hashimoto 2024, "Length-Controlled AlpacaEval", arXiv 2404.04475,
    section 3, for a single pair of models and without the instructions' difficulty, which needs many models.
    """
    if not len(outcomes):
        return None
    spread = float(further.std())
    if not spread > 0:
        if further.any():
            return None
        spread = 1.0
    leaning = np.tanh(further / spread)
    _, places = np.unique(codes, return_inverse=True)
    count = int(places.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=DRAWS)
    found = _fitted(outcomes, leaning, np.ones((1, len(outcomes))))
    draws = _fitted(outcomes, leaning, drawn[:, places].astype(np.float64))
    interval = percentile_interval(_logistic(draws[:, 0]), level)
    return LengthControlled(float(_logistic(found[:, 0])[0]), interval, float(found[0, 1]))


def _fitted(outcomes: Floats, leaning: Floats, weights: Floats) -> Floats:
    """Return a and b (draws, 2) of greatest posterior for each row of weights (draws, items), by Newton's method."""
    found = np.zeros((len(weights), 2))
    for _ in range(_STEPS):
        expected = _logistic(found[:, :1] + found[:, 1:] * leaning)
        even = _logistic(found[:, 0])
        left = weights * (outcomes - expected)
        bent = weights * expected * (1 - expected)
        first = left.sum(axis=1) + _PSEUDO * (0.5 - even)
        second = left @ leaning - _RIDGE * found[:, 1]
        top = bent.sum(axis=1) + _PSEUDO * even * (1 - even)
        cross, bottom = bent @ leaning, bent @ (leaning * leaning) + _RIDGE
        determinant = top * bottom - cross * cross
        step = np.stack([first * bottom - second * cross, second * top - first * cross], axis=1) / determinant[:, None]
        found += np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if np.abs(step).max() < _ENOUGH:
            break
    return found


def _logistic(values: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(values), dtype=np.float64)
