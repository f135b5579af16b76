"""The page a person would show their boss: a workflow's verdict as Markdown, and the same as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from ...store import workflows
from ...store.database import Database
from ...store.workflows import Stage, StageState, Workflow
from ..control import find
from .definition import Distillation, parse

SCHEMA = "cupola.distillation-report/1"
_MARKS = "\\`*_{}[]<>|#"


def as_json(database: Database, workflow_id: int) -> dict[str, Any]:
    """All that is known of a distillation, for programs.

    Raises:
        UsageError: there is no such workflow.
    """
    workflow = find(database, workflow_id)
    definition = parse(workflow.definition)
    stages = workflows.stages(database, workflow_id)
    by_name = {stage.name: stage for stage in stages}
    return {
        "schema": SCHEMA,
        "workflow": workflow.id,
        "name": workflow.name,
        "state": workflow.state.value,
        "created_at": workflow.created_at,
        "finished_at": workflow.finished_at,
        "spent_usd": workflow.spent,
        "hard_limit_usd": workflow.hard,
        "branch_of": workflow.branch_of,
        "benchmark": definition.test.name,
        "hashes": {
            "test": definition.test.split,
            "prompts": definition.prompts,
            "graders": definition.test.graders_hash,
            "prompt": definition.test.prompt_hash,
        },
        "margin": definition.test.margin,
        "roles": by_name["roles"].outputs.get("roles"),
        "stages": [_stage(stage) for stage in stages],
        "filter": _filter(by_name["filter"]),
        "verdict": dict(by_name["verdict"].outputs) or None,
    }


def as_markdown(database: Database, workflow_id: int) -> str:
    """The same as a page of Markdown; names from outside stand in it as plain text.

    Raises:
        UsageError: there is no such workflow.
    """
    workflow = find(database, workflow_id)
    definition = parse(workflow.definition)
    stages = {stage.name: stage for stage in workflows.stages(database, workflow_id)}
    verdict = stages["verdict"].outputs
    parts = [f"# {plain(workflow.name)}: distillation {workflow.id}", ""]
    if verdict:
        parts += [f"**{plain(verdict['headline'])}**", ""]
        parts += [f"- {plain(sentence)}" for sentence in verdict["sentences"][1:]]
        parts += ["", *_figures(verdict), ""]
    else:
        problem = workflow.problem
        told = f" {problem.what} {problem.why} {problem.remedy}" if problem is not None else ""
        parts += [f"There is no verdict yet: the workflow is {workflow.state.value}.{plain(told)}", ""]
    parts += [*_how(workflow, definition, stages), "", *_stages(list(stages.values())), "", _hashes(definition), ""]
    return "\n".join(parts)


def plain(text: str) -> str:
    """A text that Markdown takes for nothing but text, on one line."""
    one_line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return "".join(f"\\{sign}" if sign in _MARKS else sign for sign in one_line)


def _figures(verdict: Mapping[str, Any]) -> list[str]:
    speed = verdict.get("speed")
    times = "first token s | answer s" if speed else "p50 s | p95 s"
    lines = [
        f"| arm | score ({plain(str(verdict['view']))}) | passed | {times} | $ per 1,000 | prompt tokens | n |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in verdict["figures"]:
        cells = [
            f"{one['role']}: {plain(str(one['model']))}",
            _estimate(one["score"]),
            _estimate(one["passes"]),
            *_times(one, timed=bool(speed)),
            _number(one["usd_per_thousand"], 3),
            _number(one["prompt_tokens"], 0),
            str(sum(one["outcomes"].values())),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    if speed:
        lines += ["", f"Times are medians of {speed['questions']} questions, one call at a time, in turns."]
    lines += ["", f"Intervals are at 95%. The margin, declared before the run, is {verdict['margin']:.3g}."]
    return lines


def _times(figures: Mapping[str, Any], *, timed: bool) -> tuple[str, str]:
    """Medians with their intervals where calls were timed one at a time; else two quantiles under load."""
    latency = figures["latency"] or {}
    if timed:
        return _estimate(figures["first_token"]), _estimate(latency.get("p50"))
    p50, p95 = (_number((latency.get(name) or {}).get("value"), 2) for name in ("p50", "p95"))
    return p50, p95


def _how(workflow: Workflow, definition: Distillation, stages: Mapping[str, Stage]) -> list[str]:
    lines = ["## How it was made", ""]
    roles = stages["roles"].outputs
    lines += [f"- {plain(reason)}" for reason in (*roles.get("reasons", ()), *roles.get("warnings", ()))]
    filtered = stages["filter"].outputs
    if filtered:
        fates = ", ".join(f"{count:,} {fate}" for fate, count in filtered["fates"].items())
        lines.append(f"- Of {filtered['answers']:,} answers of the teacher: {fates}.")
        lines.append(f"- {_purity(filtered['purity'])}")
        lines += [f"- {plain(warning)}" for warning in filtered["warnings"]]
    trained = stages["watch"].outputs
    if trained:
        tokens = trained["trained_tokens"]
        told = f", {tokens:,} tokens" if tokens else ""
        lines.append(f"- Trained as job {plain(str(trained['job']))}{told}. {plain(str(trained['price']))}")
    if definition.student_prompt is not None:
        lines.append("- The student was trained and tested with a shorter prompt of its own.")
    limit = "" if workflow.hard is None else f" of at most ${workflow.hard:,.2f}"
    lines.append(f"- Spent by this workflow: ${workflow.spent:,.4f}{limit}.")
    return lines


def _purity(purity: Sequence[float] | None) -> str:
    if purity is None:
        return "How many of the kept answers people would pass is not known: nobody has labelled any."
    value, low, high, labels = purity
    return f"People would pass {value:.0%} of the kept answers ({low:.0%} to {high:.0%}, by {labels:g} labels)."


def _stages(stages: Sequence[Stage]) -> list[str]:
    lines = ["## Stages", "", "| stage | state | spent | took |", "|---|---|---|---|"]
    for stage in stages:
        state = stage.state.value
        if stage.reused_from is not None:
            state = f"{state}, taken over from workflow {stage.reused_from}"
        took = ""
        if stage.state is StageState.DONE and stage.began_at is not None and stage.finished_at is not None:
            took = str(dt.timedelta(seconds=round(stage.finished_at - stage.began_at)))
        lines.append(f"| {stage.name} | {state} | ${stage.spend:,.4f} | {took} |")
    return lines


def _hashes(definition: Distillation) -> str:
    test = definition.test
    return (
        f"Test items {test.split}, prompt {test.prompt_hash}, graders {test.graders_hash};"
        f" training prompts {definition.prompts}."
    )


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "state": stage.state.value,
        "inputs_hash": stage.inputs_hash,
        "spent_usd": stage.spend,
        "began_at": stage.began_at,
        "finished_at": stage.finished_at,
        "taken_over_from": stage.reused_from,
        "problem": stage.problem.what if stage.problem is not None else None,
    }


def _filter(stage: Stage) -> dict[str, Any] | None:
    names = ("answers", "fates", "kept", "topics", "answer_tokens", "purity", "warnings")
    return {name: stage.outputs[name] for name in names} if stage.outputs else None


def _estimate(estimate: Mapping[str, Any] | None) -> str:
    if estimate is None:
        return ""
    interval = estimate["interval"]
    ends = " to ".join("no bound" if end is None else f"{end:.3f}" for end in (interval["low"], interval["high"]))
    return f"{estimate['value']:.3f} ({ends})"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
