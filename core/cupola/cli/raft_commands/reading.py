"""The verbs that read; nobody is asked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit, emit_one

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow

KINDS = ("raft", "raft-data")
_SHOWN = ("id", "name", "kind", "state", "stage", "spent", "limit")
_STAGES_SHOWN = ("stage", "state", "progress", "spent", "low", "high", "taken_over_from", "note")
_POINTS_SHOWN = ("arm", "distractors", "value", "low", "high", "items", "curve")
_WIDTH = 40


def find(database: Database, workflow_id: int) -> Workflow:
    """One workflow of this kind.

    Raises:
        UsageError: there is none of that number.
    """
    from ...workflows import control

    workflow = control.find(database, workflow_id)
    if workflow.kind not in KINDS:
        raise UsageError(
            f"Workflow {workflow_id} is of another kind: {workflow.kind}.", remedy="See `cupola raft list`."
        )
    return workflow


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print all of them, newest first."""
    from ...store import workflows

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        found = [workflow for workflow in workflows.newest(database) if workflow.kind in KINDS]
        rows = [workflow_row(one, workflows.stages(database, one.id)) for one in found]
        emit(options, context.out, "cupola.raft/1", rows, _SHOWN, None)
    return 0


def show(options: argparse.Namespace, context: Context) -> int:
    """Print the stages of one, and its curve once it is drawn."""
    from ...store import workflows
    from ..distill_commands.reading import stage_row

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        workflow = find(database, options.workflow)
        stages = workflows.stages(database, workflow.id)
        curve: Mapping[str, Any] = next((stage.outputs for stage in stages if stage.name == "curve"), {})
        if options.output in ("json", "jsonl") or options.query:
            each = [stage_row(stage) for stage in stages]
            whole = {**workflow_row(workflow, stages), "stages": each, "curve": dict(curve) or None}
            emit_one(options, context.out, "cupola.raft-report/1", whole, workflow.updated_at)
            return 0
        emit(options, context.out, "cupola.stage/1", [stage_row(stage) for stage in stages], _STAGES_SHOWN, None)
        if curve:
            emit_points(options, context, curve["points"])
            for sentence in curve["sentences"]:
                context.say(sentence)
    return 0


def emit_points(options: argparse.Namespace, context: Context, points: Sequence[Mapping[str, Any]]) -> None:
    """Print the curve, arm by arm over the number of distractors, drawn between 0 and 1 on a terminal."""
    order = list(dict.fromkeys(point["arm"] for point in points))
    arranged = sorted(points, key=lambda point: (order.index(point["arm"]), point["distractors"] or 0))
    rows = []
    for point in arranged:
        numbers = {name: round(float(point[name]), 4) for name in ("value", "low", "high")}
        drawn = {"curve": bar(**numbers)} if options.output == "table" else {}
        rows.append({**point, **numbers, **drawn})
    shown = _POINTS_SHOWN if options.output == "table" else _POINTS_SHOWN[:-1]
    emit(options, context.out, "cupola.raft-point/1", rows, shown, None)


def bar(value: float, low: float, high: float) -> str:
    """A score with its interval on a line from 0 to 1, 40 cells wide."""
    first, last, middle = (round(min(max(end, 0.0), 1.0) * (_WIDTH - 1)) for end in (low, high, value))
    cells = ["─" if first <= place <= last else "·" for place in range(_WIDTH)]
    cells[middle] = "●"
    return "".join(cells)


def workflow_row(workflow: Workflow, stages: Sequence[Stage]) -> dict[str, Any]:
    """One workflow as fields."""
    at = next((stage for stage in stages if not stage.state.settled), None)
    return {
        "id": workflow.id,
        "name": workflow.name,
        "kind": workflow.kind,
        "state": workflow.state.value,
        "stage": at.name if at is not None else None,
        "spent": round(workflow.spent, 4),
        "limit": workflow.hard,
        "problem": workflow.problem.what if workflow.problem is not None else None,
    }
