"""The stage that times: a few questions, one call at a time, the arms in turns, so that no queue is measured."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ...benchmarks.calls import Calls, Request
from ...benchmarks.definition import Benchmark
from ...benchmarks.estimate import estimate
from ...benchmarks.hashing import digest
from ...benchmarks.items import Item, items_of
from ...benchmarks.journal import Journal
from ...benchmarks.purse import Purse
from ...benchmarks.schedule import asks_of
from ...benchmarks.table import Kind, kind_of
from ...errors import NotFoundError
from ...models import Problem
from ...store import answers, benchmarks, workflows
from ...store.answers import AnswerState, Entry
from ...store.benchmarks import RunState
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ..kinds import FREE, Beside, Scene, Takes, World
from .definition import Distillation
from .measuring import AFTER, BEFORE, CONTROL, TEACHER, after_benchmarks, refuse_if_gone
from .runs import in_dollars

_ROLES = {TEACHER: "teacher", AFTER: "student after", BEFORE: "student before", CONTROL: "control"}
"""In the order of their first turn, with the names that a verdict gives them."""
_NEEDED = ("teacher", "student after")
_TIMED = (Kind.ANSWERED, Kind.TRUNCATED, Kind.REFUSED)
_WAITS = Problem("A benchmark is under way.", "Its calls would be in the way of those that are timed.")


@dataclass(frozen=True)
class Timed:
    """One arm with the questions that it is timed on."""

    role: str
    benchmark: Benchmark
    """With this arm alone, which nobody grades."""
    items: tuple[Item, ...]

    @cached_property
    def requests(self) -> tuple[Request, ...]:
        """What is asked, item by item."""
        arm = self.benchmark.arms[0]
        return tuple(
            Request(arm.deployment, arm.body(list(item.messages)), ask.number, "arm", arm.model, arm.tier, ask.request)
            for item, ask in zip(self.items, asks_of(self.benchmark, self.items), strict=True)
        )


@dataclass(slots=True)
class UnderWay(Beside):
    """The sample of one workflow as it is taken."""

    arms: Sequence[Timed]
    wanted: bool = True
    task: asyncio.Task[None] | None = None

    def rest(self) -> None:
        """Let no further call leave; the one that has left is waited for, since it is paid for."""
        self.wanted = False

    async def close(self) -> None:
        """Stop at once: the worker ends."""
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self.task


def inputs(world: World, scene: Scene) -> Mapping[str, Any]:
    """Who is asked what."""
    arms = sample(world.database, scene)
    return {
        "questions": max((len(arm.items) for arm in arms), default=0),
        "asked": [[arm.role, digest([request.key for request in arm.requests])] for arm in arms],
    }


def takes(world: World, scene: Scene) -> Takes:
    """What the sample will cost beyond what the journal answers already."""
    found = [estimate(world.database, arm.benchmark, arm.items) for arm in sample(world.database, scene)]
    return in_dollars(found) if found else FREE


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Begin, or say how far it is; the outputs hold every duration.

    Raises:
        UnreachableError, ThrottledError, NotAllowedError: a deployment does not answer for now.
        CupolaError: teacher or student are gone, or the limit is reached.
    """
    running = world.beside.get(scene.workflow.id)
    if not isinstance(running, UnderWay) or running.task is None:
        return _begun(world, scene, stage)
    stage = _counted(world.database, stage, running.arms)
    if not running.task.done():
        return stage
    del world.beside[scene.workflow.id]
    workflows.save_stage(world.database, stage)
    running.task.result()
    if not running.wanted:
        # It was to rest, and is to go on again.
        return stage
    return replace(stage, state=StageState.DONE, outputs=_told(world.database, running.arms), problem=None)


def rest(world: World, scene: Scene, _: Stage) -> None:
    """Ask no more; what is answered stays."""
    running = world.beside.get(scene.workflow.id)
    if running is not None:
        running.rest()


def sample(database: Database, scene: Scene) -> list[Timed]:
    """The arms that are timed, each with the same questions; none where no sample is wanted.

    All answers bear one number that no other sample has: a branch with another student asks the teacher anew beside
    it, while a sample that was broken off finds what it has.
    """
    definition: Distillation = scene.definition
    if not definition.latency_items:
        return []
    rows = benchmarks.items(database, definition.test.split)
    places = [item.place for item in chosen(definition, rows)]
    found = []
    for benchmark in after_benchmarks(scene):
        items = items_of(benchmark, rows)
        few = tuple(replace(items[place], place=number) for number, place in enumerate(places))
        for arm in benchmark.arms:
            alone = replace(benchmark, arms=(replace(arm, repeats=1, series=0),), graders=())
            found.append(Timed(_role(arm.name), alone, few))
    found.sort(key=lambda arm: list(_ROLES.values()).index(arm.role))
    asked = [[arm.role, [request.hash for request in arm.requests]] for arm in found]
    series = int(digest([definition.series, asked])[:10], 16)
    return [_in_series(arm, series) for arm in found]


def chosen(definition: Distillation, rows: Sequence[str]) -> list[Item]:
    """As many of the test's items as are timed, drawn by the test's seed, no prompt twice."""
    items = items_of(definition.test, rows)
    random.Random(definition.test.seed).shuffle(items)
    return list({item.key: item for item in items}.values())[: definition.latency_items]


async def in_turns(calls: Calls, arms: Sequence[Timed], wanted: Callable[[], bool] = lambda: True) -> None:
    """Ask item by item, one call at a time; a different arm goes first with each item.

    An arm that is not needed for the verdict is left out from where its deployment turns out to be gone.

    Raises:
        CupolaError: a deployment does not answer, or the budget is used up; what was answered is in the journal.
    """
    left_out: set[str] = set()
    for number in range(max((len(arm.items) for arm in arms), default=0)):
        first = number % len(arms)
        for arm in (*arms[first:], *arms[:first]):
            if not wanted():
                return
            if arm.role in left_out:
                continue
            await calls.answer(arm.requests[number], 0.0)
            closed = calls.lane(arm.requests[number].deployment).closed
            if closed is not None and (arm.role in _NEEDED or not isinstance(closed, NotFoundError)):
                raise closed
            if closed is not None:
                left_out.add(arm.role)


def _begun(world: World, scene: Scene, stage: Stage) -> Stage:
    arms = sample(world.database, scene)
    counted = _counted(world.database, stage, arms)
    if stage.notes != counted.notes:
        return counted
    if _others_ask(world.database):
        return replace(counted, problem=_WAITS)
    if counted.done < counted.total:
        refuse_if_gone(world, scene)
    # What a worker that died had paid for is not in the workflow's sum yet.
    left = None if scene.left is None else scene.left - (counted.spend - stage.spend)
    running = UnderWay(arms)
    running.task = asyncio.create_task(_taken(world, left, running))
    world.beside[scene.workflow.id] = running
    return replace(counted, problem=None)


async def _taken(world: World, left: float | None, running: UnderWay) -> None:
    async with world.chat() as ask:
        calls = Calls(ask, Journal(world.database), Purse(left), 1.0, 1, clock=world.clock)
        await in_turns(calls, running.arms, lambda: running.wanted)


def _counted(database: Database, stage: Stage, arms: Sequence[Timed]) -> Stage:
    """How far it is and what it has cost, by the journal, so that nothing is lost with a worker."""
    entries = _known(database, arms)
    paid = sum(entry.answer.usd or 0.0 for entry in entries.values())
    notes = {"before": paid, "already": stage.spend, **stage.notes}
    return replace(
        stage,
        unit="answers",
        total=float(sum(len(arm.items) for arm in arms)),
        done=float(sum(entry.answer.state is AnswerState.ANSWERED for entry in entries.values())),
        spend=max(stage.spend, notes["already"] + paid - notes["before"]),
        notes=notes,
    )


def _told(database: Database, arms: Sequence[Timed]) -> Mapping[str, Any]:
    entries = _known(database, arms)
    found = {}
    for arm in arms:
        own = [entries.get(request.key) for request in arm.requests]
        timed = [entry.answer if entry is not None and kind_of(entry.answer) in _TIMED else None for entry in own]
        found[arm.role] = {
            "seconds": [one and one.seconds for one in timed],
            "first_token": [one and one.first_token_seconds for one in timed],
        }
    return {"arms": found}


def _known(database: Database, arms: Sequence[Timed]) -> dict[tuple[str, int], Entry]:
    return answers.find_many(database, {request.key for arm in arms for request in arm.requests})


def _others_ask(database: Database) -> bool:
    """Whether a benchmark is asking from here just now; those that the service carries out disturb nobody."""
    moving = benchmarks.runs_in(database, RunState.RUNNING, RunState.WANTED)
    return any(run.engine == "here" for run in moving)


def _in_series(arm: Timed, series: int) -> Timed:
    alone = replace(arm.benchmark.arms[0], series=series)
    return replace(arm, benchmark=replace(arm.benchmark, arms=(alone,)))


def _role(name: str) -> str:
    return next(role for beginning, role in _ROLES.items() if name.startswith(f"{beginning} ("))
