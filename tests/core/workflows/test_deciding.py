from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.wire.requests import JobRequest
from cupola.errors import CupolaError, NotAllowedError, StoreError, ThrottledError, UnreachableError
from cupola.models import Job
from cupola.store import workflows
from cupola.store.database import Database
from cupola.store.workflows import Gates, Stage, StageState, Workflow, WorkflowState
from cupola.workflows import control
from cupola.workflows.decide import Ask, Begin, Finish, GoOn, Prospect, Rest, Stop, TakeOver, decide, stopped_by_limit
from cupola.workflows.executor import Executor
from cupola.workflows.kinds import FREE, Kind, Scene, Step, Takes, World

PLAIN = Workflow(1, "small", "Small", WorkflowState.RUNNING, "{}", 1.0, 1.0)


def stage(name: str, state: StageState = StageState.PENDING, **fields: Any) -> Stage:
    return Stage(1, name, 0, state, **fields)


def ahead(takes: Takes = FREE, earlier: Stage | None = None, question: str = "") -> Prospect:
    return Prospect({}, "hash", earlier, takes, question)


def decided(workflow: Workflow, found: Stage, prospect: Prospect) -> object:
    return decide(workflow, [found], lambda _: prospect)


@pytest.mark.parametrize("state", [state for state in WorkflowState if state is not WorkflowState.RUNNING])
def test_nothing_is_done_for_a_workflow_that_does_not_run(state: WorkflowState) -> None:
    assert decided(replace(PLAIN, state=state), stage("a"), ahead()) == Rest()


def test_the_first_unsettled_stage_is_the_next() -> None:
    stages = [stage("a", StageState.DONE), stage("b", StageState.SKIPPED), stage("c", StageState.RUNNING), stage("d")]

    assert decide(PLAIN, stages, lambda _: ahead()) == GoOn(stages[2])
    assert decide(PLAIN, stages[:2], lambda _: ahead()) == Finish()


def test_what_is_known_already_is_taken_over_before_anything_is_asked_or_paid() -> None:
    earlier = stage("a", StageState.DONE, outputs={"x": 1})
    poor = replace(PLAIN, hard=0.0, gates=Gates.EACH)

    action = decided(poor, stage("a"), ahead(Takes(5, 9), earlier, "Really?"))

    assert isinstance(action, TakeOver)
    assert action.earlier is earlier


@given(
    hard=st.floats(0, 100),
    spent=st.floats(0, 100),
    reserved=st.floats(0, 100),
    low=st.floats(0, 50),
    more=st.floats(0, 50),
    agreed=st.booleans(),
)
def test_no_stage_begins_whose_dearest_outcome_passes_the_hard_limit(
    hard: float, spent: float, reserved: float, low: float, more: float, agreed: bool
) -> None:
    rich = replace(PLAIN, hard=hard, spent=spent, reserved=reserved)
    takes = Takes(low, low + more)

    action = decided(rich, stage("a", agreed_at=1.0 if agreed else None), ahead(takes))

    if isinstance(action, Begin) and not takes.free:
        assert spent + reserved + low + more <= hard + 1e-9
    else:
        assert isinstance(action, Begin | Stop)


@pytest.mark.parametrize(("kind", "noun"), [("distil", "distill"), ("raft", "raft"), ("raft-data", "raft")])
def test_a_stage_that_may_not_begin_names_the_command_of_its_own_kind(kind: str, noun: str) -> None:
    action = decided(replace(PLAIN, kind=kind, hard=1.0), stage("a"), ahead(Takes(1.0, 3.0)))
    assert isinstance(action, Stop)
    assert f"cupola {noun} resume 1 --max-cost" in action.problem.remedy


def test_a_limit_that_stopped_a_stage_is_told_from_other_failures() -> None:
    rich = replace(PLAIN, hard=1.0)
    action = decided(rich, stage("a"), ahead(Takes(1.0, 3.0)))
    assert isinstance(action, Stop)
    assert "--max-cost" in action.problem.remedy

    failed = stage("a", StageState.FAILED, low=1.0, high=3.0, problem=action.problem)

    assert stopped_by_limit(rich, failed)
    assert not stopped_by_limit(rich, replace(failed, problem=replace(action.problem, what="The job has failed.")))


def test_the_soft_limit_asks_once_and_a_yes_lets_the_stage_begin() -> None:
    careful = replace(PLAIN, soft=1.0, spent=0.5)

    asked = decided(careful, stage("a"), ahead(Takes(0.2, 0.8)))
    agreed = decided(careful, stage("a", agreed_at=2.0), ahead(Takes(0.2, 0.8)))
    below = decided(careful, stage("a"), ahead(Takes(0.2, 0.4)))

    assert isinstance(asked, Ask)
    assert "soft limit" in asked.question
    assert isinstance(agreed, Begin)
    assert isinstance(below, Begin)


def test_what_cannot_be_bounded_is_asked_where_there_is_a_limit() -> None:
    unknown = Takes(0.0, None, "The price of x is not known.")

    assert isinstance(decided(replace(PLAIN, hard=5.0), stage("a"), ahead(unknown)), Ask)
    assert isinstance(decided(PLAIN, stage("a"), ahead(unknown)), Begin)


async def nobody(_: JobRequest, __: str, /) -> Job:
    raise AssertionError("no job is wanted here")


class Deeds:
    """A kind of two steps whose deeds are counted."""

    def __init__(self, trouble: dict[str, list[Exception]] | None = None) -> None:
        self.done: list[str] = []
        self.trouble = trouble or {}
        self.rested: list[str] = []
        self.kind = Kind("small", lambda text: text, (self.step("first"), self.step("second")))

    def step(self, name: str) -> Step:
        async def go(_: World, __: Scene, at: Stage) -> Stage:
            if self.trouble.get(name):
                raise self.trouble[name].pop(0)
            if "paid" not in at.notes:
                self.done.append(name)
                return replace(at, notes={"paid": True}, spend=1.0)
            return replace(at, state=StageState.DONE, outputs={"by": name})

        def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
            return {"name": name, "of": scene.definition}

        def rest(_: World, __: Scene, at: Stage) -> None:
            self.rested.append(at.name)

        return Step(name, name, go, inputs=inputs, rest=rest)

    def executor(self, database: Database) -> Executor:
        return Executor(World(database, nobody, lambda: 7.0), {"small": self.kind})


def added(database: Database, definition: str = "{}") -> int:
    workflow = replace(PLAIN, definition=definition)
    return workflows.add(database, workflow, [Stage(0, "first", 0), Stage(0, "second", 1)])


async def carried(executor: Executor, number: int, most: int = 50) -> int:
    """Advance until it rests; return how often."""
    for turn in range(most):
        if await executor.advance(number) is None:
            return turn
    raise AssertionError("it never rests")


async def test_a_new_executor_after_every_deed_comes_to_the_same_end(database: Database) -> None:
    deeds, number = Deeds(), added(database)
    while await deeds.executor(database).advance(number) is not None:
        pass

    found = workflows.get(database, number)
    assert found is not None
    assert found.state is WorkflowState.DONE
    assert found.spent == 2.0
    assert deeds.done == ["first", "second"]


async def test_the_same_inputs_are_taken_over_and_not_paid_again(database: Database) -> None:
    deeds = Deeds()
    first, same, other = added(database), added(database), added(database, "other")

    for number in (first, same, other):
        await carried(deeds.executor(database), number)

    assert deeds.done == ["first", "second", "first", "second"]
    assert [stage.reused_from for stage in workflows.stages(database, same)] == [first, first]
    assert workflows.get(database, same).spent == 0.0  # type: ignore[union-attr]  # it was added above


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotAllowedError("The token has expired."), "The token has expired."),
        (ThrottledError("Patience.", retry_after=0.1), "Patience."),
        (OSError(errno.ENOSPC, "No space left on device"), "A file cannot be written: No space left on device."),
    ],
)
async def test_what_passes_is_told_and_the_stage_goes_on_by_itself(
    database: Database, error: Exception, told: str
) -> None:
    deeds = Deeds({"first": [error]})
    executor, number = deeds.executor(database), added(database)
    await executor.advance(number)

    wait = await executor.advance(number)

    stage = workflows.stage(database, number, "first")
    assert stage is not None
    assert stage.problem is not None
    assert stage.problem.what == told
    assert stage.state is StageState.RUNNING
    assert wait is not None
    assert wait > 0.2
    await carried(executor, number)
    assert deeds.done == ["first", "second"]


async def test_a_store_that_cannot_be_written_is_left_to_the_worker(database: Database) -> None:
    deeds = Deeds({"first": [StoreError("The disk is full.")]})
    executor, number = deeds.executor(database), added(database)
    await executor.advance(number)

    with pytest.raises(StoreError):
        await executor.advance(number)

    await carried(executor, number)
    assert deeds.done == ["first", "second"]


async def test_an_outage_is_sat_out_and_told(database: Database) -> None:
    deeds = Deeds({"first": [UnreachableError("No network."), UnreachableError("No network.")]})
    executor, number = deeds.executor(database), added(database)
    await executor.advance(number)

    waits = [await executor.advance(number, failures) for failures in (0, 1)]

    told = workflows.stage(database, number, "first")
    assert told is not None
    assert told.problem is not None
    assert told.problem.what == "No network."
    assert told.state is StageState.RUNNING
    assert waits[0] is not None
    assert waits[1] is not None
    assert 0.5 < waits[0] < waits[1] * 1.8
    await carried(executor, number)
    assert workflows.stage(database, number, "first").problem is None  # type: ignore[union-attr]  # as above


async def test_a_failure_stops_with_its_remedy_and_resuming_tries_the_stage_again(database: Database) -> None:
    deeds = Deeds({"second": [CupolaError("It broke.", "Why.", "Mend it.")]})
    executor, number = deeds.executor(database), added(database)
    await carried(executor, number)
    failed = workflows.get(database, number)
    assert failed is not None
    assert failed.state is WorkflowState.FAILED
    assert failed.problem is not None
    assert failed.problem.remedy == "Mend it."

    control.resume(database, deeds.kind, number, 8.0)
    await carried(executor, number)

    assert deeds.done == ["first", "second"]
    assert workflows.get(database, number).state is WorkflowState.DONE  # type: ignore[union-attr]  # as above


async def test_a_pause_brings_the_stage_to_rest_and_it_goes_on_where_it_was(database: Database) -> None:
    deeds, number = Deeds(), added(database)
    executor = deeds.executor(database)
    await executor.advance(number)
    await executor.advance(number)
    paused = control.pause(database, number, 8.0)
    executor.settle(paused)

    assert await executor.advance(number) is None
    assert deeds.rested == ["first"]
    control.resume(database, deeds.kind, number, 9.0)
    await carried(executor, number)
    assert deeds.done == ["first", "second"]


async def test_what_was_called_off_skips_the_rest_and_cannot_go_on(database: Database) -> None:
    deeds, number = Deeds(), added(database)
    executor = deeds.executor(database)
    await executor.advance(number)
    executor.settle(control.cancel(database, number, 8.0))

    assert [stage.state for stage in workflows.stages(database, number)] == [StageState.SKIPPED] * 2
    with pytest.raises(CupolaError, match="cancelled"):
        control.resume(database, deeds.kind, number, 9.0)
