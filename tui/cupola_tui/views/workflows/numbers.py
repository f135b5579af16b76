"""Numbers of workflows out of stored JSON: what is missing or of another kind is not known, and never breaks a line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cupola.statistics.estimates import Estimate, Interval


def table(value: Any) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """A JSON array; an empty one for anything else."""
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


def number(value: Any) -> float | None:
    """A finite number, or None."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else None


def estimate(value: Any) -> Estimate | None:
    """An estimate as a verdict stores it; ends without bound are infinite. None where there is none."""
    found = table(value)
    middle, interval = number(found.get("value")), table(found.get("interval"))
    if middle is None:
        return None
    low, high, level = (number(interval.get(name)) for name in ("low", "high", "level"))
    ends = Interval(-math.inf if low is None else low, math.inf if high is None else high, level or 0.95)
    count = int(number(found.get("items")) or 0)
    error = number(found.get("standard_error"))
    clusters = int(number(found.get("clusters")) or count)
    return Estimate(middle, ends, math.nan if error is None else error, count, clusters)
