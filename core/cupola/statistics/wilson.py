"""Wilson's score interval of a share."""

from __future__ import annotations

import math

from .errors import StatisticsInputError
from .estimates import LEVEL, Interval
from .inputs import rate
from .quantiles import normal_quantile


def wilson(passes: float, items: float, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of `passes` among `items` independent ones; neither need be whole.

    Source: Wilson 1927; Brown, Cai and DasGupta 2001. Raises StatisticsInputError unless 0 <= passes <= items and
    items is above 0.
    """
    if not (0 <= passes <= items and items > 0):
        raise StatisticsInputError(f"There cannot be {passes} passes among {items} items.")
    return wilson_interval(passes / items, items, normal_quantile(level), level)


def wilson_interval(passed: float, items: float, quantile: float, level: float) -> Interval:
    """Return Wilson's interval of a pass rate on a number of independent items, by the quantile given."""
    rate(passed, "A pass rate")
    if math.isinf(quantile):
        return Interval(0.0, 1.0, level)
    spread = quantile**2 / items
    centre = (passed + spread / 2) / (1 + spread)
    reach = quantile / (1 + spread) * math.sqrt(passed * (1 - passed) / items + spread / (4 * items))
    # At the ends the exact limits are 0 and 1; rounding must not take them away.
    low = 0.0 if passed == 0 else max(centre - reach, 0.0)
    high = 1.0 if passed == 1 else min(centre + reach, 1.0)
    return Interval(low, high, level)
