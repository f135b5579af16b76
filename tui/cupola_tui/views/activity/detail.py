"""What the Activity pane says of the row under the cursor, and where there is no row at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from cupola.models import Problem
from cupola.store.decisions import Decision

from ...lines import Line, labelled, line, wrapped
from ..words import moment
from ..workflows.records import WorkflowView
from ..workflows.strip import head_lines, progress_lines, strip_lines
from .things import Thing, verdict_words

_EMPTY = (
    "Everything under way and lately done: workflows with their stages, benchmark runs, jobs, files on their way,"
    " deployments, decisions with the numbers they rested on, and what was spent by day."
)
_LABEL = 10


def workflow_lines(view: WorkflowView, width: int) -> list[Line]:
    """A workflow's stages, its progress, and what it needs."""
    out = [*strip_lines(view, "", False, width), line(""), *progress_lines(view, width)]
    head = head_lines(view, view.current, width)
    out += [line(""), *head] if head else []
    headline = verdict_words(view)
    out += [line(""), *wrapped(headline, width, "bold")] if headline else []
    return [*out, line(""), line(("enter", "key bold"), (" opens it", "muted"), "   ", ("x", "key bold"),
                                 (" pause, resume, branch, call off, clean up", "muted"))]  # fmt: skip


def thing_lines(thing: Thing, problem: Problem | None, now: float, width: int) -> list[Line]:
    """Any other thing in a few lines."""
    out = labelled("what", f"{thing.kind}: {thing.name}", width, room=_LABEL)
    out += labelled("stands", thing.words, width, room=_LABEL)
    out += labelled("when", moment(thing.at, now), width, "muted", _LABEL)
    if problem is not None:
        out += [line(""), *wrapped(f"✗ {problem.what}", width, "bad", "  ")]
        out += wrapped(f"  {problem.why}", width, "muted", "  ") if problem.why else []
        out += wrapped(f"  {problem.remedy}", width, "", "  ") if problem.remedy else []
    where = f" opens it in {thing.pane.capitalize()}" if thing.pane else ""
    return [*out, line(""), line(("enter", "key bold"), (where, "muted"))] if where else out


def decision_lines(decision: Decision, now: float, width: int) -> list[Line]:
    """A decision with the numbers that were on the screen."""
    out = labelled("chosen", f"{decision.arm} as the {decision.role}", width, "bold", _LABEL)
    out += labelled("for", f"{decision.benchmark}, run {decision.run}", width, room=_LABEL)
    out += labelled("when", moment(decision.at, now), width, "muted", _LABEL)
    out += [line(""), line(("the numbers that were on the screen", "muted"))]
    for name, value in decision.numbers.items():
        out += labelled(str(name)[: _LABEL + 10], _value(value), width, room=_LABEL + 12)
    return [*out, line(""), line(("enter", "key bold"), (" the whole card", "muted"))]


def nothing_yet(width: int) -> list[Line]:
    """What the empty pane is for, and the one key that fills it."""
    out = [line(("Activity", "accent bold")), line(""), *wrapped(_EMPTY, width), line("")]
    key = line("Nothing has happened yet. ", ("2", "key bold"), " goes to Benchmarks, where ", ("x", "key bold"),
               " runs one and ", ("D", "key bold"), " distils.")  # fmt: skip
    return [*out, key]


def tabs_line(titles: Sequence[tuple[str, str]], active: str) -> Line:
    """The tabs, the active one lit."""
    spans: list[tuple[str, str]] = []
    for kind, title in titles:
        spans += [(title, "accent bold underline" if kind == active else "muted"), ("  ", "")]
    return line(*spans)


def tab_at(titles: Sequence[tuple[str, str]], x: int) -> str | None:
    """The kind of the tab at a cell."""
    start = 0
    for kind, title in titles:
        if start <= x < start + len(title):
            return kind
        start += len(title) + 2
    return None


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return "not known" if value is None else str(value)
