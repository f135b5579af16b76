"""Points with error bars under a title; drawn anew only when what it shows differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ..lines import Line, Span, line
from ..plotting.raster import Grid
from ..plotting.scatter import Dot, scatter
from .painted import Painted


@dataclass(frozen=True, slots=True)
class Cloud:
    """What a scatter chart shows."""

    dots: tuple[Dot, ...] = ()
    frontier: tuple[tuple[float, float], ...] = ()
    """Points of rising x that a line runs through."""
    log: bool = False
    empty: str = "nothing to draw yet"
    """Said when no point has a place."""


class Scatter(Painted):
    """A scatter chart."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cloud = Cloud()
        self._drawn: tuple[Cloud, int, int, Grid | None] | None = None

    def show(self, cloud: Cloud) -> None:
        """Show other points."""
        self._cloud = cloud
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self._drawn is None or self._drawn[:3] != (self._cloud, width, height):
            cloud = self._cloud
            grid = scatter(cloud.dots, cloud.frontier, width, height, log=cloud.log)
            self._drawn = cloud, width, height, grid
        grid = self._drawn[3]
        if grid is None:
            words = self._cloud.empty if not self._cloud.dots or (width >= 24 and height >= 6) else "too small to draw"
            return [line((f"  {words}", "muted"))]
        return [
            tuple(Span("".join(cell for cell, _ in run), ink) for ink, run in groupby(row, key=lambda cell: cell[1]))
            for row in grid
        ]
