"""A verdict in plain sentences, with the uncertainty beside every estimate. Pure."""

from __future__ import annotations

import math

from ...statistics.estimates import Interval
from ...statistics.latency import Quantile
from ...statistics.verdicts import Stability, StabilityVerdict, Verdict, Word
from .speed import Pace, Speed
from .verdict import DistillationVerdict, Figures


def headline(verdict: DistillationVerdict) -> str:
    """The one sentence that comes first."""
    student, margin = _name(verdict, "student after"), f"{verdict.margin:.3g}"
    word, gain = verdict.to_teacher.word, verdict.gain.word
    if word is Word.NOT_COMPARABLE or gain is Word.NOT_COMPARABLE:
        return f"Not comparable: {_reasons(verdict.to_teacher) or _reasons(verdict.gain)}."
    learnt = {
        Word.BETTER: f"{student} has learnt",
        Word.WORSE: f"{student} is worse than it was",
        Word.SAME: f"{student} is the same as before within the margin",
        Word.NOT_INFERIOR: f"{student} is not inferior to what it was",
    }.get(gain, f"Whether {student} has learnt is inconclusive")
    stands = {
        Word.BETTER: "scores better than the teacher",
        Word.NOT_INFERIOR: f"is not inferior to the teacher by more than {margin}",
        Word.WORSE: "is still worse than the teacher",
    }.get(word, f"it is inconclusive whether it reaches the teacher within {margin}")
    return f"{learnt}, and {stands}."


def sentences(verdict: DistillationVerdict) -> list[str]:
    """Everything that the numbers carry, the most important first."""
    found = [headline(verdict), *_gap(verdict), *_settling(verdict)]
    found += [_stayed("The teacher", verdict.teacher_stayed)]
    if any(figures.role == "control" for figures in verdict.figures):
        found.append(_stayed("The control", verdict.control_stayed))
    found += [*_cost(verdict), *_speed(verdict), *_prompt(verdict), *_payback(verdict)]
    if verdict.prompts < 10:
        found.append(f"Few prompts: all of this rests on {verdict.prompts}.")
    return found


def interval_words(interval: Interval, digits: int = 3) -> str:
    """An interval, its level first."""
    return f"{interval.level:.0%} interval {_number(interval.low, digits)} to {_number(interval.high, digits)}"


def _gap(verdict: DistillationVerdict) -> list[str]:
    gap = verdict.gap
    if gap is None:
        return []
    change = f"The student's score went from {_score(verdict, 'student before')} to {_score(verdict, 'student after')}"
    found = [f"{change}: {gap.gain.value:+.3f} ({interval_words(gap.gain.interval)})."]
    if gap.share is None or gap.interval is None:
        found.append(
            f"There is no clear gap to recover: teacher minus student before is {gap.gap.value:+.3f}"
            f" ({interval_words(gap.gap.interval)})."
        )
    else:
        low, high = gap.interval.low, gap.interval.high
        found.append(
            f"{gap.share:.0%} of the gap to the teacher is recovered"
            f" ({gap.interval.level:.0%} interval {low:.0%} to {high:.0%})."
        )
    return found


def _settling(verdict: DistillationVerdict) -> list[str]:
    found = []
    for what, one in (("the teacher", verdict.to_teacher), ("the student before", verdict.gain)):
        if one.word is Word.INCONCLUSIVE and one.items_needed is not None and one.difference is not None:
            further = one.items_needed - one.difference.items
            money = "" if one.cost is None else f", about ${one.cost:,.2f} without graders"
            found.append(f"Against {what} {further:,} more items would settle it{money}.")
    return found


def _stayed(who: str, stability: StabilityVerdict | None) -> str:
    if stability is None:
        return f"{who} cannot be compared with its first run."
    change = f"{stability.change.value:+.3f} ({interval_words(stability.margin_interval)})"
    words = {
        Stability.STAYED: f"{who} stayed where it was: {change}.",
        Stability.MOVED: f"{who} moved: {change}. What was measured may owe to that, and not to the training.",
        Stability.CANNOT_SAY: f"Whether {who[0].lower()}{who[1:]} stayed cannot be said: {change},"
        f" against a margin of {stability.margin:.3g}.",
    }
    return words[stability.word]


def _cost(verdict: DistillationVerdict) -> list[str]:
    teacher, after = _figures(verdict, "teacher"), _figures(verdict, "student after")
    if teacher.usd_per_thousand is None or after.usd_per_thousand is None:
        return ["What a thousand answers cost is not known for both teacher and student."]
    ratio = ""
    if after.usd_per_thousand > 0:
        times = teacher.usd_per_thousand / after.usd_per_thousand
        ratio = f": {times:.1f} times cheaper" if times >= 1 else f": {1 / times:.1f} times dearer"
    return [
        f"A thousand answers cost ${after.usd_per_thousand:,.3f} instead of the teacher's"
        f" ${teacher.usd_per_thousand:,.3f}{ratio}, without hosting."
    ]


def _speed(verdict: DistillationVerdict) -> list[str]:
    teacher, after = _figures(verdict, "teacher").latency, _figures(verdict, "student after").latency
    if teacher is None or after is None:
        return []
    if verdict.speed is not None:
        return [_pace(verdict.speed), _took(verdict, teacher.p50, after.p50)]
    return [
        f"An answer takes {after.p50.value:.2f} s (p95 {after.p95.value:.2f} s) instead of the teacher's"
        f" {teacher.p50.value:.2f} s (p95 {teacher.p95.value:.2f} s), each asked as much at once as it took.",
        "The student before was timed in the first benchmark, under another load: not to be held against these.",
    ]


def _pace(speed: Speed) -> str:
    word = {
        Pace.FASTER: "the student is faster",
        Pace.SLOWER: "the student is slower",
        Pace.CANNOT_TELL: "whether the student is faster cannot be told",
    }[speed.word]
    return (
        f"Asked {speed.questions} questions, one call at a time, in turns, {word}: on the same question it takes"
        f" {speed.ratio.value:.2f} of the teacher's time ({interval_words(speed.ratio.interval, 2)})."
    )


def _took(verdict: DistillationVerdict, teacher: Quantile, after: Quantile) -> str:
    told = (
        f"An answer takes {after.value:.3f} s ({interval_words(after.interval)}) instead of the teacher's"
        f" {teacher.value:.3f} s ({interval_words(teacher.interval)})"
    )
    first = [_figures(verdict, role).first_token for role in ("student after", "teacher")]
    if first[0] is None or first[1] is None:
        return f"{told}."
    return f"{told}, its first token {first[0].value:.3f} s instead of {first[1].value:.3f} s."


def _prompt(verdict: DistillationVerdict) -> list[str]:
    saved = verdict.prompt_saved
    if not verdict.own_prompt or saved is None:
        return []
    return [
        f"The shorter prompt saves {saved.value:,.0f} prompt tokens a request ({interval_words(saved.interval, 0)})."
    ]


def _payback(verdict: DistillationVerdict) -> list[str]:
    payback = verdict.payback
    if payback is None:
        return ["When it pays back cannot be said: prices are not known."]
    if payback.low is None:
        return ["It never pays back: the student costs as much as the teacher, or more."]
    least = f"{max(payback.low, 0.0):,.0f}"
    if payback.high is None:
        reach = f"It pays back after {least} requests at the earliest; an upper end cannot be given."
    else:
        reach = f"It pays back after {least} to {payback.high:,.0f} requests, teaching and training included."
    if payback.requests_per_hour is None:
        return [reach, "What hosting costs is not known."]
    if payback.requests_per_hour > 0:
        reach += f" Hosting pays for itself from {payback.requests_per_hour:,.0f} requests an hour on."
    return [reach]


def _reasons(verdict: Verdict) -> str:
    return ", ".join(reason.value for reason in verdict.reasons)


def _figures(verdict: DistillationVerdict, role: str) -> Figures:
    return next(figures for figures in verdict.figures if figures.role == role)


def _name(verdict: DistillationVerdict, role: str) -> str:
    name = _figures(verdict, role).name
    return name[name.find("(") + 1 :].rstrip(")") if "(" in name else name


def _score(verdict: DistillationVerdict, role: str) -> str:
    score = _figures(verdict, role).score
    return "no result" if score is None else f"{score.value:.3f}"


def _number(value: float, digits: int) -> str:
    if math.isinf(value):
        return "no bound"
    return f"{value:.{digits}f}"
