"""What a distillation has come to, in the statistics' own words. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...statistics.bootstrap import DRAWS
from ...statistics.clusters import Clusters
from ...statistics.differences import estimate_difference
from ...statistics.estimates import DEFAULT_SEED, PASS_FAIL, Estimate, Scale
from ...statistics.gap import GapRecovered, gap_recovered
from ...statistics.latency import Latency, Quantile
from ...statistics.leaderboard import Pair, compare_arms, estimate_arms
from ...statistics.outcomes import OutcomeCounts
from ...statistics.pairing import Incomparable, Provenance
from ...statistics.verdicts import (
    StabilityVerdict,
    Verdict,
    judge,
    judge_non_inferiority,
    judge_stability,
    not_comparable,
)
from .results import ArmResult, Floats
from .speed import UNTIMED, Speed, Timing, speed_of


@dataclass(frozen=True, slots=True)
class Measured:
    """The arms that a verdict is about, on the same items."""

    teacher_before: ArmResult
    teacher: ArmResult
    """Asked again."""
    before: ArmResult
    after: ArmResult
    control_before: ArmResult | None = None
    control: ArmResult | None = None
    timings: Mapping[str, Timing] = field(default_factory=dict)
    """By role: arms that were timed one call at a time; none where there is no such sample."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What the student has cost once and costs by the hour, in US dollars."""

    low: float
    """Teaching and training."""
    high: float | None
    """None where a price is not known."""
    hosting_per_hour: float | None = 0.0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """One arm of the verdict."""

    role: str
    name: str
    model: str
    score: Estimate | None
    passes: Estimate | None
    outcomes: OutcomeCounts
    latency: Latency | None
    """Seconds of a whole answer: one call at a time where the verdict has a `speed`, else under load."""
    first_token: Quantile | None
    """Seconds to the first token, the median; None under load."""
    usd_per_thousand: float | None
    prompt_tokens: float | None
    """Mean of a request."""
    completion_tokens: float | None


@dataclass(frozen=True, slots=True)
class Payback:
    """After how many requests the student has paid for its making."""

    saving: Estimate
    """Dollars a request: the teacher's cost minus the student's."""
    low: float | None
    """Requests; None: never."""
    high: float | None
    """Requests; None: perhaps never, or not known."""
    requests_per_hour: float | None
    """How many an hour are needed before hosting has paid for itself; 0 without a charge by the hour; None: never."""


@dataclass(frozen=True, slots=True)
class DistillationVerdict:
    """One screen that a person would show their boss."""

    view: str
    scale: Scale
    margin: float
    """In the score's unit."""
    items: int
    prompts: int
    figures: tuple[Figures, ...]
    to_teacher: Verdict
    """The student after, against the teacher asked again: non-inferiority."""
    gain: Verdict
    """The student after, against itself before."""
    gap: GapRecovered | None
    """None where the arms are not comparable."""
    teacher_stayed: StabilityVerdict | None
    """None where it cannot be compared."""
    control_stayed: StabilityVerdict | None
    """None without a control, too."""
    prompt_saved: Estimate | None
    """Prompt tokens a request: the teacher's minus the student's."""
    payback: Payback | None
    """None where prices are not known."""
    paid: Paid
    speed: Speed | None
    """None without calls that were timed one at a time."""
    own_prompt: bool
    """The student was trained and tested with a shorter prompt of its own."""


_AFTER_TEACHER, _AFTER_BEFORE, _TEACHER, _CONTROL = (0, 1), (0, 2), (1, 3), (4, 5)


def verdict_of(
    measured: Measured,
    clusters: Clusters,
    scale: Scale,
    margin: float,
    paid: Paid,
    *,
    view: str = "",
    own_prompt: bool = False,
    draws: int = DRAWS,
    seed: int = DEFAULT_SEED,
) -> DistillationVerdict:
    """Judge a distillation.

    All comparisons of the one screen are Holm-corrected together.

    Args:
        measured: Arrays (items,), the same items everywhere.
        clusters: Of the items.
        scale: Of the scores.
        margin: Declared before the run, in the score's unit.
        paid: For the pay-back.
        view: How the answers were judged.
        own_prompt: Whether the student's prompt differs because that was wanted.
        draws: Of the bootstrap.
        seed: Of all draws.

    Raises StatisticsInputError if the margin is not above 0 or lengths differ.
    """
    by_pair = _compared(measured, clusters, scale, own_prompt, seed)
    comparable = all(pair.comparison is not None for pair in (by_pair[_AFTER_TEACHER], by_pair[_AFTER_BEFORE]))
    per_item = _item_cost(measured.after, measured.teacher)
    return DistillationVerdict(
        view=view,
        scale=scale,
        margin=margin,
        items=len(measured.after.scores),
        prompts=clusters.count,
        figures=_figures(measured, clusters, scale),
        to_teacher=_judged(by_pair[_AFTER_TEACHER], margin, per_item, to_teacher=True),
        gain=_judged(by_pair[_AFTER_BEFORE], margin, per_item, to_teacher=False),
        gap=_gap(measured, clusters, scale, draws, seed) if comparable else None,
        teacher_stayed=_stability(by_pair[_TEACHER], margin),
        control_stayed=_stability(by_pair.get(_CONTROL), margin),
        prompt_saved=_difference(measured.teacher.prompt_tokens, measured.after.prompt_tokens, clusters),
        payback=payback_of(measured.teacher.usd, measured.after.usd, paid, clusters),
        paid=paid,
        speed=speed_of(measured.timings),
        own_prompt=own_prompt,
    )


def _compared(
    measured: Measured, clusters: Clusters, scale: Scale, own_prompt: bool, seed: int
) -> dict[tuple[int, int], Pair]:
    """Every comparison of the screen, by the places of its arms."""
    arms = [measured.after, measured.teacher, measured.before, measured.teacher_before]
    pairs = [_AFTER_TEACHER, _AFTER_BEFORE, _TEACHER]
    if measured.control is not None and measured.control_before is not None:
        arms += [measured.control, measured.control_before]
        pairs.append(_CONTROL)
    found = compare_arms(
        np.stack([arm.scores for arm in arms]),
        clusters,
        scale,
        pairs=pairs,
        provenances=_provenances(arms, own_prompt),
        seed=seed,
    )
    return {(pair.first, pair.second): pair for pair in found}


def payback_of(
    teacher_usd: Floats, student_usd: Floats, paid: Paid, clusters: Clusters | None = None
) -> Payback | None:
    """After how many requests the saving on each has paid for the making: fixed cost over saving a request.

    The range joins the ends of the fixed cost with the ends of the saving's interval. None without prices.
    """
    saving = _difference(teacher_usd, student_usd, clusters)
    if saving is None:
        return None
    if saving.value <= 0:
        return Payback(saving, None, None, None)
    # Where every answer costs the same there is no spread to make an interval of: the value stands for its ends.
    ends = (saving.interval.low, saving.interval.high)
    surest, likeliest = (end if math.isfinite(end) else saving.value for end in ends)
    low = paid.low / likeliest if likeliest > 0 else None
    high = None if paid.high is None or surest <= 0 else paid.high / surest
    hourly = paid.hosting_per_hour
    return Payback(saving, low, high, None if hourly is None else hourly / saving.value)


def _provenances(arms: Sequence[ArmResult], own_prompt: bool) -> list[Provenance]:
    """Where the student has a prompt of its own because that was wanted, that difference is what is measured."""
    if not own_prompt:
        return [arm.provenance for arm in arms]
    first, *others = arms
    return [replace(first.provenance, prompts=others[0].provenance.prompts), *(arm.provenance for arm in others)]


def _judged(pair: Pair, margin: float, per_item: float | None, *, to_teacher: bool) -> Verdict:
    if pair.comparison is None:
        return not_comparable(pair.reasons or (Incomparable.NOTHING_SHARED,))
    word = judge_non_inferiority if to_teacher else judge
    return word(pair.comparison, margin, per_item)


def _stability(pair: Pair | None, margin: float) -> StabilityVerdict | None:
    if pair is None or pair.comparison is None:
        return None
    return judge_stability(pair.comparison, margin)


def _gap(measured: Measured, clusters: Clusters, scale: Scale, draws: int, seed: int) -> GapRecovered:
    return gap_recovered(
        measured.teacher.scores,
        measured.before.scores,
        measured.after.scores,
        clusters,
        scale,
        draws=draws,
        seed=seed,
    )


def _difference(first: Floats, second: Floats, clusters: Clusters | None) -> Estimate | None:
    """The paired difference of what has no scale; None where no item has both."""
    if np.isnan(first - second).all():
        return None
    return estimate_difference(first, second, clusters)


def _item_cost(first: ArmResult, second: ArmResult) -> float | None:
    means = [_mean(arm.usd) for arm in (first, second)]
    return None if means[0] is None or means[1] is None else means[0] + means[1]


def _mean(values: Floats) -> float | None:
    return None if np.isnan(values).all() else float(np.nanmean(values))


def _figures(measured: Measured, clusters: Clusters, scale: Scale) -> tuple[Figures, ...]:
    roles = (
        ("teacher before", measured.teacher_before),
        ("teacher", measured.teacher),
        ("student before", measured.before),
        ("student after", measured.after),
        ("control before", measured.control_before),
        ("control", measured.control),
    )
    timed = speed_of(measured.timings) is not None

    def timing(role: str, arm: ArmResult) -> Timing:
        # Without a sample, all that is known is how long answers took among many others.
        return measured.timings.get(role, UNTIMED) if timed else Timing(arm.seconds, UNTIMED.first_token)

    return tuple(_figure(role, arm, clusters, scale, timing(role, arm)) for role, arm in roles if arm is not None)


def _figure(role: str, arm: ArmResult, clusters: Clusters, scale: Scale, timing: Timing) -> Figures:
    usd = _mean(arm.usd)
    return Figures(
        role=role,
        name=arm.name,
        model=arm.model,
        score=estimate_arms(arm.scores[None, :], clusters, scale)[0],
        passes=estimate_arms(arm.passes[None, :], clusters, PASS_FAIL)[0],
        outcomes=arm.outcomes,
        latency=timing.latency,
        first_token=timing.first,
        usd_per_thousand=None if usd is None else usd * 1_000,
        prompt_tokens=_mean(arm.prompt_tokens),
        completion_tokens=_mean(arm.completion_tokens),
    )
