"""A histogram as lines: plotext draws bars and axes, inks are laid over them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ..lines import Line, Span
from .scale import number

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_RUNS = re.compile(r"█+|[^█]+")
_TICKS = 5


def histogram(edges: Sequence[float], counts: Sequence[int], width: int, height: int) -> list[Line]:
    """Bars over their range.

    Args:
        edges: Rising, one more than `counts`.
        counts: Of each bar.
        width: In cells.
        height: In lines, axes and labels among them.
    """
    if not counts or width < 16 or height < 4:
        return []
    import plotext

    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    most = max(1, *counts)
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(width, height)
    plotext.theme("clear")
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.bar(middles, list(counts), marker="█", width=0.999)
    plotext.xlim(edges[0], edges[-1])
    plotext.ylim(0, most)
    places = [edges[0] + (edges[-1] - edges[0]) * step / (_TICKS - 1) for step in range(_TICKS)]
    plotext.xticks(places, [number(place) for place in places])
    plotext.yticks([0, most], ["0", f"{most:,}"])
    rows = _SGR.sub("", plotext.build()).split("\n")[:height]
    return [_inked(row) for row in _grounded(rows)]


def _grounded(rows: list[str]) -> list[str]:
    """Bars as wide at their foot as above it, which plotext's rounding does not always make them."""
    foot = next((number for number in range(len(rows) - 1, 0, -1) if "█" in rows[number]), 0)
    if not foot:
        return rows
    above, below = rows[foot - 1], rows[foot].ljust(len(rows[foot - 1]))
    mended = "".join(high if high == "█" else low for high, low in zip(above.ljust(len(below)), below, strict=True))
    return [*rows[:foot], mended, *rows[foot + 1 :]]


def _inked(row: str) -> Line:
    return tuple(Span(run, "series1" if run.startswith("█") else "axis") for run in _RUNS.findall(row.rstrip()))
