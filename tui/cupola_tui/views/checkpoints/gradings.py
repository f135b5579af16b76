"""Second graders at work on a job's stored answers: how far each is, and what the last one came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cupola.store.workflows import WorkflowState

from ...lines import Line, wrapped
from ..bench.numbers import dollars


@dataclass(frozen=True, slots=True)
class SecondGrading:
    """One of them."""

    workflow: int
    grader: str
    state: WorkflowState
    done: float
    """Answers that are judged."""
    total: float
    spent: float
    limit: float | None
    words: str
    """What it came to, what stopped it, or what it asks; "" while there is nothing to say."""


def grading_lines(gradings: Sequence[SecondGrading], width: int) -> list[Line]:
    """A line for each that has not ended well, and one for the last that has."""
    out: list[Line] = []
    for one in gradings:
        text, ink = _said(one)
        out += wrapped(text, width, ink, "  ")
    return out


def shown(gradings: Sequence[SecondGrading]) -> tuple[SecondGrading, ...]:
    """Those worth a line, of all, newest first: what moves or waits for a person, and the newest if it is done."""
    moving = (WorkflowState.RUNNING, WorkflowState.WAITING, WorkflowState.PAUSED)
    ended = (WorkflowState.DONE, WorkflowState.FAILED)
    return tuple(one for place, one in enumerate(gradings) if one.state in moving or (one.state in ended and not place))


def _said(one: SecondGrading) -> tuple[str, str]:
    limit = f" of ≤{dollars(one.limit)}" if one.limit is not None else ""
    far = f"{one.done:,.0f} of {one.total:,.0f} answers judged, {dollars(one.spent)}{limit}"
    if one.state is WorkflowState.RUNNING:
        return f"● {one.grader}: {far if one.total else 'begins'} (6 Activity, workflow {one.workflow})", "info"
    if one.state is WorkflowState.DONE:
        return f"✓ {one.words or far}", "muted"
    word = {
        WorkflowState.WAITING: "asks you",
        WorkflowState.PAUSED: "paused",
        WorkflowState.FAILED: "stopped",
    }.get(one.state, one.state.value)
    sign = "?" if one.state is WorkflowState.WAITING else "✗" if one.state is WorkflowState.FAILED else "‖"
    why = f": {one.words}" if one.words else ""
    return f"{sign} {one.grader} {word}{why} ({far}; 6 Activity, workflow {one.workflow})", "warn"
