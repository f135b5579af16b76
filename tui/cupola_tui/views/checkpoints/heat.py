"""The map of items by checkpoints: how high each reward is, whether it passed, and which items flipped."""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cupola.statistics.outcomes import Outcome
from cupola.training.auto_evals import OUTCOMES, AutoEvals

from ...lines import Line, Span, flowed, line
from ...widgets.table import Column
from .steps import short

Floats = npt.NDArray[np.float64]

LEVELS = "·░▒▓█"
"""From the lowest reward to the highest."""
ONLY = ("all", "flipped", "lost again", "won", "never passes", "always passes")

_OTHERS = {
    Outcome.REFUSED: ("r", "warn"),
    Outcome.FILTERED: ("f", "warn"),
    Outcome.TRUNCATED: ("t", "warn"),
    Outcome.ERROR: ("!", "warn"),
    Outcome.MISSING: (" ", ""),
}


@dataclass(frozen=True)
class HeatMap:
    """All steps of a table with what is worked out of them once."""

    evals: AutoEvals

    @cached_property
    def flips(self) -> npt.NDArray[np.int64]:
        """(items,): how often each went from pass to fail or back; what is not judged is passed over."""
        return self._walk[0]

    @cached_property
    def ends(self) -> tuple[Floats, Floats]:
        """(items,) each: the first and the last verdict, 1 or 0; NaN for an item that was never judged."""
        return self._walk[1], self._walk[2]

    @cached_property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest reward."""
        known = self.evals.scores[~np.isnan(self.evals.scores)]
        return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)

    @cached_property
    def levels(self) -> npt.NDArray[np.int8]:
        """(steps, items): the place of each reward in `LEVELS`; -1 where there is none."""
        low, high = self.range
        scores = self.evals.scores
        shares = (scores - low) / (high - low) if high > low else np.ones_like(scores)
        places = np.floor(np.nan_to_num(shares, nan=0.0) * len(LEVELS)).clip(0, len(LEVELS) - 1)
        return np.where(np.isnan(scores), -1, places).astype(np.int8)

    @cached_property
    def outcomes(self) -> frozenset[Outcome]:
        """Which outcomes there are."""
        return frozenset(OUTCOMES[code] for code in np.unique(self.evals.codes).tolist())

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """Columns of the table: flips first, the most before fewer, then the widest range of rewards."""
        scores, known = self.evals.scores, ~np.isnan(self.evals.scores)
        high = np.where(known, scores, -np.inf).max(axis=0, initial=-np.inf)
        low = np.where(known, scores, np.inf).min(axis=0, initial=np.inf)
        spread = np.where(np.isfinite(high) & np.isfinite(low), high - low, -1.0)
        return np.lexsort((np.arange(scores.shape[1]), -spread, -self.flips))

    @cached_property
    def _walk(self) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
        verdicts = self.evals.passes
        count = verdicts.shape[1]
        flips, first, last = np.zeros(count, np.int64), np.full(count, np.nan), np.full(count, np.nan)
        for row in verdicts:
            known = ~np.isnan(row)
            flips += known & ~np.isnan(last) & (row != last)
            last = np.where(known, row, last)
            first = np.where(np.isnan(first), row, first)
        return flips, first, last


def selected(found: HeatMap, only: str, within: Container[int] | None = None) -> list[int]:
    """The columns of the items to show, in order; `within` holds those that a filter lets through."""
    first, last = found.ends
    mask = {
        "flipped": found.flips > 0,
        "lost again": (found.flips > 0) & (last == 0),
        "won": (first == 0) & (last == 1),
        "never passes": (found.flips == 0) & (last == 0),
        "always passes": (found.flips == 0) & (last == 1),
    }.get(only)
    order = found.order if mask is None else found.order[mask[found.order]]
    return [column for column in order.tolist() if within is None or column in within]


def cell_width(steps: int, width: int) -> int:
    """Cells for a step, from five down to one, so that the question keeps half of the width."""
    return max(1, min(5, width // 2 // max(1, steps)))


def shown_steps(found: HeatMap, cursor: int, width: int) -> range:
    """The rows of the table that have room, those around the cursor where not all have."""
    count, room = len(found.evals.steps), max(8, width // 2)
    if count <= room:
        return range(count)
    start = max(0, min(cursor - room // 2, count - room))
    return range(start, start + room)


def columns(found: HeatMap, rows: range, each: int) -> list[Column]:
    """How often it flipped, a cell for each step, the question."""
    return [
        Column("flips", 5, right=True),
        Column(heading(found, rows, each), max(1, len(rows) * each)),
        Column("item", 14, flexible=True),
    ]


def heading(found: HeatMap, rows: range, each: int) -> str:
    """The steps' numbers over their cells, as many as have room."""
    out = ""
    for place, row in enumerate(rows):
        if len(out) <= place * each:
            label = str(found.evals.steps[row])
            if len(rows) * each - place * each >= len(label):
                out = f"{out:<{place * each}}{label} "
    return out.rstrip()


def cells(
    found: HeatMap, column: int, rows: range, each: int, cursor: int, text: Callable[[int], str]
) -> tuple[Line, ...]:
    """The cells of an item's row; the step under the cursor stands on a ground of its own."""
    count = int(found.flips[column])
    spans: list[Span] = []
    for row in rows:
        glyph, ink = _cell(found, row, column)
        ink = f"{ink} row".strip() if row == cursor else ink
        wide = glyph * max(1, each - 1) if glyph in LEVELS else glyph
        piece = f"{wide:<{each}}"
        if spans and spans[-1].ink == ink:
            spans[-1] = Span(spans[-1].text + piece, ink)
        else:
            spans.append(Span(piece, ink))
    return line((str(count) if count else "–", "" if count else "faint")), tuple(spans), line(text(column))


def _cell(found: HeatMap, row: int, column: int) -> tuple[str, str]:
    outcome = found.evals.outcome(row, column)
    level = int(found.levels[row, column])
    if outcome in (Outcome.PASS, Outcome.FAIL) and level >= 0:
        return LEVELS[level], "good" if outcome is Outcome.PASS else "bad"
    return _OTHERS.get(outcome, ("!", "warn"))


def legend(found: HeatMap, step: int, width: int) -> list[Line]:
    """What the cells mean."""
    low, high = found.range
    flipped = int((found.flips > 0).sum())
    outcomes = found.outcomes
    parts = [
        line((f"{flipped:,} of {len(found.flips):,} flipped", "bold")),
        line((LEVELS, "muted"), (f" {short(low)} to {short(high)}" if math.isfinite(low) else "", "muted")),
        line(("█", "good"), (" pass ", "muted"), ("█", "bad"), (" fail", "muted")),
        *(
            line(_OTHERS[outcome], (f" {outcome.value}", "muted"))
            for outcome in _OTHERS
            if outcome in outcomes and outcome is not Outcome.MISSING
        ),
        line(("blank missing", "muted")) if Outcome.MISSING in outcomes else (),
        line((f"step {step}", "accent"), (" stands out", "muted")),
    ]
    return flowed([part for part in parts if part], line("   "), width)
