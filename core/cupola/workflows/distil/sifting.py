"""Which of the teacher's answers are learnt from: every one is accounted for with its reason. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...benchmarks.hashing import digest
from ...statistics.outcomes import Outcome
from .candidates import Candidate


class Fate(StrEnum):
    """What becomes of an answer."""

    TRAINING = "kept for training"
    VALIDATION = "kept for validation"
    NOT_ANSWERED = "no whole answer"
    """Refused, filtered, cut off, or the service failed."""
    NOT_GRADED = "not graded"
    BELOW = "below the threshold"
    EMPTY = "empty"
    LEAK = "in the test"
    """The prompt is one of the test's, or nearly."""
    TWIN = "near-duplicate"
    """The prompt is nearly that of an earlier row."""
    SAME = "same answer again"
    """The teacher said the same to that prompt before."""

    @property
    def kept(self) -> bool:
        """The student learns from it, or is validated on it."""
        return self in (Fate.TRAINING, Fate.VALIDATION)


_SILENT = (Outcome.REFUSED, Outcome.FILTERED, Outcome.TRUNCATED)


@dataclass(frozen=True, slots=True)
class Sifting:
    """How answers are chosen."""

    threshold: float | None
    """None: the graders' own."""
    validation_share: float
    seed: int
    leaks: Collection[int] = frozenset()
    """Places of prompts that are in the test, or nearly."""
    twins: Collection[int] = frozenset()
    """Places of prompts that nearly repeat an earlier one."""


def sift(candidates: Sequence[Candidate], sifting: Sifting) -> list[Fate]:
    """The fate of each answer (candidates,)."""
    held_out = _held_out({one.prompt for one in candidates}, sifting)
    seen: set[tuple[str, str]] = set()
    fates = []
    for one in candidates:
        fate = _fate(one, sifting)
        if fate is None and (one.prompt, one.text) in seen:
            fate = Fate.SAME
        if fate is None:
            seen.add((one.prompt, one.text))
            fate = Fate.VALIDATION if one.prompt in held_out else Fate.TRAINING
        fates.append(fate)
    return fates


def passes(one: Candidate, threshold: float | None) -> bool:
    """Whether an answer is good enough."""
    if threshold is None:
        return one.passed
    return not math.isnan(one.score) and one.score >= threshold


def counted(fates: Sequence[Fate]) -> dict[str, int]:
    """How many answers met each fate; they sum to all."""
    found = Counter(fates)
    return {fate.value: found[fate] for fate in Fate if found[fate]}


def topics(candidates: Sequence[Candidate], fates: Sequence[Fate]) -> dict[str, tuple[int, int]]:
    """By topic: answers kept, and answers in all."""
    everything = Counter(one.topic for one in candidates)
    kept = Counter(one.topic for one, fate in zip(candidates, fates, strict=True) if fate.kept)
    return {topic: (kept[topic], count) for topic, count in sorted(everything.items())}


def rows_kept_by_threshold(
    candidates: Sequence[Candidate], sifting: Sifting, thresholds: Sequence[float]
) -> list[tuple[float, int]]:
    """What a slider shows: for each threshold how many rows would be kept."""
    blocked = {*sifting.leaks, *sifting.twins}
    best: dict[tuple[str, str], float] = {}
    for one in candidates:
        if one.place not in blocked and one.text and one.outcome in (Outcome.PASS, Outcome.FAIL):
            best[one.prompt, one.text] = max(one.score, best.get((one.prompt, one.text), -math.inf))
    return [(threshold, sum(score >= threshold for score in best.values())) for threshold in thresholds]


def tokens_of(candidates: Sequence[Candidate], fates: Sequence[Fate]) -> Mapping[str, float]:
    """The length of the answers kept, in the service's tokens: least, median, most; empty where nobody told."""
    lengths = sorted(
        one.tokens for one, fate in zip(candidates, fates, strict=True) if fate.kept and one.tokens is not None
    )
    if not lengths:
        return {}
    return {
        "least": float(lengths[0]),
        "median": float(lengths[len(lengths) // 2]),
        "most": float(lengths[-1]),
    }


def _fate(one: Candidate, sifting: Sifting) -> Fate | None:
    """Why an answer is left out, or None."""
    if one.place in sifting.leaks:
        return Fate.LEAK
    if one.place in sifting.twins:
        return Fate.TWIN
    if one.outcome in _SILENT or one.outcome is Outcome.MISSING:
        return Fate.NOT_ANSWERED
    if one.outcome is Outcome.ERROR:
        return Fate.NOT_GRADED if one.text else Fate.NOT_ANSWERED
    if not one.text:
        return Fate.EMPTY
    return None if passes(one, sifting.threshold) else Fate.BELOW


def _held_out(prompts: Collection[str], sifting: Sifting) -> frozenset[str]:
    """The prompts for validation: by a hash, so that another threshold leaves the others where they are."""
    ranked = sorted(prompts, key=lambda prompt: digest([sifting.seed, prompt]))
    return frozenset(ranked[: int(len(ranked) * sifting.validation_share)])
