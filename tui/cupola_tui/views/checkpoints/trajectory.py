"""One item over all checkpoints: step, reward, tokens and what second graders said, below each other."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from cupola.statistics.outcomes import Outcome

from ...lines import Line, Span, line
from ..bench.board import OUTCOME_SIGNS
from .steps import short

_LABEL = 11
_NARROWEST = 6


@dataclass(frozen=True, slots=True)
class Course:
    """An item at every step; all sequences are as long as `steps`."""

    steps: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    rewards: tuple[float, ...]
    """NaN where there is none."""
    tokens: tuple[int | None, ...]
    """Of the whole completion, reasoning included."""
    others: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Second graders by name, with their rewards."""


def trajectory_lines(course: Course, pair: Collection[int], width: int) -> list[Line]:
    """The course as a small table, in as many blocks as the width needs; `pair` are the steps that are compared."""
    each = max(_NARROWEST, max((len(str(step)) for step in course.steps), default=0) + 2)
    count = max(1, (width - _LABEL) // each)
    out: list[Line] = []
    for start in range(0, len(course.steps), count):
        out += _block(course, pair, range(start, min(start + count, len(course.steps))), each)
    return out


def _block(course: Course, pair: Collection[int], places: range, each: int) -> list[Line]:
    steps = [
        Span(f"{course.steps[place]:>{each}}", "accent bold" if course.steps[place] in pair else "muted")
        for place in places
    ]
    rewards = [_reward(course, place, each) for place in places]
    out: list[Line] = [(_label("step"), *steps), (_label("reward"), *(span for spans in rewards for span in spans))]
    if any(tokens is not None for tokens in course.tokens):
        told = [f"{'–' if course.tokens[place] is None else f'{course.tokens[place]:,}':>{each}}" for place in places]
        out.append((_label("tokens"), Span("".join(told), "muted")))
    for name, values in course.others:
        told = [f"{short(values[place]) if math.isfinite(values[place]) else '–':>{each}}" for place in places]
        out.append((_label(name), Span("".join(told), "info")))
    return out


def _reward(course: Course, place: int, each: int) -> Line:
    sign, ink = OUTCOME_SIGNS[course.outcomes[place]]
    value = course.rewards[place]
    text = f"{sign}{short(value) if math.isfinite(value) else ''}"
    return line((f"{text:>{each}}", ink))


def _label(name: str) -> Span:
    return Span(f"{name[: _LABEL - 1]:<{_LABEL}}", "info")
