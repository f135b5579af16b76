"""What is news about a watched thing: pure comparison of how it stood with how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..models import Checkpoint, Job, Phase, Problem
from ..store.benchmarks import Run, RunState
from ..store.deployments import Deployment
from ..store.deployments import State as DeploymentState
from ..store.notices import News
from ..store.workflows import Stage, StageState, Workflow, WorkflowState

FUSE_WARNING_SECONDS = 600.0
"""So long before its fuse a watched deployment is told of."""

_BETTER: Sequence[tuple[str, bool]] = (
    ("full_valid_mean_reward", True),
    ("valid_reward_mean", True),
    ("valid_mean_reward", True),
    ("full_valid_loss", False),
    ("valid_loss", False),
)
"""The metrics by which checkpoints are compared, the surest first, with whether more is better."""

Seen = Mapping[str, Any]
Look = tuple[Seen, list[News]]
"""What is seen of a thing now, and the news in it."""


def of_job(job: Job, checkpoints: Iterable[Checkpoint], seen: Seen) -> Look:
    """News of a job: ended, failed, paused, a checkpoint better than all before it."""
    now: dict[str, Any] = {"status": job.status}
    news = []
    if seen and seen.get("status") != job.status:
        news += _job_moved(job)
    best = _best(checkpoints)
    if best is not None:
        now["best"] = [best[0], best[1], best[2]]
        news += _better(job, best, seen) if seen else []
    elif "best" in seen:
        now["best"] = seen["best"]
    return now, news


def of_run(run: Run, seen: Seen) -> Look:
    """News of a benchmark's run: done, stopped or called off."""
    now = {"state": str(run.state)}
    if not seen or seen == now or run.state.moving:
        return now, []
    words = {RunState.DONE: "done", RunState.STOPPED: "stopped", RunState.CANCELLED: "called off"}[run.state]
    sort = "failed" if run.state is RunState.STOPPED else "ended"
    text = f"Run {run.id} of benchmark {run.benchmark} is {words}, ${run.progress.usd:,.2f}.{_why(run.problem)}"
    return now, [News(sort, f"{run.state}@{run.finished_at}", f"Benchmark {words}", text)]


def of_workflow(workflow: Workflow, stages: Sequence[Stage], seen: Seen) -> Look:
    """News of a workflow: a stage done, something asked, the end."""
    now = {"state": str(workflow.state), "stages": {stage.name: str(stage.state) for stage in stages}}
    if not seen:
        return now, []
    before: Mapping[str, str] = seen.get("stages", {})
    news = [
        News(
            "stage",
            f"{stage.name}@{stage.finished_at}",
            "Stage done",
            f"Workflow {workflow.name}: stage {stage.name} is done, ${workflow.spent:,.2f} so far.",
        )
        for stage in stages
        if stage.state is StageState.DONE and before.get(stage.name) != stage.state
    ]
    if seen.get("state") != workflow.state:
        news += _workflow_moved(workflow, stages)
    return now, news


def of_deployment(deployment: Deployment, seen: Seen, at: float) -> Look:
    """News of a deployment: it answers, it failed, its fuse is short, it is gone."""
    fuse = deployment.fuse_at
    short = fuse is not None and not deployment.state.ended and fuse - at <= FUSE_WARNING_SECONDS
    now: dict[str, Any] = {"state": str(deployment.state), "fuse": fuse if short else None}
    if not seen:
        return now, []
    news = []
    if seen.get("state") != deployment.state and deployment.state in _DEPLOYMENT:
        sort, words = _DEPLOYMENT[deployment.state]
        text = f"Deployment {deployment.name} {words}.{_why(deployment.problem)}"
        news.append(News(sort, f"{deployment.state}@{deployment.step_at}", f"Deployment {words}", text))
    if short and fuse is not None and seen.get("fuse") != fuse:
        minutes = max(0, round((fuse - at) / 60))
        text = f"Deployment {deployment.name} is removed in {minutes} min; extend its fuse if it is still needed."
        news.append(News("fuse", f"{fuse}", "Fuse is short", text))
    return now, news


_DEPLOYMENT = {
    DeploymentState.READY: ("ready", "answers"),
    DeploymentState.FAILED: ("failed", "has failed"),
    DeploymentState.GONE: ("gone", "is gone"),
}

_JOB = {
    Phase.SUCCEEDED: ("ended", "has succeeded"),
    Phase.FAILED: ("failed", "has failed"),
    Phase.CANCELLED: ("ended", "was cancelled"),
    Phase.PAUSED: ("paused", "is paused"),
}


def _job_moved(job: Job) -> list[News]:
    if job.phase not in _JOB:
        return []
    sort, words = _JOB[job.phase]
    why = f" {job.error_message}" if job.phase is Phase.FAILED and job.error_message else ""
    text = f"Job {job.name} {words}.{why}"
    return [News(sort, f"{job.status}@{job.as_of}", f"Job {words}", text)]


def _best(checkpoints: Iterable[Checkpoint]) -> tuple[str, float, int] | None:
    """The metric, its best value and the step of it, by the surest metric that any checkpoint has."""
    known = list(checkpoints)
    for metric, more in _BETTER:
        values = [(one.metrics[metric], one.step) for one in known if metric in one.metrics]
        if values:
            value, step = max(values, key=lambda pair: (pair[0] if more else -pair[0], -pair[1]))
            return metric, value, step
    return None


def _better(job: Job, best: tuple[str, float, int], seen: Seen) -> list[News]:
    metric, value, step = best
    before = seen.get("best")
    if before is not None and (before[0] != metric or before[2] == step):
        return []
    said = f" (before: {before[1]:.4g} at step {before[2]})" if before else ""
    text = f"Job {job.name}: checkpoint at step {step} has {metric} {value:.4g}{said}. One value; it has an interval."
    return [News("checkpoint", f"{metric}@{step}", "Better checkpoint", text)]


def _workflow_moved(workflow: Workflow, stages: Sequence[Stage]) -> list[News]:
    occasion = f"{workflow.state}@{workflow.updated_at}"
    if workflow.state is WorkflowState.WAITING:
        question = next((stage.question for stage in stages if stage.state is StageState.WAITING), "")
        return [
            News("waiting", occasion, "Workflow asks", f"Workflow {workflow.name} waits for a yes. {question}".rstrip())
        ]
    words = {
        WorkflowState.DONE: ("ended", "is done"),
        WorkflowState.FAILED: ("failed", "has failed"),
        WorkflowState.CANCELLED: ("ended", "was cancelled"),
        WorkflowState.PAUSED: ("paused", "is paused"),
    }.get(workflow.state)
    if words is None:
        return []
    text = f"Workflow {workflow.name} {words[1]}, ${workflow.spent:,.2f}.{_why(workflow.problem)}"
    return [News(words[0], occasion, f"Workflow {words[1]}", text)]


def _why(problem: Problem | None) -> str:
    return f" {problem.what}" if problem else ""
