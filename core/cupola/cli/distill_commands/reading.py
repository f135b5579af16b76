"""The verbs that read; nobody is asked."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..context import Context, session_of, store_of
from ..output import emit, emit_one
from ..workflow_commands.noun import STAGES_SHOWN, outputs, stage_row
from .running import DISTILLATIONS


def show(options: argparse.Namespace, context: Context) -> int:
    """Print one with its stages."""
    from ...store import workflows
    from ...workflows.distil.report import as_json

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        workflow = DISTILLATIONS.find(database, options.workflow)
        stages = workflows.stages(database, workflow.id)
        if options.output in ("json", "jsonl") or options.query:
            emit_one(options, context.out, "cupola.distillation-report/1", as_json(database, workflow.id), None)
            return 0
        rows = [stage_row(stage) for stage in stages]
        emit(options, context.out, "cupola.stage/1", rows, STAGES_SHOWN, None)
        for sentence in outputs(stages, "verdict").get("sentences", ()):
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
