"""The stages of a workflow side by side with their marks, and the line that says how far it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cupola.store.workflows import Stage, StageState, WorkflowState
from cupola.workflows.naming import names_of

from ...lines import Line, Span, cell_width, flowed, line, visible, wrapped
from ..bench.numbers import dollars
from ..jobs import bar
from ..words import duration, duration_range, moment
from . import numbers
from .records import Step, WorkflowView

MARKS: Mapping[StageState, tuple[str, str]] = {
    StageState.PENDING: ("○", "muted"),
    StageState.RUNNING: ("●", "info"),
    StageState.WAITING: ("?", "warn bold"),
    StageState.PAUSED: ("‖", "warn"),
    StageState.DONE: ("✓", "good"),
    StageState.FAILED: ("✗", "bad"),
    StageState.SKIPPED: ("–", "faint"),
}
"""A sign and an ink for each state; the sign alone tells them apart."""

SAFE = "safe to close: it goes on without you"
_ROOMS = ((16, 2), (12, 2), (12, 1), (10, 1))
"""The most cells of a fact and the gap between steps; the first that puts all steps on one line is taken."""
_FEWEST = 4
"""Below so many things done a rate says nothing."""


def strip_lines(view: WorkflowView, chosen: str, focused: bool, width: int) -> list[Line]:
    """The steps with a fact under each, on as many pairs of lines as they take."""
    rows: list[tuple[Line, Line]] = []
    for step, room in zip(view.steps, _rooms(view, width), strict=True):
        head, fact = _head(step, step.name == chosen, focused, room), _fact_cell(step, room)
        if rows and cell_width(rows[-1][0]) + room <= width:
            rows[-1] = ((*rows[-1][0], *head), (*rows[-1][1], *fact))
        else:
            rows.append((head, fact))
    return [one for pair in rows for one in pair]


def step_at(view: WorkflowView, x: int, y: int, width: int) -> str | None:
    """The step drawn at a cell of `strip_lines`."""
    row, start = 0, 0
    for step, room in zip(view.steps, _rooms(view, width), strict=True):
        if start and start + room > width:
            row, start = row + 1, 0
        if row == y // 2 and start <= x < start + room:
            return step.name
        start += room
    return None


def progress_lines(view: WorkflowView, width: int) -> list[Line]:
    """How far it is, what it costs, how long yet; and that it needs nobody."""
    workflow, step = view.workflow, view.current
    parts: list[Line] = []
    if workflow.state is WorkflowState.RUNNING:
        parts += _pace(step.current, view.now)
    else:
        parts.append(_standing(view))
    parts.append(spent_line(view))
    if workflow.state is WorkflowState.RUNNING:
        parts.append(line((SAFE, "good")))
    return flowed(parts, line("   "), width)


def share_of(stage: Stage) -> float | None:
    """How much of a stage is done, from 0 to 1; None where it does not say."""
    return min(1.0, max(0.0, stage.done / stage.total)) if stage.total > 0 else None


def whole_share(view: WorkflowView) -> float:
    """How much of all steps is settled, the current one counted by its share."""
    done = sum(1.0 if step.state.settled else share_of(step.current) or 0.0 for step in view.steps)
    return done / len(view.steps)


def rate_of(stage: Stage, now: float) -> float | None:
    """Things a second since the stage last began or went on; None while that says nothing."""
    if stage.resumed_at is None or stage.state is not StageState.RUNNING:
        return None
    done, seconds = stage.done - stage.resumed_done, now - stage.resumed_at
    return done / seconds if done >= _FEWEST and seconds > 0 else None


def seconds_left(stage: Stage, now: float) -> tuple[float, float] | None:
    """Least and most seconds until a stage is done.

    The rate of n things that come one by one is known to about 1/sqrt(n) of itself; twice that is taken both ways,
    and never less than a tenth.
    """
    rate = rate_of(stage, now)
    if rate is None or stage.total <= stage.done:
        return None
    left = (stage.total - stage.done) / rate
    spread = max(0.1, 2.0 / math.sqrt(stage.done - stage.resumed_done))
    return left / (1 + spread), left * (1 + spread)


def spent_line(view: WorkflowView) -> Line:
    """What it has cost, what is under way, and where it stops."""
    workflow = view.workflow
    limit = f" of ≤{dollars(workflow.hard)}" if workflow.hard is not None else ""
    spans = [Span(dollars(workflow.spent), "bold"), Span(limit, "muted")]
    if workflow.reserved:
        spans.append(Span(f" +≤{dollars(workflow.reserved)} under way", "muted"))
    if workflow.soft is not None and workflow.state is not WorkflowState.DONE:
        spans.append(Span(f", asks from {dollars(workflow.soft)}", "muted"))
    return tuple(spans)


def title(view: WorkflowView) -> str:
    """The heading of the screen."""
    workflow = view.workflow
    kind = names_of(workflow.kind).spoken
    branch = f" · branch of {workflow.branch_of}" if workflow.branch_of is not None else ""
    at = f" at {workflow.branch_at}" if workflow.branch_of is not None and workflow.branch_at else ""
    return f"{workflow.name} · {kind} {workflow.id}{branch}{at}"


def fact_of(step: Step) -> str:
    """The few words under a step."""
    stage = step.current
    words = {
        StageState.PENDING: "",
        StageState.WAITING: "asks you",
        StageState.FAILED: "failed",
        StageState.SKIPPED: "left out",
    }
    if step.state in words:
        return words[step.state]
    if step.state is not StageState.DONE:
        paused = "paused " if step.state is StageState.PAUSED else ""
        whole = stage.total > 1 and stage.unit
        return f"{paused}{stage.done:,.0f}/{stage.total:,.0f}" if whole else paused.strip() or "under way"
    return _done_fact(step.name, stage.outputs) or _counted(stage)


def _done_fact(name: str, outputs: Mapping[str, Any]) -> str:
    if name == "roles":
        roles = numbers.table(outputs.get("roles"))
        return f"{_short(roles.get('teacher', ''))} → {_short(roles.get('student', ''))}"
    if name == "filter" and (kept := numbers.number(outputs.get("kept"))) is not None:
        return f"{kept:,.0f} kept"
    if name == "verdict":
        return _verdict_fact(outputs)
    if name == "curve" and (asked := numbers.number(outputs.get("items"))) is not None:
        return f"{asked:,.0f} questions"
    return {"deploy": "ready", "clean-up": "removed"}.get(name, "")


def _verdict_fact(outputs: Mapping[str, Any]) -> str:
    """The word of a verdict: against the teacher, of the steps that were tested, or of two graders."""
    best, agreed = numbers.number(outputs.get("best")), numbers.number(outputs.get("agreed"))
    if agreed is not None:
        return f"{agreed:.0%} agree"
    if "settled" not in outputs:
        return str(numbers.table(outputs.get("to_teacher")).get("word", ""))
    return f"best step {best:.0f}" if outputs["settled"] and best is not None else "inconclusive"


def _counted(stage: Stage) -> str:
    return f"{stage.total:,.0f} {stage.unit}" if stage.total > 1 and stage.unit else "done"


def _short(name: object) -> str:
    """What tells a family's sizes apart: nano, mini, 4.1, o3."""
    text = str(name).removeprefix("gpt-")
    return text.rpartition("-")[2] if text.rpartition("-")[2].isalpha() else text


def _rooms(view: WorkflowView, width: int) -> list[int]:
    """The cells of each step, its gap included."""
    lengths = [cell_width(line(fact_of(step))) for step in view.steps]
    found = [
        [max(len(step.title), min(fact, most)) + 2 + gap for step, fact in zip(view.steps, lengths, strict=True)]
        for most, gap in _ROOMS
    ]
    return next((rooms for rooms in found if sum(rooms) <= width), found[0])


def _head(step: Step, chosen: bool, focused: bool, room: int) -> Line:
    sign, ink = MARKS[step.state]
    title_ink = "" if step.state is not StageState.PENDING else "muted"
    if chosen:
        title_ink = "tab bold" if focused else "accent bold underline"
    spans = line((sign, ink), " ", (step.title, title_ink))
    return (*spans, Span(" " * (room - cell_width(spans))))


def _fact_cell(step: Step, room: int) -> Line:
    words = visible(fact_of(step))
    number, _, _ = words.partition(" ")
    if cell_width(line(words)) > room - 3 and number[:1].isdigit():
        # A number says more than a part of what it counts.
        words = number
    while words and cell_width(line(words)) > room - 3:
        words = f"{words[:-2]}…" if len(words) > 1 else ""
    ink = {StageState.WAITING: "warn", StageState.FAILED: "bad"}.get(step.state, "muted")
    spans = line("  ", (words, ink))
    return (*spans, Span(" " * max(0, room - cell_width(spans))))


def _pace(stage: Stage, now: float) -> list[Line]:
    share = share_of(stage)
    if share is None or stage.state is not StageState.RUNNING:
        return [line(("under way", "info"))]
    parts: list[Line] = [(*bar(share, 24), Span(f" {share:>4.0%}", "bold"))]
    rate, left = rate_of(stage, now), seconds_left(stage, now)
    if rate is not None and stage.unit:
        parts.append(line((_rate_words(rate, stage.unit), "muted")))
    if left is not None:
        parts.append(line((f"about {duration_range(*left)} in this stage", "")))
    return parts


def _rate_words(rate: float, unit: str) -> str:
    return f"{rate:.1f} {unit}/s" if rate >= 0.1 else f"{rate * 60:.1f} {unit}/min"


def _standing(view: WorkflowView) -> Line:
    workflow, share = view.workflow, share_of(view.current.current)
    at = f" at {share:.0%} of {view.current.title}" if share else f" at {view.current.title}"
    took = ""
    if workflow.finished_at is not None:
        lasted = duration(workflow.finished_at - workflow.created_at)
        took = f" after {lasted}, {moment(workflow.finished_at, view.now)}"
    return {
        WorkflowState.WAITING: line(("? waits for your yes: ", "warn bold"), ("x", "key bold"), (" answers", "muted")),
        WorkflowState.PAUSED: line((f"‖ paused{at}: ", "warn bold"), ("x", "key bold"), (" resumes", "muted")),
        WorkflowState.DONE: line((f"✓ done{took}", "good bold")),
        WorkflowState.FAILED: line((f"✗ stopped{at}: ", "bad bold"), ("x", "key bold"), (" goes on", "muted")),
        WorkflowState.CANCELLED: line((f"⊘ called off{took}", "muted")),
    }.get(workflow.state, line((workflow.state.value, "muted")))


def head_lines(view: WorkflowView, step: Step, width: int) -> list[Line]:
    """What is to be known of a step before its contents: why it stopped, what it asks, whom it owes to."""
    stage, out = step.current, []
    if stage.problem is not None:
        stopped = step.state is StageState.FAILED
        problem = stage.problem
        out += wrapped(f"{'✗' if stopped else '!'} {problem.what}", width, "bad bold" if stopped else "warn", "  ")
        out += wrapped(f"  {problem.why}", width, "muted", "  ") if problem.why else []
        out += wrapped(f"  {problem.remedy}", width, "", "  ") if problem.remedy else []
        if stopped:
            out.append(line("  ", ("x", "key bold"), (_ways_on(view), "muted")))
    if step.state is StageState.WAITING:
        out += wrapped(f"? {stage.question}", width, "warn", "  ")
        out.append(line("  ", ("x", "key bold"), (" says yes or no", "muted")))
    taken = [one.reused_from for one in step.stages if one.reused_from is not None]
    if taken:
        out += wrapped(f"Taken over from workflow {taken[0]}: nothing was paid again.", width, "info")
    return out


def _ways_on(view: WorkflowView) -> str:
    if view.workflow.state is not WorkflowState.FAILED:
        return " shows what can be done"
    return " tries this stage again (another limit can be given), branches, or calls it off"
