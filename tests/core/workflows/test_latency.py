from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.calls import Calls
from cupola.benchmarks.items import items_of
from cupola.benchmarks.journal import Journal
from cupola.benchmarks.purse import BudgetSpentError, Purse
from cupola.errors import NotFoundError, UsageError
from cupola.store import benchmarks
from cupola.store.database import Database
from cupola.workflows.distil.definition import checked
from cupola.workflows.distil.estimate import estimate_whole
from cupola.workflows.distil.latency import Timed, chosen, in_turns
from cupola.workflows.distil.speed import Pace, Timing, speed_of, timing_of

from .emulation import defined, distillation

ROLES = {"teacher": "gpt-4.1", "student after": "gpt-4.1-nano", "control": "gpt-4.1-mini"}


@dataclass
class Service:
    """Answers after others have had their turn, and remembers who was asked."""

    gone: str = ""
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def ask(self, deployment: str, body: Mapping[str, Any], /) -> ChatReply:
        if deployment == self.gone:
            raise NotFoundError(f"There is no deployment {deployment}.")
        self.asked.append(deployment)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for _ in range(5):
            await asyncio.sleep(0)
        self.at_once -= 1
        return ChatReply("Yes.", "stop", prompt_tokens=10, completion_tokens=2, first_token_seconds=0.1, seconds=0.2)


def arms(items: int) -> list[Timed]:
    what = defined(items)
    by_name = {arm.name: arm for arm in what.benchmark.arms}
    found = []
    for role, name in ROLES.items():
        alone = replace(what.benchmark, arms=(by_name[name],), graders=())
        found.append(Timed(role, alone, tuple(items_of(alone, what.rows))))
    return found


def taken(database: Database, service: Service, items: int, budget: float | None = None) -> None:
    async def all_of_it() -> None:
        calls = Calls(service.ask, Journal(database), Purse(budget), 1.0, 1)
        await in_turns(calls, arms(items))

    asyncio.run(all_of_it())


def test_calls_that_are_timed_go_one_at_a_time_and_each_arm_is_first_in_its_turn(database: Database) -> None:
    service = Service()
    taken(database, service, 4)

    assert service.most_at_once == 1
    teacher, student, control = ROLES.values()
    assert service.asked == [teacher, student, control, student, control, teacher, control, teacher, student,
                             teacher, student, control]  # fmt: skip


def test_a_sample_that_was_broken_off_goes_on_where_it_was_and_pays_for_nothing_twice(database: Database) -> None:
    service = Service()
    taken(database, service, 2)
    taken(database, service, 5)
    assert len(service.asked) == 15
    taken(database, service, 5)
    assert len(service.asked) == 15


def test_an_arm_that_is_gone_is_left_out_unless_the_verdict_needs_it(database: Database) -> None:
    service = Service(gone=ROLES["control"])
    taken(database, service, 3)
    assert len(service.asked) == 6

    with pytest.raises(NotFoundError, match=ROLES["teacher"]):
        taken(database, Service(gone=ROLES["teacher"]), 4)


def test_a_sample_stops_before_it_passes_its_budget(database: Database) -> None:
    service = Service()
    with pytest.raises(BudgetSpentError):
        taken(database, service, 4, budget=1e-9)
    assert service.asked == []


def test_a_plan_states_what_the_timed_calls_cost_unless_none_are_wanted(database: Database) -> None:
    definition = distillation(database, latency_items=20)
    stage = estimate_whole(database, definition).stages[-1]

    assert (stage.name, stage.calls) == ("latency", 4 * 20)
    assert stage.takes.high is not None
    assert 0 < stage.takes.low < stage.takes.high
    none = replace(definition, latency_items=0)
    assert "latency" not in [stage.name for stage in estimate_whole(database, none).stages]


def test_the_timed_items_are_drawn_by_the_tests_seed_and_hold_no_prompt_twice(database: Database) -> None:
    definition = distillation(database, defined(30), latency_items=20)
    rows = benchmarks.items(database, definition.test.split)

    found = chosen(definition, [*rows, *rows])

    assert found == chosen(definition, [*rows, *rows])
    assert len({item.key for item in found}) == len(found) == 20
    assert len(chosen(replace(definition, latency_items=100), rows)) == 30


@pytest.mark.parametrize("count", [-1, 1_001, 2.5])
def test_a_strange_number_of_timed_items_is_refused(database: Database, count: Any) -> None:
    with pytest.raises(UsageError, match="items to time"):
        checked(replace(distillation(database), latency_items=count))


def timings(teacher: list[float], student: list[float]) -> dict[str, Timing]:
    told = {"teacher": teacher, "student after": student}
    return {role: timing_of({"seconds": each, "first_token": [None] * len(each)}) for role, each in told.items()}


def test_a_student_is_faster_or_slower_only_where_the_interval_says_so() -> None:
    uneven = [1.0 + 0.1 * number for number in range(20)]
    half = speed_of(timings(uneven, [one / 2 for one in uneven]))
    assert half is not None
    assert (half.word, half.questions, half.ratio.value) == (Pace.FASTER, 20, pytest.approx(0.5))
    assert half.first_token_ratio is None

    double = speed_of(timings(uneven, [one * 2 for one in uneven]))
    assert double is not None
    assert double.word is Pace.SLOWER

    mixed = speed_of(timings(uneven, [one * (2 if place % 2 else 0.5) for place, one in enumerate(uneven)]))
    few = speed_of(timings(uneven[:5], [one / 9 for one in uneven[:5]]))
    assert mixed is not None
    assert few is not None
    assert mixed.word is few.word is Pace.CANNOT_TELL


def test_only_questions_that_both_answered_are_held_against_each_other() -> None:
    told = {
        "teacher": {"seconds": [1.0, None, 4.0], "first_token": [0.5, None, None]},
        "student after": {"seconds": [0.5, 9.0, None], "first_token": [0.1, 0.1, None]},
    }
    speed = speed_of({role: timing_of(one) for role, one in told.items()})
    assert speed is not None
    assert (speed.questions, speed.ratio.value) == (1, 0.5)
    assert speed.first_token_ratio is not None
    assert speed.first_token_ratio.value == pytest.approx(0.2)
    assert speed_of({}) is None
    assert speed_of(timings([1.0], [float("nan")])) is None


@given(st.lists(st.tuples(st.floats(0.01, 60.0), st.floats(0.01, 60.0)), min_size=1, max_size=40))
def test_the_teacher_held_against_the_student_is_the_other_way_round(pairs: list[tuple[float, float]]) -> None:
    teacher, student = (list(column) for column in zip(*pairs, strict=True))
    there, back = speed_of(timings(teacher, student)), speed_of(timings(student, teacher))

    assert there is not None
    assert back is not None
    opposite = {Pace.FASTER: Pace.SLOWER, Pace.SLOWER: Pace.FASTER, Pace.CANNOT_TELL: Pace.CANNOT_TELL}
    assert back.word is opposite[there.word]
    assert np.isfinite(there.ratio.value)
