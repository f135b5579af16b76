"""What can be seen with so many items, and how many items it takes."""

from __future__ import annotations

import math

from .errors import StatisticsInputError
from .inputs import positive, rate, share

ALPHA = 0.05
POWER = 0.80


def detectable_difference(spread: float, clusters: int, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the smallest true difference that is found with the given power, in the unit of `spread`.

    (z(1 - alpha/2) + z(power)) * spread / sqrt(G); 1.960 + 0.842 for the defaults. `spread` is the standard deviation
    of one cluster's paired difference: `Comparison.spread`, or `spread_of_pass_rates` before there is data.

    Source: Miller 2024 (arXiv 2411.00640), section 5. Raises StatisticsInputError if spread is negative, there is no
    cluster, or alpha or power does not lie between 0 and 1.
    """
    if clusters < 1:
        raise StatisticsInputError("Nothing can be seen without a prompt.")
    return _reach(alpha, power) * _spread(spread) / math.sqrt(clusters)


def clusters_needed(spread: float, difference: float, alpha: float = ALPHA, power: float = POWER) -> int:
    """Return G, the prompts needed to find a true difference (above 0, in the unit of `spread`).

    `detectable_difference` solved for G, rounded up, at least 2: one cluster has no spread. Raises
    StatisticsInputError if difference is not above 0, spread is negative, or alpha or power is not between 0 and 1.
    """
    return max(2, math.ceil((_reach(alpha, power) * _spread(spread) / positive(difference, "The difference")) ** 2))


def agreeing_clusters_needed(margin: float, width: float, alpha: float = ALPHA) -> int:
    """Return G, the prompts on which two arms must agree entirely to be the same within the margin.

    `rare_share` at level 1 - 2 alpha times the scale's width must stay below the margin: G > ln(alpha) /
    ln(1 - margin / width). Raises StatisticsInputError unless 0 < margin < width and alpha lies between 0 and 1.
    """
    if not (math.isfinite(width) and 0 < margin < width):
        raise StatisticsInputError(
            f"A margin must lie between 0 and the scale's width of {width:g}, not be {margin:g}."
        )
    return math.floor(math.log(share(alpha, "alpha")) / math.log1p(-margin / width)) + 1


def spread_of_pass_rates(first: float, second: float, correlation: float) -> float:
    """Return the standard deviation of one item's difference of passes, before there is data for the pair.

    sqrt(p(1-p) + q(1-q) - 2 r sqrt(p(1-p) q(1-q))) for pass rates p and q whose passes correlate with r over items.
    Two pass rates can only correlate so far; a higher r is cut to what they allow, where every discordant item goes
    the same way and the variance is |p-q| (1 - |p-q|). Source: Miller 2024 (arXiv 2411.00640), section 4.2.

    Raises StatisticsInputError if a pass rate lies outside [0, 1] or the correlation outside [-1, 1].
    """
    if not -1 <= correlation <= 1:
        raise StatisticsInputError(f"A correlation must lie from -1 to 1, not be {correlation}.")
    own = [rate(passed, "A pass rate") * (1 - passed) for passed in (first, second)]
    gap = abs(first - second)
    variance = own[0] + own[1] - 2 * correlation * math.sqrt(own[0] * own[1])
    return math.sqrt(max(variance, gap * (1 - gap)))


def _reach(alpha: float, power: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - share(alpha, "alpha") / 2) + ndtri(share(power, "The power")))


def _spread(spread: float) -> float:
    if not (math.isfinite(spread) and spread >= 0):
        raise StatisticsInputError(f"A spread must be known and not negative, not {spread}.")
    return spread
