"""The verbs that read; nobody is asked."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..context import Context, session_of, store_of
from ..output import emit, emit_one, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...store.workflows import Stage, Workflow

_SHOWN = ("id", "name", "state", "stage", "spent", "limit", "verdict")
_STAGES_SHOWN = ("stage", "state", "progress", "spent", "low", "high", "taken_over_from", "note")


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print all distillations, newest first."""
    from ...store import workflows

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        rows = [
            workflow_row(workflow, workflows.stages(database, workflow.id))
            for workflow in workflows.newest(database)
            if workflow.kind == "distil"
        ]
        emit(options, context.out, "cupola.distillation/1", rows, _SHOWN, None)
    return 0


def show(options: argparse.Namespace, context: Context) -> int:
    """Print one with its stages."""
    from ...store import workflows
    from ...workflows.control import find
    from ...workflows.distil.report import as_json

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        workflow = find(database, options.workflow)
        stages = workflows.stages(database, workflow.id)
        if options.output in ("json", "jsonl") or options.query:
            emit_one(options, context.out, "cupola.distillation-report/1", as_json(database, workflow.id), None)
            return 0
        rows = [stage_row(stage) for stage in stages]
        emit(options, context.out, "cupola.stage/1", rows, _STAGES_SHOWN, None)
        verdict = next((stage.outputs for stage in stages if stage.name == "verdict" and stage.outputs), None)
        for sentence in verdict["sentences"] if verdict else ():
            context.say(sentence)
        if workflow.problem is not None:
            problem = workflow.problem
            context.say(f"{problem.what} {problem.why} {problem.remedy}".rstrip())
    return 0


def report(options: argparse.Namespace, context: Context) -> int:
    """Write the verdict as Markdown and JSON."""
    from ...workflows.distil.report import as_json, as_markdown

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        told, page = as_json(database, options.workflow), as_markdown(database, options.workflow)
    if options.output in ("json", "jsonl") or options.query:
        emit_one(options, context.out, "cupola.distillation-report/1", told, None)
        return 0
    if options.to == "-":
        context.out.write(page)
        return 0
    folder = Path(options.to)
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, text in ((".md", page), (".json", json.dumps(told, indent=2) + "\n")):
        path = folder / f"distillation-{options.workflow}{suffix}"
        path.write_text(text, "utf-8")
        context.say(f"Wrote {path}.")
    return 0


def workflow_row(workflow: Workflow, stages: Sequence[Stage]) -> dict[str, Any]:
    """A distillation as printed."""
    current = next((stage for stage in stages if not stage.state.settled), None)
    verdict = next((stage.outputs for stage in stages if stage.name == "verdict" and stage.outputs), None)
    return {
        "id": workflow.id,
        "name": workflow.name,
        "state": workflow.state.value,
        "stage": current.name if current is not None else None,
        "spent": round(workflow.spent, 4),
        "under_way": round(workflow.reserved, 4),
        "limit": workflow.hard,
        "verdict": verdict["headline"] if verdict else None,
        "problem": workflow.problem.what if workflow.problem is not None else None,
        "remedy": workflow.problem.remedy if workflow.problem is not None else None,
        "branch_of": workflow.branch_of,
        "created": when(workflow.created_at),
    }


def stage_row(stage: Stage) -> dict[str, Any]:
    """A stage as printed."""
    progress = f"{stage.done:,.0f}/{stage.total:,.0f} {stage.unit}".strip() if stage.total and stage.unit else None
    note = stage.question or (stage.problem.what if stage.problem is not None else None)
    return {
        "stage": stage.name,
        "state": stage.state.value,
        "progress": progress,
        "spent": round(stage.spend, 4) if stage.spend else None,
        "low": stage.low,
        "high": stage.high,
        "taken_over_from": stage.reused_from,
        "note": note,
    }
