"""What each step of a workflow tells beside its own widgets: roles and reasons, runs, the job, the deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cupola.store.benchmarks import Run
from cupola.store.workflows import StageState

from ...lines import Line, labelled, line, wrapped
from ..bench.numbers import dollars, range_words
from ..jobs import bar
from ..words import duration, moment
from . import numbers
from .records import Step, WorkflowView

_LABEL = 12
_PURPOSES: Mapping[str, str] = {
    "benchmark": "All candidates answer the held-out items, and the graders judge: this is where everyone starts from.",
    "roles": "Who teaches, who learns, and who is left alone as the control.",
    "generate": "The teacher answers the training prompts; the graders judge each answer.",
    "filter": "Only good answers are learnt from: below the threshold, near-duplicates and what is in the test go out.",
    "train": "The file is checked and sent, the job submitted once, and followed until it has ended.",
    "deploy": "The student is deployed with a fuse that removes it again.",
    "re-benchmark": "Teacher, student before and after, and control answer the same held-out items again.",
    "latency": "A few questions, one call at a time, the arms in turns: models are timed, and not queues.",
    "verdict": "What has come of it, with the uncertainty beside every number.",
    "regrade": "Stored answers are shown to another grader; each call is journalled, so that nothing is paid twice.",
    "curve": "Base and tuned model over the number of distracting documents, each with its interval.",
    "clean-up": "Offers to remove the deployment; the tuned model stays.",
}


def facts_lines(view: WorkflowView, step: Step, runs: Sequence[Run], width: int) -> list[Line]:
    """A step that has no widget of its own, or has not begun."""
    stage = step.current
    out: list[Line] = []
    if purpose := _PURPOSES.get(step.name):
        out += [*wrapped(purpose, width, "muted"), line("")]
    out += _estimate_lines(step, width)
    out += _own(view, step, runs, width)
    out += _when(step, view.now, width)
    if stage.state is StageState.PENDING and step.state is StageState.PENDING and step is not view.current:
        out += wrapped(f"Begins after {view.current.title}.", width, "muted")
    return out


def run_lines(run: Run, width: int) -> list[Line]:
    """A benchmark run in a few lines."""
    done = run.progress
    wanted = done.rows + done.gradings
    share = (done.answered + done.failed + done.graded) / wanted if wanted else 0.0
    name, state = line((run.benchmark, "bold"), (f"  run {run.id}  ", "muted")), line((run.state.value, "muted"))
    out: list[Line] = [(*name, *bar(share, 16), *line(f" {min(1.0, share):.0%}  "), *state)]
    words = [
        f"{done.answered:,} of {done.rows:,} answered, {done.graded:,} of {done.gradings:,} graded",
        f"{dollars(done.usd)} spent" + (f" of ≤{dollars(run.budget)}" if run.budget is not None else ""),
    ]
    words += [f"{done.reused:,} kept from before"] if done.reused else []
    words += [f"{done.failed:,} failed"] if done.failed else []
    out += wrapped(" · ".join(words), width, "muted")
    if run.problem is not None:
        parts = (run.problem.what, run.problem.why, run.problem.remedy)
        out += wrapped(f"! {' '.join(filter(None, parts))}", width, "warn", "  ")
    return out


def job_lines(step: Step, width: int) -> list[Line]:
    """The job of a training step: what was sent to the service, what came of it, and what it cost."""
    outputs = {name: value for stage in step.stages for name, value in stage.outputs.items()}
    out: list[Line] = []
    request = numbers.table(outputs.get("request"))
    if outputs.get("job"):
        out += labelled("job", str(outputs["job"]), width, room=_LABEL)
    if request:
        out += labelled("asked for", _spec_words(request), width, room=_LABEL)
    for warning in numbers.items(outputs.get("warnings")):
        out += wrapped(f"! {warning}", width, "warn", "  ")
    if outputs.get("model"):
        tokens = numbers.number(outputs.get("trained_tokens"))
        out += labelled("model", str(outputs["model"]), width, room=_LABEL)
        paid = f"{tokens:,.0f} tokens trained. " if tokens else ""
        out += labelled("price", f"{paid}{outputs.get('price', '')}", width, room=_LABEL)
    return out


def _spec_words(request: Mapping[str, Any]) -> str:
    """What was asked of the service, in a line."""
    method = numbers.table(request.get("method"))
    settings = numbers.table(numbers.table(method.get(str(method.get("type")))).get("hyperparameters"))
    said = [request.get("model"), request.get("trainingType"), *(f"{name} {value}" for name, value in settings.items())]
    said += [f"seed {request['seed']}"] if request.get("seed") is not None else []
    return ", ".join(str(one) for one in said if one)


def answer_cells(prompt: str, text: str, score: float | None, passed: bool, fate: str, topic: str) -> tuple[Line, ...]:
    """One answer of the teacher with its grade and what becomes of it."""
    ink = "good" if fate.startswith("kept") else "warn" if fate else ""
    return (
        line(("✓", "good") if passed else ("✗", "bad") if score is not None else ("?", "muted")),
        line(("–", "faint") if score is None else (f"{score:.2f}", "bold")),
        line((topic, "muted")),
        line(prompt),
        line((text, "muted")),
        line((fate, ink)),
    )


def answer_lines(prompt: str, text: str, tokens: int | None, outcome: str, width: int) -> list[Line]:
    """One answer in full, every line of it as it came."""
    length = f", {tokens:,} tokens" if tokens is not None else ""
    out = [line(("prompt", "muted"))]
    out += [one for part in prompt.split("\n") for one in wrapped(part, width) or [line("")]]
    out += [line(""), line(("the teacher's answer", "muted"), (f"  {outcome}{length}", "faint"))]
    return [*out, *(one for part in text.split("\n") for one in wrapped(part, width, "role-assistant") or [line("")])]


def _own(view: WorkflowView, step: Step, runs: Sequence[Run], width: int) -> list[Line]:
    outputs = step.stages[0].outputs
    if step.name == "roles":
        return _roles_lines(outputs, width)
    if step.name in ("benchmark", "re-benchmark", "generate"):
        out = [one for run in runs for one in (*run_lines(run, width), line(""))]
        if runs and step.name != "generate":
            out.append(line(("enter", "key bold"), (" the whole leaderboard, item by item", "muted")))
        return out
    if step.name == "clean-up" and step.state is StageState.SKIPPED:
        return wrapped("It was left standing; its fuse removes it.", width)
    if step.name == "clean-up" and numbers.items(outputs.get("removed")):
        return wrapped(f"Removed: {', '.join(map(str, numbers.items(outputs.get('removed'))))}.", width)
    return []


def _roles_lines(outputs: Mapping[str, Any], width: int) -> list[Line]:
    out: list[Line] = []
    for role, name in numbers.table(outputs.get("roles")).items():
        out += labelled(str(role), str(name), width, "bold", _LABEL)
    out += [line("")] if out else []
    for reason in numbers.items(outputs.get("reasons")):
        out += wrapped(f"· {reason}", width, "", "  ")
    for warning in numbers.items(outputs.get("warnings")):
        out += wrapped(f"! {warning}", width, "warn", "  ")
    return [*out, line("")] if out else []


def _estimate_lines(step: Step, width: int) -> list[Line]:
    """What it was estimated to cost, and what it came to."""
    stage = step.stages[0]
    if step.spend == 0 and not (stage.high or (stage.low is not None and stage.high is None)):
        return []
    told = ""
    if stage.low is not None:
        high = "not bounded" if stage.high is None else dollars(stage.high)
        told = f"; estimated {range_words(dollars(stage.low), high)}"
    return labelled("cost", f"{dollars(step.spend)}{told}", width, room=_LABEL)


def _when(step: Step, now: float, width: int) -> list[Line]:
    began = next((stage.began_at for stage in step.stages if stage.began_at is not None), None)
    if began is None:
        return []
    ended = step.current.finished_at if step.state.settled or step.state is StageState.FAILED else None
    words = f"began {moment(began, now)}"
    words += f", took {duration(ended - began)}" if ended is not None else f", under way for {duration(now - began)}"
    return labelled("when", words, width, "muted", _LABEL)
