"""An estimate with its interval, drawn in cells: `├──●──┤`, all rows of a table on one axis."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cupola.statistics.estimates import Estimate, Interval

from ...lines import Line, Span

_LEAST = 5


def common_axis(estimates: Iterable[Estimate | None], low: float, high: float) -> Interval:
    """The part of a scale from `low` to `high` (infinite if not known) that all the intervals need, with some air."""
    known = [estimate for estimate in estimates if estimate is not None]
    ends = [end for one in known for end in (one.value, one.interval.low, one.interval.high) if math.isfinite(end)]
    if not ends:
        return Interval(low if math.isfinite(low) else 0.0, high if math.isfinite(high) else 1.0)
    air = (max(ends) - min(ends)) * 0.05 or abs(ends[0]) * 0.05 or 0.05
    return Interval(max(low, min(ends) - air), min(high, max(ends) + air))


def interval_bar(estimate: Estimate, axis: Interval, width: int, ink: str) -> Line:
    """The bar of one row, `width` cells wide; an end that lies off the axis is an arrow."""
    if width < _LEAST or not axis.high > axis.low or not math.isfinite(estimate.value):
        return ()
    first, middle, last = (
        _cell(end, axis, width) for end in (estimate.interval.low, estimate.value, estimate.interval.high)
    )
    cells = [" "] * width
    for cell in range(first, last + 1):
        cells[cell] = "─"
    cells[first] = "├" if estimate.interval.low >= axis.low else "◂"
    cells[last] = "┤" if estimate.interval.high <= axis.high else "▸"
    text = "".join(cells)
    return (Span(text[:middle], "muted"), Span("●", ink), Span(text[middle + 1 :], "muted"))


def _cell(value: float, axis: Interval, width: int) -> int:
    if not math.isfinite(value):
        return width - 1 if value > 0 else 0
    # Halves, so that ends of opposite sign near the largest float do not overflow.
    place = (value / 2 - axis.low / 2) / (axis.high / 2 - axis.low / 2)
    return round(min(1.0, max(0.0, place)) * (width - 1)) if math.isfinite(place) else 0
