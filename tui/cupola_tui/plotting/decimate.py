"""Thinning a series to what a chart's dot columns can show: the least and the greatest of each, so that spikes stay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]


def finite(steps: Steps, values: Floats) -> tuple[Steps, Floats]:
    """The points whose value is a finite number."""
    keep = np.isfinite(values)
    return (steps, values) if keep.all() else (steps[keep], values[keep])


def window(steps: Steps, values: Floats, low: float, high: float) -> tuple[Steps, Floats]:
    """The points from `low` to `high` with one more on either side, so that lines run on to the edges."""
    first = max(0, int(np.searchsorted(steps, low, "left")) - 1)
    last = min(len(steps), int(np.searchsorted(steps, high, "right")) + 1)
    return steps[first:last], values[first:last]


def decimate(steps: Steps, values: Floats, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
    """At most two points a column: its least and greatest value, in the order in which the line runs through them.

    The columns belong to the axis, not to the data, so that a new point changes none but the last.

    Args:
        steps: rising, shape (n,).
        values: finite, shape (n,).
        low: the step at the axis' beginning.
        high: the step at its end, above `low`.
        columns: how many equally wide columns the axis has, at least 1.

    Returns:
        x and y, shape (m,) with m <= 2 * columns + 4: what lies left and right of the axis counts as a column each.
    """
    if not len(steps):
        return steps.astype(np.float64), values
    edges = np.linspace(low, high, columns + 1)
    edges[-1] = np.nextafter(high, np.inf)
    starts = np.concatenate([[0], np.searchsorted(steps, edges, "left")])
    # Sorted already; np.unique would import numpy.ma, which is megabytes.
    starts = starts[(starts < len(steps)) & np.append(True, starts[1:] != starts[:-1])]
    ends = np.append(starts[1:], len(steps))
    least, greatest = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    centre = (steps[starts] + steps[ends - 1]) / 2
    rising = values[ends - 1] >= values[starts]
    y = np.where(rising, [least, greatest], [greatest, least]).T.reshape(-1)
    x = np.repeat(centre, 2)
    # A column of one point would otherwise be drawn twice.
    once = np.append(True, (x[1:] != x[:-1]) | (y[1:] != y[:-1]))
    return x[once], y[once]
