"""What the curve of a RAFT workflow says beside its drawing: every point with its interval, and the verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cupola.statistics.estimates import Estimate, Interval

from ...lines import Line, Span, cell_width, line, wrapped
from ..bench.intervals import common_axis, interval_bar
from . import numbers

SHOWN = ("base with retrieval", "tuned with retrieval", "tuned closed-book", "base closed-book")
"""In the order of their inks."""
_BAR = (8, 30)
_NAME = 21
_WORDS = {"better": "good", "worse": "bad", "inconclusive": "warn"}


def arms(told: Mapping[str, Any]) -> dict[str, list[tuple[int | None, Estimate]]]:
    """Every arm's points by rising number of distractors; None stands for no documents at all."""
    found: dict[str, list[tuple[int | None, Estimate]]] = {}
    for point in map(numbers.table, numbers.items(told.get("points"))):
        value, low, high = (numbers.number(point.get(name)) for name in ("value", "low", "high"))
        level = numbers.number(point.get("distractors"))
        if value is not None:
            ends = Interval(-math.inf if low is None else low, math.inf if high is None else high)
            one = Estimate(value, ends, math.nan, int(numbers.number(point.get("items")) or 0), 0)
            found.setdefault(str(point.get("arm")), []).append((None if level is None else int(level), one))
    ordered = {name: found.pop(name) for name in SHOWN if name in found}
    return {name: sorted(points, key=lambda one: one[0] or 0) for name, points in {**ordered, **found}.items()}


def curve_lines(told: Mapping[str, Any], width: int) -> list[Line]:
    """The headline, every point as a bar on one axis, and what is said of the differences."""
    out = wrapped(str(told.get("headline", "")), width, "bold") if told.get("headline") else []
    found = arms(told)
    every = [one for points in found.values() for _, one in points]
    axis = common_axis(every, 0.0, math.inf)
    room = max(_BAR[0], min(_BAR[1], width - _NAME - 6))
    for place, (name, points) in enumerate(found.items()):
        ink = f"series{place + 1}"
        out += [line(""), line((name, f"{ink} bold"))]
        for level, one in points:
            label = "no documents" if level is None else f"{level} distractor{'' if level == 1 else 's'}"
            bar = interval_bar(one, axis, room, ink)
            ends = f"{one.interval.low:.2f} to {one.interval.high:.2f}"
            spans = [Span(f"  {label:<15}"), Span(f"{one.value:.2f} ", "bold"), *bar]
            if cell_width(tuple(spans)) + len(ends) + 2 <= width:
                spans += [Span(f"  {ends}", "muted")]
            out.append(tuple(spans))
    return [*out, line(""), *_said(numbers.items(told.get("sentences")), width)]


def _said(sentences: Sequence[Any], width: int) -> list[Line]:
    out: list[Line] = []
    for sentence in map(str, sentences):
        ink = next((ink for word, ink in _WORDS.items() if f": {word}," in sentence), "muted")
        out += wrapped(f"· {sentence}", width, ink, "  ")
    return out
