"""The map of items by arms: what became of each, which come first, and which are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cupola.benchmarks.outcomes import CODES
from cupola.statistics.outcomes import Outcome

from ...lines import Line, Span, line
from ...widgets.table import Column
from . import numbers
from .board import OUTCOME_SIGNS

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

ORDERS = ("worst first", "most disputed first", "as asked")
ONLY = ("all", "fails", "models disagree", "graders disagree", "refused", "filtered", "truncated", "error", "missing")
ONLY_COMPARED = ("differing", "regressions", "gains", "all")

_PASS = CODES.index(Outcome.PASS)


@dataclass(frozen=True, slots=True, eq=False)
class ItemMap:
    """Results of some arms over the same items."""

    arms: tuple[str, ...]
    signs: tuple[str, ...]
    """Each arm's heading, a cell or two."""
    repeats: int
    codes: Codes
    """(arms, items, repeats): places in `CODES`, 255 where there is no such row."""
    passes: Floats
    """(arms, items, repeats): 1, 0 or NaN."""
    scores: Floats
    """(arms, items, repeats), NaN for error and missing."""
    grader_passes: Floats
    """(graders, arms, items, repeats): 1, 0 or NaN."""
    score_width: float
    text: Callable[[int], str]
    """What an item asks, by its place."""
    chosen: int = 0
    """The arm whose fails come first."""
    compared: bool = False
    """Two arms are held against each other, the second against the first."""

    @property
    def items(self) -> int:
        """How many there are."""
        return int(self.codes.shape[1])


def _means(values: Floats) -> Floats:
    """Means over the last axis, NaN where there is nothing; without a warning for it."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def selected(items: ItemMap, only: str, order: str, words: str = "") -> list[int]:
    """The places to show, in order."""
    mask = _mask(items, only)
    places = [int(place) for place in _ordered(items, order) if mask[place]]
    wanted = words.lower().split()
    if not wanted:
        return places
    return [place for place in places if _matches(items.text(place).lower(), wanted)]


def _matches(text: str, wanted: Sequence[str]) -> bool:
    return all((word.removeprefix("!") in text) is not word.startswith("!") or word == "!" for word in wanted)


def disputes(items: ItemMap) -> Floats:
    """(items,): how far the arms part, 0 where all do alike, .25 where half of them pass."""
    rates = _means(_means(items.passes).T)
    return np.nan_to_num(rates * (1 - rates))


def changes(items: ItemMap) -> Floats:
    """(items,): how much higher the last arm scores than the first; NaN where one has no score."""
    scores = _means(items.scores)
    return np.asarray(scores[-1] - scores[0])


def _mask(items: ItemMap, only: str) -> npt.NDArray[np.bool_]:
    rates = _means(items.passes)
    if only == "fails":
        return np.asarray(rates[items.chosen] < 1)
    if only in ("differing", "regressions", "gains"):
        change = changes(items)
        return np.asarray({"differing": np.abs(change) > 0, "regressions": change < 0, "gains": change > 0}[only])
    if only == "models disagree":
        return np.asarray(disputes(items) > 0)
    if only == "graders disagree":
        low, high = _extremes(items.grader_passes)
        return np.asarray((high > low)[items.chosen].any(axis=-1))
    if only in {outcome.value for outcome in Outcome}:
        code = CODES.index(Outcome(only))
        return np.asarray((items.codes == code).any(axis=(0, 2)))
    return np.ones(items.items, bool)


def _extremes(values: Floats) -> tuple[Floats, Floats]:
    """The least and greatest over the first axis; equal where nothing is known."""
    known = ~np.isnan(values)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    return np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)


def _ordered(items: ItemMap, order: str) -> npt.NDArray[np.int64]:
    places = np.arange(items.items)
    if order == "as asked":
        return places
    own = np.nan_to_num(_means(items.passes)[items.chosen], nan=2.0)
    scores = np.nan_to_num(_means(items.scores)[items.chosen], nan=np.inf)
    dispute = -disputes(items)
    if items.compared:
        own = np.nan_to_num(changes(items), nan=np.inf)
    keys = (places, scores, dispute, own) if order == "worst first" else (places, scores, own, dispute)
    return np.lexsort(keys)


def columns(items: ItemMap) -> list[Column]:
    """The columns: place, a sign for each arm, the score of the chosen one, what was asked."""
    width = max(2, 2 * items.repeats - 1 if items.repeats <= 3 else 4)
    return [
        Column("#", 5, right=True),
        *(Column(sign, max(width, len(sign))) for sign in items.signs),
        Column("score", 5, right=True),
        *([Column("change", 6, right=True)] if items.compared else []),
        Column("asked", 20, flexible=True),
    ]


def cells(items: ItemMap, place: int) -> tuple[Line, ...]:
    """The cells of an item's row."""
    score = _means(items.scores[items.chosen, place][None, :])[0]
    return (
        line((str(place + 1), "muted")),
        *(arm_cell(items, arm, place) for arm in range(len(items.arms))),
        line(numbers.score(float(score), items.score_width)) if np.isfinite(score) else numbers.NONE,
        *([change_cell(items, place)] if items.compared else []),
        line(" ".join(items.text(place).split())[:400]),
    )


def change_cell(items: ItemMap, place: int) -> Line:
    """How much higher or lower the second arm scores."""
    scores = _means(items.scores[:, place])
    change = float(scores[-1] - scores[0])
    if not np.isfinite(change):
        return numbers.NONE
    sign, ink = ("+", "good") if change > 0 else ("−", "bad") if change < 0 else ("", "faint")
    return line((f"{sign}{numbers.score(abs(change), items.score_width)}", ink))


def arm_cell(items: ItemMap, arm: int, place: int) -> Line:
    """The signs of an arm's repeats; of many repeats how many passed."""
    codes = [int(code) for code in items.codes[arm, place] if code < len(CODES)]
    if len(codes) > 3:
        passed = codes.count(_PASS)
        return line((f"{passed}/{len(codes)}", "good" if passed == len(codes) else "bad" if passed == 0 else "warn"))
    return tuple(Span(*OUTCOME_SIGNS[CODES[code]]) for code in codes)


def legend(items: ItemMap) -> list[Line]:
    """Which heading is which arm, and what the signs mean."""
    arms = [line((f"{sign} ", "accent"), (name, "")) for sign, name in zip(items.signs, items.arms, strict=True)]
    used = set(np.unique(items.codes).tolist())
    signs = [
        line(OUTCOME_SIGNS[outcome], (f" {outcome.value}", "muted"))
        for code, outcome in enumerate(CODES)
        if code in used
    ]
    return [*arms, *signs]
