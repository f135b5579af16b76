"""Stored answers shown to a model grader by the worker: estimated, journalled, bounded, gone on with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cupola.azure.wire import evaluations as wire
from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.calls import AskChat
from cupola.errors import NotFoundError, UsageError
from cupola.models import Evaluation, Job
from cupola.store import answers, evaluations, jobs, regrades, workflows
from cupola.store.database import Database
from cupola.store.workflows import Stage, Workflow, WorkflowState
from cupola.workflows import control
from cupola.workflows.executor import Executor
from cupola.workflows.kinds import World
from cupola.workflows.known import KINDS
from cupola.workflows.regrade.definition import Regrading, parse, to_json_text
from cupola.workflows.regrade.start import estimate, start
from cupola.workflows.regrade.steps import REGRADE

NOW = 1_800_000_000.0
ITEMS = 12
JOB = Job("ftjob-1", "o4-mini", "reinforcement", "running", 0, suffix="count",
          raw='{"method": {"type": "reinforcement"}}')  # fmt: skip
JUDGE = {"type": "score_model", "name": "judge", "model": "gpt-4.1-mini", "range": [0, 1], "pass_threshold": 0.5,
         "input": [{"role": "user", "content": "Is {{sample.output_text}} right for {{item.want}}?"}],
         "sampling_params": {"max_completion_tokens": 50}}  # fmt: skip

Answer = Callable[[str], Awaitable[ChatReply]]


@pytest.fixture
def evaluated(database: Database) -> Database:
    """Two passes of twelve items: at step 0 all answers are wrong, at step 5 those of even items are right."""
    jobs.save(database, [JOB])
    evaluations.save(database, Evaluation(JOB.id, "eval_1", "n", 0, "field"))
    for step in (0, 5):
        run = wire.run({"id": f"run-{step}", "name": f"Step {step}", "status": "completed"}, "eval_1")
        assert run is not None
        evaluations.save_runs(database, JOB.id, [run])
        items = [wire.item(_item(place, step), run.id, place) for place in range(ITEMS)]
        evaluations.save_items(database, JOB.id, run.id, [one for one in items if one], whole=True)
    return database


def _item(place: int, step: int) -> dict[str, Any]:
    right = bool(step) and place % 2 == 0
    return {
        "id": f"item-{step}-{place}",
        "status": "pass" if right else "fail",
        "datasource_item": {"messages": [{"role": "user", "content": f"q{place}"}], "want": f"w{place}"},
        "results": [{"name": "g", "score": float(right), "passed": right}],
        "sample": {"output": [{"role": "assistant", "content": f"w{place}" if right else f"x{place}.{step}"}]},
    }


def _reply(score: float) -> ChatReply:
    said = json.dumps({"steps": [], "result": score})
    return ChatReply(said, "stop", model="gpt-4.1-mini", prompt_tokens=40, completion_tokens=9)


async def _honest(prompt: str) -> ChatReply:
    said, _, wanted = prompt.removeprefix("Is ").removesuffix("?").partition(" right for ")
    return _reply(float(said == wanted))


class Courtroom:
    """A world with a judge, whose calls are counted."""

    def __init__(self, database: Database, answer: Answer = _honest) -> None:
        self.asked: list[str] = []
        self.answer = answer
        self.executor = Executor(World(database, _nobody, lambda: NOW, chat=self._chat), KINDS)

    @property
    def database(self) -> Database:
        return self.executor.world.database

    async def until(self, workflow_id: int, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await self.executor.advance(workflow_id)
                await asyncio.sleep(0.001)

    async def to_its_end(self, workflow_id: int) -> Workflow:
        await self.until(workflow_id, lambda: self.one(workflow_id).state is not WorkflowState.RUNNING)
        return self.one(workflow_id)

    def one(self, workflow_id: int) -> Workflow:
        found = workflows.get(self.database, workflow_id)
        assert found is not None
        return found

    def stage(self, workflow_id: int, name: str) -> Stage:
        found = workflows.stage(self.database, workflow_id, name)
        assert found is not None
        return found

    async def close(self) -> None:
        """As a worker that ends."""
        for one in self.executor.world.beside.values():
            await one.close()

    @asynccontextmanager
    async def _chat(self) -> AsyncIterator[AskChat]:
        async def ask(deployment: str, body: Mapping[str, Any], /) -> ChatReply:
            prompt = str(body["messages"][-1]["content"])
            self.asked.append(prompt)
            return await self.answer(prompt)

        yield ask


async def _nobody(*_: object) -> Job:
    raise AssertionError("nothing is submitted")


def _wanted(**more: Any) -> Regrading:
    return Regrading("count", JOB.id, JUDGE, **more)


async def test_all_stored_answers_are_judged_and_held_against_the_jobs_own_grader(evaluated: Database) -> None:
    room = Courtroom(evaluated)
    takes = estimate(evaluated, _wanted())
    assert (takes.answers, takes.calls.low, takes.calls.high, takes.judges) == (24, 24, 24, ("gpt-4.1-mini",))
    number = start(evaluated, _wanted(), NOW, hard=1.0)

    ended = await room.to_its_end(number)

    assert ended.state is WorkflowState.DONE, ended.problem
    outputs = room.stage(number, "verdict").outputs
    assert [row["mean"] for row in outputs["rows"]] == [0.0, 0.5]
    assert (outputs["judged"], outputs["agreed"], outputs["disagreed"]) == (24, 1.0, 0)
    assert outputs["headline"].startswith("judge agrees with the job's grader on 100% (95% ")
    stage = room.stage(number, "regrade")
    assert (stage.done, stage.total, stage.unit) == (24, 24, "answers")
    assert len(room.asked) == 24
    assert takes.usd.low * 0.2 < ended.spent <= (takes.most or 0.0), "it stays below what was foreseen at most"
    assert estimate(evaluated, _wanted()).calls.high == 0, "what is judged is not shown again"


async def test_what_a_worker_that_died_had_answered_is_not_paid_again(evaluated: Database) -> None:
    def slow(prompt: str) -> Awaitable[ChatReply]:
        return _honest(prompt) if len(first.asked) <= 16 else asyncio.Future()

    first = Courtroom(evaluated, slow)
    number = start(evaluated, _wanted(), NOW)
    await first.until(number, lambda: len(first.asked) == 24 and _answered(evaluated) == 16)
    await first.close()
    second = Courtroom(evaluated)

    ended = await second.to_its_end(number)

    assert ended.state is WorkflowState.DONE, ended.problem
    assert len(second.asked) == 8 and not set(second.asked) & set(first.asked[:16])
    assert second.stage(number, "verdict").outputs["judged"] == 24
    assert ended.spent == pytest.approx(_paid(evaluated))


async def test_a_pause_lets_what_has_left_come_back_and_resuming_goes_on(evaluated: Database) -> None:
    gate = asyncio.Event()

    async def held(prompt: str) -> ChatReply:
        await gate.wait()
        return await _honest(prompt)

    room = Courtroom(evaluated, held)
    number = start(evaluated, _wanted(), NOW)
    await room.until(number, lambda: len(room.asked) == 16)
    control.pause(evaluated, number, NOW)
    room.executor.settle(room.one(number))
    gate.set()
    async with asyncio.timeout(20):
        while _answered(evaluated) < 16:
            await asyncio.sleep(0.001)
    assert len(room.asked) == 16, "nothing more leaves"
    control.resume(evaluated, REGRADE, number, NOW)

    ended = await room.to_its_end(number)

    assert ended.state is WorkflowState.DONE, ended.problem
    assert len(room.asked) == len(set(room.asked)) == 24
    assert ended.spent == pytest.approx(_paid(evaluated))


async def test_a_limit_below_the_dearest_outcome_stops_it_before_anything_is_asked(evaluated: Database) -> None:
    room = Courtroom(evaluated)
    number = start(evaluated, _wanted(), NOW, hard=0.000_1)
    ended = await room.to_its_end(number)
    assert ended.state is WorkflowState.FAILED and ended.problem is not None
    assert "may cost up to" in ended.problem.what and "cupola checkpoint resume" in ended.problem.remedy
    assert not room.asked


async def test_a_judge_that_is_not_there_is_told_and_can_be_tried_again(evaluated: Database) -> None:
    async def away(_: str) -> ChatReply:
        raise NotFoundError("There is no deployment of that name.", remedy="Name another.")

    room = Courtroom(evaluated, away)
    number = start(evaluated, _wanted(), NOW)
    ended = await room.to_its_end(number)
    assert ended.state is WorkflowState.FAILED and ended.problem is not None
    assert ended.problem.what == "There is no deployment of that name."
    assert regrades.rewards_of_run(evaluated, "run-0", _wanted().use.hash) == {}, "nothing counts as judged"
    room.answer = _honest
    control.resume(evaluated, REGRADE, number, NOW)
    assert (await room.to_its_end(number)).state is WorkflowState.DONE


async def test_only_some_items_of_some_steps_are_shown_where_that_is_wanted(evaluated: Database) -> None:
    assert estimate(evaluated, _wanted(steps=(5,), most=3)).answers == 3
    two = (("run-0", "item-0-1"), ("run-5", "item-5-2"))
    room = Courtroom(evaluated)
    ended = await room.to_its_end(start(evaluated, _wanted(answers=two), NOW))
    assert ended.state is WorkflowState.DONE, ended.problem
    assert sorted(room.asked) == ["Is w2 right for w2?", "Is x1.0 right for w1?"]


def test_a_definition_survives_the_store_and_a_bad_one_is_refused(evaluated: Database) -> None:
    made = _wanted(steps=(5,), most=4, answers=(("run-5", "item-5-2"),))
    assert parse(to_json_text(made)) == made
    with pytest.raises(UsageError, match="refused"):
        start(evaluated, Regrading("count", JOB.id, {**JUDGE, "type": "guess"}), NOW)
    with pytest.raises(UsageError, match="at least one"):
        start(evaluated, _wanted(most=0), NOW)
    with pytest.raises(UsageError, match="is stored"):
        estimate(evaluated, Regrading("other", "ftjob-2", JUDGE))


def test_no_price_is_said_and_bounds_nothing(evaluated: Database) -> None:
    takes = estimate(evaluated, Regrading("count", JOB.id, {**JUDGE, "model": "our-own-judge"}))
    assert (takes.unpriced, takes.most, takes.usd.high) == (("our-own-judge",), None, 0)


def _answered(database: Database) -> int:
    query = "SELECT count(*) FROM answers WHERE purpose = 'grader' AND state = ?"
    return int(database.rows(query, (answers.AnswerState.ANSWERED,))[0][0])


def _paid(database: Database) -> float:
    return float(database.rows("SELECT sum(usd) FROM answers WHERE purpose = 'grader'")[0][0])
