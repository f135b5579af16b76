"""What the screen of a workflow draws: its stages put together to the steps that a person thinks in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cupola.store.workflows import Stage, StageState, Workflow

_TITLES = {
    "benchmark": "Benchmark",
    "roles": "Roles",
    "generate": "Generate",
    "filter": "Filter",
    "train": "Train",
    "watch": "Train",
    "deploy": "Deploy",
    "re-benchmark": "Re-benchmark",
    "latency": "Latency",
    "verdict": "Verdict",
    "clean-up": "Clean up",
    "regrade": "Regrade",
    "curve": "Curve",
}
RESULTS = ("verdict", "curve")
"""The stages that say what has come of it."""
_TOGETHER = {"watch": "train"}
"""A stage that is shown with the one before: a job is submitted, then watched; to a person it trains."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is shown as one: a stage, or several that belong together."""

    name: str
    title: str
    stages: tuple[Stage, ...]

    @property
    def current(self) -> Stage:
        """The stage that tells how the step stands: the first that is not settled, else the last."""
        return next((stage for stage in self.stages if not stage.state.settled), self.stages[-1])

    @property
    def state(self) -> StageState:
        """How the step stands; once its first stage is done, a pending second one counts as under way."""
        state = self.current.state
        begun = any(stage.state.settled for stage in self.stages)
        return StageState.RUNNING if state is StageState.PENDING and begun else state

    @property
    def spend(self) -> float:
        """Dollars that it has cost this workflow."""
        return sum(stage.spend for stage in self.stages)


@dataclass(frozen=True, slots=True)
class WorkflowView:
    """A workflow as known at one moment."""

    workflow: Workflow
    steps: tuple[Step, ...]
    now: float

    @property
    def current(self) -> Step:
        """Where it stands: the first step that is not settled, else what has come of it, else the last."""
        unsettled = next((step for step in self.steps if not step.state.settled), None)
        verdict = next((step for step in self.steps if step.name in RESULTS), None)
        done = verdict is not None and verdict.state is StageState.DONE
        resting = unsettled is None or unsettled.state in (StageState.PENDING, StageState.WAITING)
        if verdict is not None and done and resting:
            # What is left then is an offer to clean up; the verdict is what a person came for.
            return verdict
        return unsettled or self.steps[-1]

    def step(self, name: str) -> Step | None:
        """One step."""
        return next((step for step in self.steps if step.name == name), None)

    def stage(self, name: str) -> Stage | None:
        """One stage."""
        return next((stage for step in self.steps for stage in step.stages if stage.name == name), None)

    @property
    def asking(self) -> Stage | None:
        """The stage that waits for a yes."""
        every = (stage for step in self.steps for stage in step.stages)
        return next((stage for stage in every if stage.state is StageState.WAITING), None)

    @property
    def failed(self) -> Stage | None:
        """The stage that could not go on."""
        every = (stage for step in self.steps for stage in step.stages)
        return next((stage for stage in every if stage.state is StageState.FAILED), None)


def view_of(workflow: Workflow, stages: Sequence[Stage], now: float) -> WorkflowView | None:
    """A workflow with its steps; None where it has no stage."""
    grouped: dict[str, list[Stage]] = {}
    for stage in stages:
        home = _TOGETHER.get(stage.name, "")
        grouped.setdefault(home if home in grouped else stage.name, []).append(stage)
    steps = tuple(Step(name, title_of(name), tuple(found)) for name, found in grouped.items())
    return WorkflowView(workflow, steps, now) if steps else None


def title_of(stage: str) -> str:
    """A stage as a heading; one of another kind of workflow by its own name."""
    return _TITLES.get(stage, stage.capitalize())
