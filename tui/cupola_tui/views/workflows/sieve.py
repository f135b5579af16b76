"""The threshold that chooses what is learnt from: what it keeps, how long that is, of what, at what cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...lines import Line, Span, labelled, line, wrapped
from ..bench.numbers import dollars, range_words

_LABEL = 12
_BLOCKS = " ▁▂▃▄▅▆▇█"
_FATE_INKS = {"kept for training": "good", "kept for validation": "good"}
_TOPICS = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """What a threshold keeps."""

    threshold: float | None
    """None: an answer must pass, by the graders' own thresholds."""
    answers: int
    kept: int
    fates: Mapping[str, int]
    topics: Mapping[str, tuple[int, int]]
    """By topic: answers kept, and answers in all."""
    tokens: Mapping[str, float]
    """Least, median and most tokens of the answers kept."""
    cost: tuple[float, float | None]
    """Of training on them, in dollars; None where it cannot be bounded."""
    purity: Sequence[float]
    """Share of kept answers that people would pass, with its interval and the number of labels; empty: not known."""
    fewest: int
    """Rows below which the service refuses a file."""


@dataclass(frozen=True, slots=True)
class Slider:
    """The line that the threshold moves on."""

    low: float
    high: float
    counts: Sequence[float]
    """How many answers lie in each of as many equal parts of the line."""
    applied: float | None
    """The threshold that the stage was done with."""

    @property
    def step(self) -> float:
        """What an arrow key moves by: the nicest of 1, 2 and 5 that makes some fifty steps."""
        raw = (self.high - self.low) / 50
        if not (raw > 0 and math.isfinite(raw)):
            return 0.01
        power = 10.0 ** math.floor(math.log10(raw))
        return next(nice * power for nice in (1, 2, 5, 10) if nice * power >= raw * 0.999)


def moved(slider: Slider, threshold: float | None, steps: int) -> float | None:
    """The threshold some steps on. Between the ends of the line lies None: the graders' own."""
    if threshold is None:
        return slider.low if steps > 0 else slider.high
    place = round((threshold - slider.low) / slider.step) + steps
    if place < 0 or slider.low + place * slider.step > slider.high + slider.step / 2:
        return None
    return round(min(slider.high, slider.low + place * slider.step), 10)


def sieve_lines(slider: Slider, kept: Kept, focused: bool, width: int) -> list[Line]:
    """The slider over the answers' scores, and what it keeps."""
    out = _slider_lines(slider, kept.threshold, focused, max(20, min(80, width - _LABEL)))
    out += [line(""), _kept_line(kept)]
    fates = " · ".join(f"{count:,} {fate}" for fate, count in kept.fates.items() if fate not in _FATE_INKS)
    if fates:
        out += labelled("left out", fates, width, "muted", _LABEL)
    if kept.tokens:
        told = kept.tokens
        words = f"{told['least']:,.0f} to {told['most']:,.0f} tokens an answer, median {told['median']:,.0f}"
        out += labelled("length", words, width, room=_LABEL)
    out += labelled("purity", _purity_words(kept), width, "" if kept.purity else "muted", _LABEL)
    low, high = kept.cost
    money = dollars(low) if high is None else range_words(dollars(low), dollars(high))
    out += labelled("training", f"about {money}{', not bounded: no price is known' if high is None else ''}", width,
                    room=_LABEL)  # fmt: skip
    out += _topics_lines(kept, width)
    return [*out, line(""), *_keys(slider, kept)]


def threshold_words(threshold: float | None) -> str:
    """A threshold as it is said."""
    return "the graders' own thresholds" if threshold is None else f"{threshold:g}"


def _slider_lines(slider: Slider, threshold: float | None, focused: bool, width: int) -> list[Line]:
    cut = -1 if threshold is None else _cell(threshold, slider, width)
    heights = _heights(slider.counts, width)
    bars = [Span(height, "faint" if place < cut else "good") for place, height in enumerate(heights)]
    ink = "accent bold" if focused else "bold"
    rule = [Span("─" * width, "track")]
    if threshold is not None:
        rule = [Span("─" * cut, "track"), Span("┃", ink), Span("─" * (width - cut - 1), "good")]
    else:
        rule = [Span("─" * width, "good")]
    ends = f"{slider.low:g}"
    scale = f"{ends}{f'{slider.high:g}':>{width - len(ends)}}"
    words = threshold_words(threshold)
    if slider.applied != threshold:
        words += f"   (applied: {threshold_words(slider.applied)})"
    return [
        (Span(f"{'threshold':<{_LABEL}}", "muted"), Span(words, ink)),
        (Span(f"{'scores':<{_LABEL}}", "muted"), *bars),
        (Span(" " * _LABEL), *rule),
        line(" " * _LABEL, (scale, "faint")),
    ]


def _heights(counts: Sequence[float], width: int) -> list[str]:
    most = max(counts, default=0.0)
    if most <= 0:
        return [" "] * width
    found = []
    for place in range(width):
        count = counts[min(len(counts) - 1, place * len(counts) // width)]
        # Anything at all is seen.
        found.append(_BLOCKS[0 if count <= 0 else max(1, round(count / most * 8))])
    return found


def _cell(value: float, slider: Slider, width: int) -> int:
    share = (value - slider.low) / (slider.high - slider.low) if slider.high > slider.low else 0.0
    return round(min(1.0, max(0.0, share)) * (width - 1))


def _kept_line(kept: Kept) -> Line:
    training = kept.fates.get("kept for training", 0)
    share = f" ({kept.kept / kept.answers:.0%})" if kept.answers else ""
    few = training < kept.fewest
    spans = line((f"{'kept':<{_LABEL}}", "muted"), (f"{kept.kept:,} of {kept.answers:,} answers{share}", "bold"),
                 (f"   {training:,} to train on", "bad" if few else "muted"))  # fmt: skip
    return (*spans, Span(f": fewer than the {kept.fewest} that the service takes", "bad")) if few else spans


def _purity_words(kept: Kept) -> str:
    if len(kept.purity) != 4:
        return "not known: nobody has labelled answers (L in Benchmarks labels them by hand)"
    value, low, high, labels = kept.purity
    at = "" if kept.threshold is None else ", at the graders' own thresholds"
    return f"people would pass {value:.0%} ({low:.0%} to {high:.0%}, by {labels:g} labels{at})"


def _topics_lines(kept: Kept, width: int) -> list[Line]:
    named = [(topic, counts) for topic, counts in kept.topics.items() if topic]
    if not named:
        return []
    named.sort(key=lambda one: one[1][0] / max(1, one[1][1]))
    parts = [f"{topic} {count}/{whole}" for topic, (count, whole) in named[:_TOPICS]]
    more = f" · and {len(named) - _TOPICS} more, kept at least as often" if len(named) > _TOPICS else ""
    empty = any(not count for _, (count, _) in named)
    return labelled("topics", " · ".join(parts) + more, width, "warn" if empty else "muted", _LABEL)


def _keys(slider: Slider, kept: Kept) -> list[Line]:
    keys = line(("← →", "key bold"), (" move", "muted"), "   ", ("0", "key bold"), (" as applied", "muted"))
    if slider.applied == kept.threshold:
        return [keys]
    words = " apply: a branch from here, with what is unchanged not paid again"
    return [(*keys, *line("   ", ("enter", "key bold"), (words, "muted")))]


def refusal(kept: Kept) -> str:
    """Why a threshold cannot be applied; "" when it can."""
    training = kept.fates.get("kept for training", 0)
    return f"only {training} rows would be left to train on" if training < kept.fewest else ""


def notes_lines(warnings: Sequence[str], width: int) -> list[Line]:
    """What the stage warns of."""
    return [one for words in warnings for one in wrapped(f"! {words}", width, "warn", "  ")]
