"""How many independent passes and fails clustered ones, or scores, are worth."""

from __future__ import annotations

from .clusters import ClusterSums
from .estimates import FEW_PROMPTS
from .products import inner
from .quantiles import normal_quantile, student_quantile

_PRIOR = 0.1
"""The weight, in clusters of mean size, of one unanimous pseudo-cluster at either end.

Without it the spread of a handful of clusters that nearly all agree is taken at its word, and 20 clusters of 5 items
with a pass rate of 0.9 are covered in 92% instead of 95%; with more, small samples become needlessly cautious. Chosen
by simulation: `python -m tests.calibrate` shows what it does.
"""
_SCORE_PRIOR = 0.01
"""The same for scores: see `means.bounded_interval` for how it was chosen."""


def effective_items(sums: ClusterSums, low: float, high: float) -> float:
    """Return N divided by the design effect of values that are `low`, `high` or a whole number between.

    The design effect is the cluster-robust variance of the mean over the variance that independent items would
    have, both with a tenth of an all-low and a tenth of an all-high cluster added, so that unanimous clusters count
    as clusters and not as certainty. It is kept between 1 (independent items) and sum(n_g^2) / N (clusters of copies).

    Source: Korn and Graubard 1998 (intervals on effective sample size); Dean and Pagano 2015 and Franco, Little,
    Louis and Slud 2019 (Wilson on effective sample size, truncation). The pseudo-clusters carry the idea of Agresti
    and Coull 1998 over to clusters.
    """
    total = sums.items
    largest = inner(sums.sizes, sums.sizes) / total
    if largest == 1:
        return float(total)
    size = total / sums.clusters
    items = total + 2 * _PRIOR * size
    clusters = sums.clusters + 2 * _PRIOR
    mean = (sums.sums.sum() + _PRIOR * size * (low + high)) / items
    residuals = sums.sums - sums.sizes * mean
    between = inner(residuals, residuals) + _PRIOR * size**2 * ((low - mean) ** 2 + (high - mean) ** 2)
    within = sums.squares + _PRIOR * size * (low**2 + high**2) - items * mean**2
    effect = clusters / (clusters - 1) * between / within
    return float(total / min(max(effect, 1.0), largest))


def effective_scores(sums: ClusterSums, low: float, high: float) -> float:
    """Return how many independent passes and fails have a mean as certain as that of these scores from low to high.

    This is p(1 - p) / V with p the share of the way from low to high and V the cluster-robust variance of p: more than
    N where scores vary less than passes and fails, fewer where clusters agree. A hundredth of an all-low and of an
    all-high cluster of mean size is added to both. Source: as for `effective_items`.
    """
    size = sums.items / sums.clusters
    items = sums.items + 2 * _SCORE_PRIOR * size
    clusters = sums.clusters + 2 * _SCORE_PRIOR
    shares = (sums.sums - sums.sizes * low) / (high - low)
    share = (shares.sum() + _SCORE_PRIOR * size) / items
    residuals = shares - sums.sizes * share
    between = inner(residuals, residuals) + _SCORE_PRIOR * size**2 * (share**2 + (1 - share) ** 2)
    return float(sums.items * items * share * (1 - share) / (clusters / (clusters - 1) * between))


def effective_quantile(sums: ClusterSums, level: float) -> float:
    """Return the normal quantile, or Student's with G - 1 degrees of freedom for few clusters of several items."""
    if sums.single or sums.clusters >= FEW_PROMPTS:
        return normal_quantile(level)
    return student_quantile(level, sums.clusters)
