"""The verdict on a distillation: one screen that a person would show their boss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cupola.statistics.estimates import Estimate, Interval

from ...lines import Line, Span, cell_width, line, wrapped
from ..bench.intervals import common_axis, interval_bar
from ..bench.numbers import dollars, seconds, share
from . import numbers

_LABEL = 15
_MODEL_ROOM = 30
_INKS = {"teacher": "series2", "student before": "muted", "student after": "good", "control": "series4"}
_SHOWN = ("teacher", "student before", "student after", "control")
_BAR = (12, 44)
_WORDS = {
    "better": ("BETTER THAN THE TEACHER", "good bold"),
    "not inferior": ("NOT INFERIOR TO THE TEACHER", "good bold"),
    "same within the margin": ("THE SAME AS THE TEACHER WITHIN THE MARGIN", "good bold"),
    "worse": ("STILL WORSE THAN THE TEACHER", "warn bold"),
    "inconclusive": ("INCONCLUSIVE AGAINST THE TEACHER", "warn bold"),
    "not comparable": ("NOT COMPARABLE", "bad bold"),
}
_PACE = {
    "faster": ("faster", "good bold"),
    "slower": ("slower", "warn bold"),
    "cannot be told": ("? cannot tell", "warn"),
}
_STABLE = {"stayed": ("✓ stayed", "good"), "moved": ("! moved", "bad"), "cannot say": ("? cannot say", "warn")}


def verdict_lines(told: Mapping[str, Any], width: int) -> list[Line]:
    """The whole screen from a verdict as stored: headline, gap, who scores what, what stayed, money, speed, pay-back.

    Args:
        told: What `cupola.workflows.distil.judging.to_json` wrote; fields that are missing are left out.
        width: In cells.
    """
    word = str(numbers.table(told.get("to_teacher")).get("word", ""))
    name, ink = _WORDS.get(word, (word.upper(), "bold"))
    out: list[Line] = [line((name, ink))] if name else []
    out += [*wrapped(str(told.get("headline", "")), width, "bold"), line("")]
    out += _gap_lines(told, width)
    out += _figures_lines(told, width)
    out += _standing_lines(told, width)
    out += _money_lines(told, width)
    out += _rest(told, width)
    return out


def _gap_lines(told: Mapping[str, Any], width: int) -> list[Line]:
    """How much of the way from the student before to the teacher is gone, on a bar from one to the other."""
    gap = numbers.table(told.get("gap"))
    value, interval = numbers.number(gap.get("share")), numbers.table(gap.get("interval"))
    low, high = numbers.number(interval.get("low")), numbers.number(interval.get("high"))
    if value is None or low is None or high is None:
        return []
    ends = Interval(low, high)
    bar_width = max(_BAR[0], min(_BAR[1], width - _LABEL - 44))
    axis = Interval(min(0.0, low), max(1.0, high))
    bar = interval_bar(Estimate(value, ends, math.nan, 0, 0), axis, bar_width, "good bold")
    words = f"  {value:.0%} of the gap (95% interval {low:.0%} to {high:.0%})"
    first = (*_label("gap recovered"), *bar, Span(words, "bold"))
    scale = _scale(axis, bar_width)
    return [first, line(" " * _LABEL, (scale, "faint")), line("")]


def _scale(axis: Interval, width: int) -> str:
    """Where nothing and where all of the gap lies, under the bar."""
    cells = [" "] * width
    for value, words in ((1.0, "teacher"), (0.0, "before")):
        place = round((value - axis.low) / (axis.high - axis.low) * (width - 1))
        start = max(0, min(width - len(words) - 1, place - (len(words) if value else 0)))
        text = f"{words}┘" if value else f"└{words}"
        cells[start : start + len(text)] = text
    return "".join(cells[:width])


def _figures_lines(told: Mapping[str, Any], width: int) -> list[Line]:
    """A row for each arm: score with its interval on a common axis, pass rate, speed, cost, length of the prompt."""
    rows = [numbers.table(one) for one in numbers.items(told.get("figures"))]
    shown = [row for role in _SHOWN for row in rows if row.get("role") == role]
    if not shown:
        return []
    scale = numbers.table(told.get("scale"))
    low, high = numbers.number(scale.get("low")), numbers.number(scale.get("high"))
    scores = [numbers.estimate(row.get("score")) for row in shown]
    axis = common_axis(scores, -math.inf if low is None else low, math.inf if high is None else high)
    roomy = width >= 100
    model_room = min(_MODEL_ROOM, max((len(_model(row)) for row in shown), default=0)) if roomy else 0
    timed = bool(numbers.table(told.get("speed")))
    tail = f"  pass{'   first   whole' if timed else '     p50     p95'}     $/1k{'  prompt' if roomy else ''}"
    bar_width = max(_BAR[0], min(_BAR[1], width - _LABEL - model_room - (1 if model_room else 0) - 6 - len(tail)))
    view = str(told.get("view", ""))
    head = f"{'':{_LABEL}}{'model':{model_room}} " if model_room else " " * _LABEL
    title = f"score by {view}, 95% CI" if bar_width > 24 else "score, 95% CI"
    out = [line((f"{head}{title:{bar_width + 6}.{bar_width + 6}}{tail}", "head"))]
    for row, score in zip(shown, scores, strict=True):
        out.append(_figure_line(row, score, axis, bar_width, model_room, roomy=roomy, timed=timed))
    return [*out, line("")]


def _figure_line(
    row: Mapping[str, Any],
    score: Estimate | None,
    axis: Interval,
    bar_width: int,
    model_room: int,
    *,
    roomy: bool,
    timed: bool,
) -> Line:
    role = str(row.get("role", ""))
    ink = _INKS.get(role, "")
    spans: list[Span] = [Span(f"{role:{_LABEL}}", f"{ink} bold" if role == "student after" else ink)]
    if model_room:
        spans.append(Span(f"{_cut(_model(row), model_room):{model_room}} ", "muted"))
    spans.append(Span(f"{score.value:.3f} " if score else "    – ", "bold"))
    bar = interval_bar(score, axis, bar_width, ink) if score else ()
    spans += [*bar, Span(" " * (bar_width - cell_width(bar)))]
    passes = numbers.estimate(row.get("passes"))
    times = (_first_token(row), _latency(row, "p50")) if timed else (_latency(row, "p50"), _latency(row, "p95"))
    cost, prompt = numbers.number(row.get("usd_per_thousand")), numbers.number(row.get("prompt_tokens"))
    words = f"{share(passes.value if passes else None):>6}{_brief(times[0]):>8}{_brief(times[1]):>8}{dollars(cost):>9}"
    spans.append(Span(words + (f"{'–' if prompt is None else f'{prompt:,.0f}':>8}" if roomy else "")))
    return tuple(spans)


def _standing_lines(told: Mapping[str, Any], width: int) -> list[Line]:
    """Whether teacher and control stayed where they were: else the rise may owe to something else."""
    parts = []
    for who in ("teacher", "control"):
        found = numbers.table(told.get(f"{who}_stayed"))
        if not found:
            continue
        word, ink = _STABLE.get(str(found.get("word")), (str(found.get("word")), ""))
        change = numbers.estimate(found.get("change"))
        moved = f" ({change.value:+.3f})" if change else ""
        parts.append(line((f"{who} ", "muted"), (word, ink), (moved, "muted")))
    if not parts:
        return []
    margin = numbers.number(told.get("margin"))
    spans = [span for number, part in enumerate(parts) for span in ((Span("   "),) if number else ()) + part]
    first: Line = (*_label("unchanged?"), *spans)
    if margin is None:
        return [first]
    allowed = Span(f"margin ±{margin:.3g}, declared before", "faint")
    if cell_width(first) + 3 + len(allowed.text) <= width:
        return [(*first, Span("   "), allowed)]
    return [first, (*line(" " * _LABEL), allowed)]


def _money_lines(told: Mapping[str, Any], width: int) -> list[Line]:
    """Cost and latency of the teacher, then of the student that takes its place; and when that has paid."""
    by_role = {str(row.get("role")): row for row in map(numbers.table, numbers.items(told.get("figures")))}
    teacher, after = by_role.get("teacher", {}), by_role.get("student after", {})
    out: list[Line] = []
    costs = [numbers.number(row.get("usd_per_thousand")) for row in (teacher, after)]
    if None not in costs:
        out.append(_change("$ per 1,000", dollars(costs[0]), dollars(costs[1]), _times(costs[0], costs[1], "cheaper")))
    out += _speed_lines(told, teacher, after, width)
    prompts = [numbers.number(row.get("prompt_tokens")) for row in (teacher, after)]
    if told.get("own_prompt") and prompts[0] is not None and prompts[1] is not None:
        saved = prompts[0] - prompts[1]
        told_saved = f"{saved:,.0f} saved a request"
        out.append(_change("prompt tokens", f"{prompts[0]:,.0f}", f"{prompts[1]:,.0f}", told_saved))
    out += _payback_lines(told, width)
    return [*out, line("")] if out else []


def _speed_lines(
    told: Mapping[str, Any], teacher: Mapping[str, Any], after: Mapping[str, Any], width: int
) -> list[Line]:
    """The student's speed against the teacher's: of calls one at a time where some were timed so, else under load."""
    speed = numbers.table(told.get("speed"))
    if not speed:
        each = [(f"{name} under load", _latency(teacher, name), _latency(after, name)) for name in ("p50", "p95")]
        return [
            _change(label, seconds(before), seconds(later), _times(before, later, "faster"))
            for label, before, later in each
            if before is not None and later is not None
        ]
    word, ink = _PACE.get(str(speed.get("word")), (str(speed.get("word")), ""))
    whole, first = (
        [take(row) for row in (teacher, after)] for take in (lambda row: _latency(row, "p50"), _first_token)
    )
    paced = (*line((word, ink)), Span(f"  {_ratio_words(speed.get('ratio'))}", "muted"))
    out: list[Line] = [(*_change("whole answer", _brief(whole[0]), _brief(whole[1]), ""), *paced)]
    if None not in first:
        ratio = Span(_ratio_words(speed.get("first_token_ratio")), "muted")
        out.append((*_change("first token", _brief(first[0]), _brief(first[1]), ""), ratio))
    asked = numbers.number(speed.get("questions")) or 0
    how = f"{asked:,.0f} questions, one call at a time, in turns; medians, 95% CI"
    return [*out, *((*line(" " * _LABEL), *part) for part in wrapped(how, max(20, width - _LABEL), "faint"))]


def _latency(row: Mapping[str, Any], name: str) -> float | None:
    return numbers.number(numbers.table(numbers.table(row.get("latency")).get(name)).get("value"))


def _first_token(row: Mapping[str, Any]) -> float | None:
    return numbers.number(numbers.table(row.get("first_token")).get("value"))


def _brief(value: float | None) -> str:
    """A latency; below a tenth of a second in milliseconds, so that two digits count."""
    return seconds(value) if value is None or value >= 0.0995 else f"{value * 1_000:.0f} ms"


def _ratio_words(told: Any) -> str:
    """A ratio of times with its interval: ×0.35 (0.30 to 0.41)."""
    ratio = numbers.estimate(told)
    if ratio is None:
        return ""
    low, high = (
        f"{end:.2f}" if math.isfinite(end) else "no bound" for end in (ratio.interval.low, ratio.interval.high)
    )
    return f"×{ratio.value:.2f} ({low} to {high})"


def _payback_lines(told: Mapping[str, Any], width: int) -> list[Line]:
    sentences = [str(one) for one in numbers.items(told.get("sentences"))]
    return [
        (*(_label("pays back") if not number else line(" " * _LABEL)), *part)
        for number, part in enumerate(
            part
            for sentence in sentences
            if _is_payback(sentence)
            for part in wrapped(sentence, max(20, width - _LABEL))
        )
    ]


def _is_payback(sentence: str) -> bool:
    return "pays back" in sentence or sentence.startswith("What hosting costs")


def _rest(told: Mapping[str, Any], width: int) -> list[Line]:
    """What else the numbers carry, in the verdict's own sentences; what stands above is not said twice."""
    said = ("A thousand answers cost", "An answer takes", "Asked ", "The shorter prompt saves")
    out: list[Line] = []
    sentences: Sequence[Any] = numbers.items(told.get("sentences"))
    for sentence in sentences[1:]:
        text = str(sentence)
        shown = text.startswith(said) or _is_payback(text) or "of the gap to the teacher is recovered" in text
        if not shown:
            out += wrapped(f"· {text}", width, "muted", "  ")
    paid = str(numbers.table(told.get("paid")).get("words", ""))
    return [*out, *wrapped(f"· Paid for it: {paid}", width, "muted", "  ")] if paid else out


def _change(label: str, before: str, after: str, ratio: str) -> Line:
    ink = "warn" if ratio.endswith(("dearer", "slower")) else "good"
    return (*_label(label), Span(f"{before:>9}", "muted"), Span("  →  ", "faint"), Span(f"{after:<9}", "bold"),
            Span(ratio, ink))  # fmt: skip


def _times(before: float | None, after: float | None, word: str) -> str:
    if not before or not after:
        return ""
    opposite = {"cheaper": "dearer", "faster": "slower"}[word]
    times = before / after if before >= after else after / before
    return "the same" if f"{times:.1f}" == "1.0" else f"{times:.1f} times {word if before >= after else opposite}"


def _label(words: str) -> Line:
    return (Span(f"{words:<{_LABEL}}", "muted"),)


def _model(row: Mapping[str, Any]) -> str:
    return str(row.get("model") or row.get("name") or "")


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
