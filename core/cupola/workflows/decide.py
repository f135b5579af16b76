"""The pure step function: from what is stored to what is to be done next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..models import Problem
from ..store.workflows import Gates, Stage, StageState, Workflow, WorkflowState
from .kinds import Takes
from .naming import resume_command


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is known of a stage before it begins."""

    inputs: Mapping[str, Any]
    hash: str
    earlier: Stage | None
    """A finished stage of the same inputs whose outputs can be taken over."""
    takes: Takes
    question: str = ""
    """What the step always asks."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing is to be done now."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Every stage is settled."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Take the outputs of an earlier stage of the same inputs."""

    stage: Stage
    prospect: Prospect
    earlier: Stage


@dataclass(frozen=True, slots=True)
class Ask:
    """Wait until a person says yes."""

    stage: Stage
    prospect: Prospect
    question: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The stage cannot begin."""

    stage: Stage
    takes: Takes
    problem: Problem


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a stage."""

    stage: Stage
    prospect: Prospect


@dataclass(frozen=True, slots=True)
class GoOn:
    """Go on with a stage that has begun."""

    stage: Stage


Action: TypeAlias = Rest | Finish | TakeOver | Ask | Stop | Begin | GoOn


def decide(workflow: Workflow, stages: Sequence[Stage], prospect: Callable[[Stage], Prospect]) -> Action:
    """What is to be done next.

    Args:
        workflow: As stored.
        stages: In order, as stored.
        prospect: What is known of a stage that has not begun; asked for one at most.
    """
    if workflow.state is not WorkflowState.RUNNING:
        return Rest()
    stage = next((stage for stage in stages if not stage.state.settled), None)
    if stage is None:
        return Finish()
    if stage.state in (StageState.RUNNING, StageState.PAUSED):
        return GoOn(stage)
    if stage.state is StageState.WAITING:
        return Rest()
    return _opening(workflow, stage, prospect(stage))


def _opening(workflow: Workflow, stage: Stage, ahead: Prospect) -> Action:
    if ahead.earlier is not None:
        return TakeOver(stage, ahead, ahead.earlier)
    if (problem := over_limit(workflow, stage, ahead.takes)) is not None:
        return Stop(stage, ahead.takes, problem)
    if stage.agreed_at is None and (question := ahead.question or _money_question(workflow, ahead.takes)):
        return Ask(stage, ahead, question)
    return Begin(stage, ahead)


def over_limit(workflow: Workflow, stage: Stage, takes: Takes) -> Problem | None:
    """Why a stage may not begin: its dearest outcome would pass the hard limit."""
    if workflow.hard is None or takes.high is None or takes.free:
        return None
    left = workflow.hard - workflow.spent - workflow.reserved
    if takes.high <= left:
        return None
    return Problem(
        f"The stage {stage.name} may cost up to ${takes.high:,.2f}, and ${max(left, 0.0):,.2f} may still be spent.",
        f"The hard limit is ${workflow.hard:,.2f}; ${workflow.spent:,.2f} are spent and at most"
        f" ${workflow.reserved:,.2f} under way. {takes.words}".rstrip(),
        f"Raise the limit and go on: {resume_command(workflow.kind, workflow.id)} --max-cost USD",
    )


def stopped_by_limit(workflow: Workflow, stage: Stage) -> bool:
    """Whether a stage has failed because the hard limit would have been passed."""
    if workflow.hard is None or stage.state is not StageState.FAILED or stage.problem is None:
        return False
    takes = Takes(stage.low or 0.0, stage.high)
    now = over_limit(workflow, stage, takes)
    return stage.problem.what.startswith("The budget of ") or (now is not None and now.what == stage.problem.what)


def _money_question(workflow: Workflow, takes: Takes) -> str:
    if takes.free:
        return ""
    if takes.high is None:
        if workflow.hard is None and workflow.soft is None and workflow.gates is Gates.ONCE:
            return ""
        return f"What it costs cannot be bounded. {takes.words} Go on?"
    likely = f"It will cost ${takes.low:,.2f} to ${takes.high:,.2f}"
    if workflow.soft is not None and workflow.spent + workflow.reserved + takes.high > workflow.soft:
        return f"{likely}, which may pass the soft limit of ${workflow.soft:,.2f}. Go on?"
    return f"{likely}. Go on?" if workflow.gates is Gates.EACH else ""
