"""Pausing a converged job: only after a yes, once, told with its reasons; and never again after it was resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cupola.azure.client import Service
from cupola.models import IntentState, Job
from cupola.store import convergence_orders, events, intents, jobs, notices
from cupola.store.database import Database
from cupola.training.left_to_pay import left_to_pay
from cupola.worker.intents import obey_all
from cupola.worker.poll import LOCAL
from cupola.worker.sync import Memory, look

from .cloud import Cloud

JOB, EVAL = "ftjob-1", "eval-1"
ITEMS = 40
PAUSE = f"POST /fine_tuning/jobs/{JOB}/pause"


@pytest.fixture
def training(cloud: Cloud) -> Cloud:
    """A job of 60 steps, seven hours under way, whose reward rose once and has stood still at steps 10, 20 and 30."""
    cloud.add(
        JOB,
        model="o4-mini-2025-04-16",
        eval_id=EVAL,
        method={"type": "reinforcement", "reinforcement": {"hyperparameters": {"n_epochs": 2, "batch_size": 8}}},
        metadata={"cupola_rows": "240"},
    )
    cloud.events[JOB] = ["Job enqueued.", "Training started.", *(f"Step {n}: training" for n in range(1, 31))]
    for step in (0, 10, 20, 30):
        cloud.add_pass(EVAL, f"Step {step}", [_item(place, step, 0.2 if step else 0.0) for place in range(ITEMS)])
    return cloud


def _item(place: int, step: int, gain: float) -> dict[str, Any]:
    score = place / ITEMS * 0.5 + gain + (place * (step + 3) % 7 - 3) / 200
    return {
        "id": f"item-{step}-{place}",
        "status": "pass" if score > 0.4 else "fail",
        "datasource_item_id": place,
        "datasource_item": {"messages": [{"role": "user", "content": f"q{place}"}]},
        "results": [{"name": "g", "score": score}],
        "sample": {"output": [{"role": "assistant", "content": "a"}]},
    }


async def looked(service: Service, store: Database) -> None:
    """A worker that looks, and then obeys what was wished for."""
    await look(service, store, Memory(), LOCAL, 0.0)
    await obey_all(service, store)


async def test_nothing_is_paused_without_an_earlier_yes(service: Service, store: Database, training: Cloud) -> None:
    await looked(service, store)
    assert PAUSE not in training.asked and notices.newest(store) == []


async def test_a_converged_job_is_paused_once_and_it_is_said_why_what_is_saved_and_how_to_go_on(
    service: Service, store: Database, training: Cloud
) -> None:
    convergence_orders.give(store, JOB, 1.0)
    for _ in range(3):
        await looked(service, store)
    assert training.asked.count(PAUSE) == 1
    (wish,) = [one for one in intents.newest(store) if one.kind == "job.pause"]
    assert wish.state is IntentState.DONE and wish.arguments["why"] == "converged"
    (told,) = notices.newest(store)
    assert (told.target, told.sort) == (JOB, "paused")
    assert "no gain from step 10 to 30" in told.text and "(90% " in told.text
    assert "30 steps" in told.text and f"cupola job resume {JOB}" in told.text
    order = convergence_orders.get(store, JOB)
    assert order is not None and not order.stands and "no gain" in order.why


async def test_a_person_who_resumes_is_not_paused_again_unless_they_say_so_and_something_new_is_seen(
    service: Service, store: Database, training: Cloud
) -> None:
    convergence_orders.give(store, JOB, 1.0)
    await looked(service, store)
    training.jobs[JOB]["status"] = "running"
    await looked(service, store)
    assert training.asked.count(PAUSE) == 1
    convergence_orders.give(store, JOB, 2.0)
    await looked(service, store)
    assert training.asked.count(PAUSE) == 1, "the same passes are no new reason"
    training.add_pass(EVAL, "Step 40", [_item(place, 40, 0.2) for place in range(ITEMS)])
    await looked(service, store)
    assert training.asked.count(PAUSE) == 2


async def test_a_job_that_still_gains_goes_on(service: Service, store: Database, training: Cloud) -> None:
    training.add_pass(EVAL, "Step 40", [_item(place, 40, 0.4) for place in range(ITEMS)])
    convergence_orders.give(store, JOB, 1.0)
    await looked(service, store)
    assert PAUSE not in training.asked


async def test_an_order_that_was_withdrawn_pauses_nothing(service: Service, store: Database, training: Cloud) -> None:
    convergence_orders.give(store, JOB, 1.0)
    assert convergence_orders.withdraw(store, JOB) and not convergence_orders.withdraw(store, JOB)
    await looked(service, store)
    assert PAUSE not in training.asked


async def test_a_refused_pause_is_told_and_tried_again_after_the_next_pass(
    service: Service, store: Database, training: Cloud
) -> None:
    training.refused_paths[f"/fine_tuning/jobs/{JOB}/pause"] = 400
    convergence_orders.give(store, JOB, 1.0)
    await looked(service, store)
    await looked(service, store)
    assert training.asked.count(PAUSE) == 1
    (told,) = notices.newest(store)
    assert (told.sort, "could not be paused" in told.text) == ("failed", True)
    training.refused_paths.clear()
    training.add_pass(EVAL, "Step 40", [_item(place, 40, 0.2) for place in range(ITEMS)])
    await looked(service, store)
    assert training.asked.count(PAUSE) == 2
    assert notices.newest(store)[0].sort == "paused"


async def test_what_is_left_is_counted_in_steps_hours_and_dollars(
    service: Service, store: Database, training: Cloud
) -> None:
    await looked(service, store)
    job = jobs.get(store, JOB)
    assert isinstance(job, Job)
    told = events.of_job(store, JOB)
    hourly = [*told[:2], *(replace(event, created_at=900 * number) for number, event in enumerate(told[2:], 1))]
    left = left_to_pay(job, hourly, 30, [], 27_000.0 + job.created_at)
    assert left is not None and left.steps == 30 and left.seconds is not None and left.usd is not None
    assert left.seconds[0] < 30 * 900 < left.seconds[1]
    assert left.usd[0] < 30 * 900 / 3_600 * 100 < left.usd[1], "a hundred dollars an hour"
    assert left.words.startswith("30 steps, ") and " h, $" in left.words
