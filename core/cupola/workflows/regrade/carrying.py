"""The stage that shows the answers: beside the workflows, so that a slow judge holds up nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ...benchmarks.hashing import digest
from ...benchmarks.start import grading_room, post_to_endpoint
from ...errors import CupolaError, NotAllowedError, ThrottledError, UnreachableError
from ...graders import PythonSandbox, SandboxUnavailableError
from ...store import answers, regrades, workflows
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ...training.auto_evals import AutoEvals
from ...training.regrade_cost import RegradeEstimate, estimate_regrading
from ...training.regrading import ToRegrade, regrade
from ..kinds import Beside, Scene, Takes, World
from .definition import Regrading


@dataclass(slots=True)
class UnderWay(Beside):
    """Gradings of one workflow as they run."""

    total: int
    spent_before: float
    """By earlier goes at it."""
    done: int = 0
    usd: float = 0.0
    """By this go."""
    wanted: bool = True
    task: asyncio.Task[CupolaError | None] | None = None

    def rest(self) -> None:
        """Let nothing more leave; what has left is waited for, since it is paid for."""
        self.wanted = False

    async def close(self) -> None:
        """Stop at once: the worker ends."""
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self.task


def inputs(world: World, scene: Scene) -> Mapping[str, Any]:
    """The grader, and the answers as far as they are stored now."""
    definition: Regrading = scene.definition
    evals = definition.evals(world.database)
    wanted = [
        [run.id, len(own.outcomes)]
        for run, own in zip(evals.runs, evals.columns, strict=True)
        if not definition.steps or (run.step or 0) in definition.steps
    ]
    return {
        "grader": definition.use.hash,
        "runs": wanted,
        "most": definition.most,
        "answers": digest(sorted(definition.answers)) if definition.answers else None,
    }


def takes(world: World, scene: Scene) -> Takes:
    """What the judges will cost beyond what the journal answers already."""
    definition: Regrading = scene.definition
    evals = definition.evals(world.database)
    return in_dollars(estimate_regrading(world.database, definition.use, definition.todo(world.database, evals)))


def in_dollars(found: RegradeEstimate) -> Takes:
    """An estimate as a stage tells it."""
    words = f"{found.calls.high:,.0f} calls at most."
    words += f" The price of {', '.join(found.unpriced)} is not known." if found.unpriced else ""
    if found.unbounded:
        words += f" Nothing bounds the answers of {', '.join(found.unbounded)}; common lengths are taken."
    return Takes(found.usd.low, found.most, words)


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Begin, or say how far it is.

    Raises:
        UnreachableError, ThrottledError, NotAllowedError: a judge does not answer for now; what was judged is kept.
        CupolaError: a judge refuses for good, or the limit is reached.
    """
    running = world.beside.get(scene.workflow.id)
    if not isinstance(running, UnderWay) or running.task is None:
        return _begun(world, scene, stage)
    if not running.task.done():
        return _so_far(stage, running)
    del world.beside[scene.workflow.id]
    stopped = running.task.result()
    stage = _so_far(stage, running)
    stage = replace(stage, spend=max(stage.spend, journalled(world.database, scene.definition, stage.began_at)))
    if stopped is not None:
        workflows.save_stage(world.database, stage)
        raise stopped
    if not running.wanted:
        # It was to rest, and is to go on again.
        return stage
    return replace(stage, state=StageState.DONE, outputs={"judged": running.done}, problem=None)


def rest(world: World, scene: Scene, _: Stage) -> None:
    """Ask no more; what is judged stays."""
    running = world.beside.get(scene.workflow.id)
    if running is not None:
        running.rest()


def journalled(database: Database, definition: Regrading, since: float | None) -> float:
    """What the grader's verdicts on this evaluation have cost since a time, by the journal."""
    asked: set[tuple[str, int]] = set()
    query = (
        "SELECT calls FROM regrades WHERE grader = ? AND calls != '[]'"
        " AND run_id IN (SELECT id FROM evaluation_runs WHERE job_id = ?)"
    )
    for (calls,) in database.rows(query, (definition.use.hash, definition.owner)):
        asked.update((str(request), int(number)) for request, number in json.loads(calls))
    found = answers.find_many(database, asked).values()
    return sum(one.answer.usd or 0.0 for one in found if (one.answer.answered_at or 0.0) >= (since or 0.0))


def _begun(world: World, scene: Scene, stage: Stage) -> Stage:
    definition: Regrading = scene.definition
    evals = definition.evals(world.database)
    todo = definition.todo(world.database, evals)
    spent = max(stage.spend, journalled(world.database, definition, stage.began_at))
    running = UnderWay(len(todo), spent)
    running.task = asyncio.create_task(_carried(world, scene, todo, running))
    world.beside[scene.workflow.id] = running
    judged = _judged(world.database, definition, evals)
    return replace(stage, done=float(judged), total=float(judged + len(todo)), unit="answers", spend=spent)


def _so_far(stage: Stage, running: UnderWay) -> Stage:
    judged = stage.total - running.total
    return replace(stage, done=judged + running.done, spend=max(stage.spend, running.spent_before + running.usd))


async def _carried(world: World, scene: Scene, todo: Sequence[ToRegrade], running: UnderWay) -> CupolaError | None:
    """Show them; why it stopped early, as the cause itself where a deployment does not answer."""
    definition: Regrading = scene.definition
    left = None if scene.workflow.hard is None else scene.workflow.hard - running.spent_before
    async with world.chat() as ask:
        with PythonSandbox(workers=1) as sandbox:
            room = grading_room(world.database, ask, sandbox, left, post=post_to_endpoint, clock=world.clock)

            def progress(done: int) -> None:
                running.done, running.usd = done, room.calls.purse.spent

            try:
                stopped = await regrade(
                    room, world.database, definition.owner, definition.use, todo, progress, lambda: running.wanted
                )
            except ExceptionGroup as group:
                stopped = _of_group(group)
            progress(running.done)
    if stopped is None:
        return None
    causes = [lane.closed for lane in room.calls.lanes.values() if lane.closed is not None]
    passing = (UnreachableError, ThrottledError, NotAllowedError)
    return next((cause for cause in causes if isinstance(cause, passing)), stopped)


def _of_group(group: ExceptionGroup[Exception]) -> CupolaError:
    """The first error in words among those of several gradings; what has none goes on as it is."""
    for error in group.exceptions:
        if isinstance(error, CupolaError):
            return error
        if isinstance(error, SandboxUnavailableError):
            return CupolaError("A part of the grader is python, which cannot be run here.", str(error))
    raise group


def _judged(database: Database, definition: Regrading, evals: AutoEvals) -> int:
    """How many of the wanted answers have a reward already."""
    wanted, found = set(definition.answers), 0
    for row, run in enumerate(evals.runs):
        if not definition.steps or evals.steps[row] in definition.steps:
            known = regrades.rewards_of_run(database, run.id, definition.use.hash)
            found += sum(not wanted or (run.id, item) in wanted for item in known)
    return found
