"""Carries out what the step function says, one small deed at a time, each stored before the next."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import CupolaError, NotAllowedError, StoreError, ThrottledError, UnreachableError
from ..models import Problem
from ..store import workflows
from ..store.workflows import Stage, StageState, Workflow, WorkflowState
from .decide import Action, Ask, Begin, Finish, GoOn, Prospect, Rest, Stop, TakeOver, decide
from .kinds import FREE, Kind, Scene, World, inputs_hash

log = logging.getLogger("cupola.workflows")

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Executor:
    """Carries workflows of some kinds on."""

    world: World
    kinds: Mapping[str, Kind]

    async def advance(self, workflow_id: int, failures: int = 0) -> float | None:
        """Do the next thing of one workflow; return after how many seconds to look again, None if it rests.

        Args:
            workflow_id: Which.
            failures: How often in a row the service could not be reached for it.

        Raises:
            StoreError: the store cannot be written now; nothing was done that is not stored.
        """
        workflow = workflows.get(self.world.database, workflow_id)
        if workflow is None:
            return None
        kind = self.kinds[workflow.kind]
        scene = self._scene(workflow, kind)
        stages = list(scene.stages.values())
        try:
            action = decide(workflow, stages, lambda stage: self._prospect(kind, scene, stage))
        except CupolaError as error:
            if isinstance(error, StoreError):
                raise
            stage = next(stage for stage in stages if not stage.state.settled)
            self._fail(workflow, stage, error.problem)
            return None
        return await self._carried_out(workflow, kind, scene, action, failures)

    def settle(self, workflow: Workflow) -> None:
        """Bring the stages of a workflow that is paused or called off to rest."""
        kind = self.kinds[workflow.kind]
        scene = self._scene(workflow, kind)
        for stage in scene.stages.values():
            if stage.state is StageState.RUNNING:
                kind.step(stage.name).rest(self.world, scene, stage)
                self._save(replace(stage, state=StageState.PAUSED))
        if workflow.state is WorkflowState.CANCELLED:
            self._call_off(kind, scene)

    def _call_off(self, kind: Kind, scene: Scene) -> None:
        for stage in workflows.stages(self.world.database, scene.workflow.id):
            if stage.began_at is not None and stage.reused_from is None:
                kind.step(stage.name).abandon(self.world, scene, stage)
            if not stage.state.settled:
                self._save(replace(stage, state=StageState.SKIPPED, question="", finished_at=self.world.clock()))

    async def _carried_out(
        self, workflow: Workflow, kind: Kind, scene: Scene, action: Action, failures: int
    ) -> float | None:
        now = self.world.clock()
        match action:
            case Rest():
                return None
            case Finish():
                workflows.move(self.world.database, workflow.id, [WorkflowState.RUNNING], WorkflowState.DONE, now)
                return None
            case TakeOver(stage, ahead, earlier):
                self._save(_taken_over(stage, ahead, earlier, now))
            case Ask(stage, ahead, question):
                takes = ahead.takes
                waiting = replace(stage, state=StageState.WAITING, question=question, low=takes.low, high=takes.high)
                self._save(waiting)
                workflows.move(self.world.database, workflow.id, [WorkflowState.RUNNING], WorkflowState.WAITING, now)
                return None
            case Stop(stage, takes, problem):
                self._fail(workflow, replace(stage, low=takes.low, high=takes.high), problem)
                return None
            case Begin(stage, ahead):
                self._save(_begun(stage, ahead, now))
            case GoOn(stage):
                return await self._gone_on(workflow, kind, scene, stage, failures)
        return 0.0

    async def _gone_on(self, workflow: Workflow, kind: Kind, scene: Scene, stage: Stage, failures: int) -> float | None:
        now = self.world.clock()
        if stage.state is StageState.PAUSED:
            stage = replace(stage, state=StageState.RUNNING, resumed_at=now, resumed_done=stage.done)
        try:
            after = await kind.step(stage.name).go(self.world, scene, stage)
        except (UnreachableError, ThrottledError, NotAllowedError) as error:
            # An outage, or a token that has expired: it passes, or a person signs in again.
            self._save(replace(stage, problem=error.problem))
            return _pause(failures, error.retry_after)
        except StoreError:
            raise
        except CupolaError as error:
            self._fail(workflow, self._fresh(stage), error.problem)
            return None
        except OSError as error:
            # A full disk passes; files are written whole or not at all.
            words = f"A file cannot be written: {error.strerror or error}."
            self._save(replace(stage, problem=Problem(words, remedy="Make room; it goes on by itself.")))
            return _pause(failures, None)
        if after.state is StageState.DONE:
            after = replace(after, finished_at=self.world.clock(), reserved=0.0, problem=None)
        if after != stage or stage.problem is not None:
            self._save(after)
        return 0.0 if after.state is StageState.DONE or after.notes != stage.notes else LOOK_SECONDS

    def _prospect(self, kind: Kind, scene: Scene, stage: Stage) -> Prospect:
        step = kind.step(stage.name)
        inputs = step.inputs(self.world, scene)
        hashed = inputs_hash(kind.name, step.name, inputs)
        earlier = workflows.finished_like(self.world.database, kind.name, step.name, hashed)
        if earlier is not None and not step.still_good(self.world, earlier):
            earlier = None
        takes = step.takes(self.world, scene) if step.takes is not None and earlier is None else FREE
        return Prospect(inputs, hashed, earlier, takes, step.question(scene) if step.question else "")

    def _scene(self, workflow: Workflow, kind: Kind) -> Scene:
        stages = workflows.stages(self.world.database, workflow.id)
        return Scene(workflow, kind.parse(workflow.definition), {stage.name: stage for stage in stages})

    def _fresh(self, stage: Stage) -> Stage:
        return workflows.stage(self.world.database, stage.workflow, stage.name) or stage

    def _save(self, stage: Stage) -> None:
        workflows.save_stage(self.world.database, stage)

    def _fail(self, workflow: Workflow, stage: Stage, problem: Problem) -> None:
        now = self.world.clock()
        log.warning("Workflow %d, %s: %s %s", workflow.id, stage.name, problem.what, problem.remedy)
        self._save(replace(stage, state=StageState.FAILED, finished_at=now, reserved=0.0, problem=problem))
        before = [WorkflowState.RUNNING]
        workflows.move(self.world.database, workflow.id, before, WorkflowState.FAILED, now, problem)


def _begun(stage: Stage, ahead: Prospect, now: float) -> Stage:
    return replace(
        stage,
        state=StageState.RUNNING,
        inputs=ahead.inputs,
        inputs_hash=ahead.hash,
        low=ahead.takes.low,
        high=ahead.takes.high,
        began_at=stage.began_at or now,
        resumed_at=now,
        resumed_done=stage.done,
        finished_at=None,
        problem=None,
    )


def _taken_over(stage: Stage, ahead: Prospect, earlier: Stage, now: float) -> Stage:
    return replace(
        stage,
        state=StageState.DONE,
        inputs=ahead.inputs,
        inputs_hash=ahead.hash,
        outputs=earlier.outputs,
        done=earlier.done,
        total=earlier.total,
        unit=earlier.unit,
        low=0.0,
        high=0.0,
        began_at=now,
        finished_at=now,
        problem=None,
        reused_from=earlier.workflow if earlier.reused_from is None else earlier.reused_from,
    )


def _pause(failures: int, retry_after: float | None) -> float:
    wait = min(_FIRST_PAUSE * 2.0 ** min(failures, 10), _LONGEST_PAUSE) * (0.75 + 0.5 * random.random())
    return max(wait, min(retry_after or 0.0, 3_600.0))
