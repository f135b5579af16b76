"""Which arms are worth their price: an arm is dominated if another is at least as good and costs no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .leaderboard import Leaderboard, Row

Axis = Literal["cost", "latency", "completion"]
"""Dollars a thousand answers, median seconds, or mean completion tokens."""


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One arm on the chart."""

    index: int
    name: str
    x: float
    score: float
    low: float
    high: float
    """The score's 95% interval."""
    dominated_by: str | None
    """An arm that scores at least as high for no more, by the estimates as they stand; None on the frontier."""


_X: dict[Axis, Callable[[Row], float | None]] = {
    "cost": lambda row: row.cost.per_thousand if row.cost else None,
    "latency": lambda row: row.latency.p50.value if row.latency else None,
    "completion": lambda row: row.tokens.completion if row.tokens else None,
}


def frontier(board: Leaderboard, axis: Axis = "cost") -> tuple[FrontierPoint, ...]:
    """The arms whose score and x are known, by rising x."""
    known = [(row, x) for row in board.rows if row.score is not None and (x := _X[axis](row)) is not None]
    points = [_point(row, x, known) for row, x in known]
    return tuple(sorted(points, key=lambda point: (point.x, -point.score)))


def _point(row: Row, x: float, known: Sequence[tuple[Row, float]]) -> FrontierPoint:
    assert row.score is not None
    better = (
        (other, at)
        for other, at in known
        if other.score is not None
        and at <= x
        and other.score.value >= row.score.value
        and (at < x or other.score.value > row.score.value)
    )
    best = max(better, key=lambda pair: pair[0].score.value if pair[0].score else 0.0, default=None)
    interval = row.score.interval
    name = row.arm.name
    return FrontierPoint(
        row.index, name, x, row.score.value, interval.low, interval.high, best[0].arm.name if best else None
    )
