"""The verbs that read; nobody is asked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from ..context import Context, session_of, store_of
from ..output import emit, emit_one
from ..workflow_commands.noun import STAGES_SHOWN, outputs, stage_row

_POINTS_SHOWN = ("arm", "distractors", "value", "low", "high", "items", "curve")
_WIDTH = 40


def show(options: argparse.Namespace, context: Context) -> int:
    """Print the stages of one, and its curve once it is drawn."""
    from ...store import workflows
    from .running import RAFTS

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        workflow = RAFTS.find(database, options.workflow)
        stages = workflows.stages(database, workflow.id)
        curve = outputs(stages, "curve")
        if options.output in ("json", "jsonl") or options.query:
            each = [stage_row(stage) for stage in stages]
            whole = {**RAFTS.row(workflow, stages), "stages": each, "curve": dict(curve) or None}
            emit_one(options, context.out, "cupola.raft-report/1", whole, workflow.updated_at)
            return 0
        emit(options, context.out, "cupola.stage/1", [stage_row(stage) for stage in stages], STAGES_SHOWN, None)
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
