"""The few words that Cupola says about a comparison, each with the numbers that carry it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from .comparison import Comparison
from .errors import StatisticsInputError
from .estimates import Estimate, Interval, Scale
from .inputs import positive
from .pairing import Incomparable
from .planning import ALPHA, agreeing_clusters_needed, clusters_needed

MARGIN_SHARE = 0.05
"""The margin as a share of the score's range, unless another was declared before the run."""


class Word(StrEnum):
    """The only words for a comparison."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same within the margin"
    NOT_INFERIOR = "not inferior"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not comparable"


class Stability(StrEnum):
    """The only words for an arm that should not have changed."""

    STAYED = "stayed"
    MOVED = "moved"
    CANNOT_SAY = "cannot say"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word and what a screen needs to say it in a sentence."""

    word: Word
    difference: Estimate | None = None
    """None only if the arms are not comparable."""
    margin_interval: Interval | None = None
    """The 90% interval that was held against the margin."""
    margin: float | None = None
    """In the score's unit."""
    p: float | None = None
    """Holm-corrected over the family shown."""
    family: int = 0
    items_needed: int | None = None
    """For inconclusive: N that would settle it, as far as can be told now."""
    cost: float | None = None
    """Of the further items, in the unit of the cost of one."""
    reasons: tuple[Incomparable, ...] = ()
    """For not comparable: why."""

    @property
    def few_prompts(self) -> bool:
        """The verdict rests on fewer than ten prompts."""
        return self.difference is not None and self.difference.few_prompts


@dataclass(frozen=True, slots=True)
class StabilityVerdict:
    """Whether an arm stayed where it was, and the numbers that carry it."""

    word: Stability
    change: Estimate
    """After minus before."""
    margin_interval: Interval
    margin: float
    p: float


def default_margin(scale: Scale) -> float:
    """Return a twentieth of the scale's range; raises StatisticsInputError if an end of the scale is not known."""
    if not math.isfinite(scale.width):
        raise StatisticsInputError("The score's range is not known.", remedy="Declare a margin before the run.")
    return MARGIN_SHARE * scale.width


def differs(comparison: Comparison) -> bool:
    """Whether a difference is shown: the interval excludes 0 and the corrected p is at most .05."""
    return 0 not in comparison.difference.interval and comparison.p_corrected <= ALPHA


def _at_odds(comparison: Comparison) -> bool:
    """Whether only one of interval and p shows a difference."""
    return (0 not in comparison.difference.interval) != (comparison.p_corrected <= ALPHA)


def equivalent(comparison: Comparison, margin: float) -> bool:
    """Whether both one-sided tests at .05 put the difference inside +-margin. Source: Schuirmann 1987."""
    return comparison.margin_interval.within(positive(margin, "The margin"))


def not_inferior(comparison: Comparison, margin: float) -> bool:
    """Whether the lower end of the 90% interval of first minus second lies above -margin."""
    return comparison.margin_interval.low > -positive(margin, "The margin")


def judge(comparison: Comparison, margin: float, cost_per_item: float | None = None) -> Verdict:
    """Say how the first arm stands to the second: better, worse, same, not inferior, or inconclusive, in this order.

    Where interval and p disagree on a difference and equivalence is not shown, it is inconclusive.

    Args:
        comparison: corrected over the family that is shown.
        margin: set before the run, in the score's unit, above 0.
        cost_per_item: what one more item costs in both arms together.

    Raises StatisticsInputError if the margin is not above 0.
    """
    if differs(comparison):
        word = Word.BETTER if comparison.difference.value > 0 else Word.WORSE
    elif equivalent(comparison, margin):
        word = Word.SAME
    elif _at_odds(comparison):
        word = Word.INCONCLUSIVE
    elif not_inferior(comparison, margin):
        word = Word.NOT_INFERIOR
    else:
        word = Word.INCONCLUSIVE
    return _verdict(word, comparison, margin, cost_per_item)


def judge_non_inferiority(comparison: Comparison, margin: float, cost_per_item: float | None = None) -> Verdict:
    """Say whether the first arm (the student) is nearly the second (the teacher), or better.

    Unlike `judge` it asks for the margin before it asks for a difference: a student that is measurably but harmlessly
    worse is not inferior. Arguments and errors as for `judge`.
    """
    if differs(comparison) and comparison.difference.value > 0:
        word = Word.BETTER
    elif not_inferior(comparison, margin):
        word = Word.NOT_INFERIOR
    elif differs(comparison):
        word = Word.WORSE
    else:
        word = Word.INCONCLUSIVE
    return _verdict(word, comparison, margin, cost_per_item)


def judge_stability(comparison: Comparison, margin: float) -> StabilityVerdict:
    """Say whether an arm stayed where it was; the comparison is after (first) minus before (second).

    Stayed if equivalence is shown, moved if not and a difference is shown, else it cannot be said.
    Raises StatisticsInputError if the margin is not above 0.
    """
    if equivalent(comparison, margin):
        word = Stability.STAYED
    else:
        word = Stability.MOVED if differs(comparison) else Stability.CANNOT_SAY
    return StabilityVerdict(word, comparison.difference, comparison.margin_interval, margin, comparison.p_corrected)


def not_comparable(reasons: tuple[Incomparable, ...]) -> Verdict:
    """Return the verdict on arms that may not be compared; raises StatisticsInputError without a reason."""
    if not reasons:
        raise StatisticsInputError("Arms that may not be compared need a reason.")
    return Verdict(Word.NOT_COMPARABLE, reasons=reasons)


def items_to_settle(comparison: Comparison, margin: float) -> int | None:
    """Return N that would settle an inconclusive comparison, as far as its own spread tells.

    Enough to find the observed difference, or the margin if that is larger (a smaller difference does not matter),
    at the level that the correction leaves for one of the family, with as many items to a prompt as now, and more
    than now. Where the arms never differed, enough for agreement to show equivalence. None with a single prompt,
    whose spread nobody knows, or on a scale without ends where the arms never differed.
    """
    difference = comparison.difference
    if difference.clusters < 2:
        return None
    if comparison.spread > 0:
        size = max(abs(difference.value), margin)
        prompts = clusters_needed(comparison.spread, size, ALPHA / comparison.family)
    elif margin < comparison.scale.width < math.inf:
        prompts = agreeing_clusters_needed(margin, comparison.scale.width)
    else:
        return None
    return max(math.ceil(prompts * difference.items / difference.clusters), difference.items + 1)


def _verdict(word: Word, comparison: Comparison, margin: float, cost_per_item: float | None) -> Verdict:
    needed = items_to_settle(comparison, margin) if word is Word.INCONCLUSIVE else None
    further = None if needed is None else needed - comparison.difference.items
    return Verdict(
        word=word,
        difference=comparison.difference,
        margin_interval=comparison.margin_interval,
        margin=margin,
        p=comparison.p_corrected,
        family=comparison.family,
        items_needed=needed,
        cost=None if further is None or cost_per_item is None else further * cost_per_item,
    )
