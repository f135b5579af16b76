"""Two steps item by item: what changed, in a line and in rows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass

from cupola.models import EvaluationAnswer
from cupola.statistics.comparison import Comparison
from cupola.training.step_changes import Change, Counted, Kind, counted

from ...lines import Line, Span, flowed, line
from ...widgets.table import Column
from ..bench.numbers import p_value
from .steps import number, short

ONLY = ("all", "flips", "gained", "lost", "same", "unpaired")

SIGNS = {
    Kind.GAINED: ("▲", "good"),
    Kind.LOST: ("▼", "bad"),
    Kind.SAME: ("=", "faint"),
    Kind.UNPAIRED: ("?", "warn"),
}
"""A sign and an ink for each kind; the sign alone tells them apart."""

_EXCERPT = 300


@dataclass(frozen=True, slots=True, eq=False)
class ChangesView:
    """One step held against another."""

    first: int
    second: int
    changes: tuple[Change, ...]
    comparison: Comparison | None = None
    """Second minus first; None until it is worked out, or where nothing is shared."""
    compared: bool = False
    """The comparison has been worked out."""


Texts = Callable[[int, int], "EvaluationAnswer | None"]
"""The texts of an item (by its column) at the first (0) or second (1) step."""


def columns(view: ChangesView) -> list[Column]:
    """Sign, question, both answers, both rewards."""
    return [
        Column("", 2),
        Column("item", 18, flexible=True),
        Column(f"step {view.first}", 18, flexible=True, drop=2),
        Column(f"step {view.second}", 18, flexible=True, drop=1),
        Column("reward", 13, right=True),
    ]


def selected(view: ChangesView, only: str) -> list[Change]:
    """The changes to show, in their order."""
    if only == "all":
        return list(view.changes)
    if only == "flips":
        return [change for change in view.changes if change.flipped]
    return [change for change in view.changes if change.kind == only]


def cells(change: Change, texts: Texts) -> tuple[Line, ...]:
    """The cells of a change's row; a flip between pass and fail has its sign twice."""
    sign, ink = SIGNS[change.kind]
    before, after = texts(change.column, 0), texts(change.column, 1)
    asked = before or after
    quiet = "" if change.kind in (Kind.GAINED, Kind.LOST) else "muted"
    return (
        line((sign * 2 if change.flipped else sign, ink)),
        line((question(asked) if asked else "", quiet)),
        line((excerpt(before), "muted")),
        line((excerpt(after), quiet)),
        (
            *line((short(change.before), "muted"), (" → ", "faint")),
            Span(short(change.after), ink if not quiet else "muted"),
        ),
    )


def head_lines(view: ChangesView, width: int) -> list[Line]:
    """How many gained, lost and stayed, and what the paired comparison says."""
    found = counted(view.changes)
    parts = [
        line(("▲ ", "good"), f"{found.gained} gained"),
        line(("▼ ", "bad"), f"{found.lost} lost"),
        line(("= ", "faint"), f"{found.same} same"),
    ]
    if found.unpaired:
        parts.append(line(("? ", "warn"), (f"{found.unpaired} not judged at both", "warn")))
    parts.append(line((_flips(found), "muted")))
    parts += _compared(view)
    return flowed(parts, line("   "), width)


def question(answer: EvaluationAnswer) -> str:
    """What the item asks, in one line."""
    asked = [text for role, text in answer.messages if role == "user"] or [text for _, text in answer.messages]
    words = asked[-1] if asked else " ".join(f"{name} {text}" for name, text in answer.fields)
    return " ".join(words[:_EXCERPT].split())


def excerpt(answer: EvaluationAnswer | None) -> str:
    """The beginning of an answer in one line."""
    if answer is None:
        return "–"
    return " ".join((_values(answer.text) or answer.tools or answer.problem)[:_EXCERPT].split())


def _values(text: str) -> str:
    """The values alone of an answer that is a flat JSON object: its names are the same in every row."""
    if not text.startswith("{"):
        return text
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return text
    flat = isinstance(told, dict) and told and all(isinstance(value, str | int | float) for value in told.values())
    return " · ".join(str(value) for value in told.values()) if flat else text


def _flips(found: Counted) -> str:
    return f"{found.flipped} flipped between pass and fail" if found.flipped else "none flipped between pass and fail"


def _compared(view: ChangesView) -> list[Line]:
    if not view.compared:
        return [line(("p is being worked out", "faint"))]
    if view.comparison is None:
        return [line(("not comparable: no item is judged at both", "warn"))]
    change = view.comparison.difference
    ends = (change.interval.low, change.interval.high)
    bounds = f"95% {_signed(ends[0])} to {_signed(ends[1])}" if all(map(math.isfinite, ends)) else "without bounds"
    few = ", few prompts" if change.few_prompts else ""
    return [
        line((f"mean {_signed(change.value)}", "bold"), (f" {bounds}", "muted")),
        line((f"paired {p_value(view.comparison.p)} clustered by prompt, this pair{few}", "muted")),
    ]


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{number(abs(value))}"
