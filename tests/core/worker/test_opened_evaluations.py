"""Evaluations that a person asks for, second graders that ask no model, and budgets of jobs."""

from __future__ import annotations

from typing import Any

from cupola.azure.client import Service
from cupola.models import Event, Intent, IntentState, Job
from cupola.store import evaluations, events, intents, jobs, regrades
from cupola.store.database import Database
from cupola.training import stored_evals
from cupola.training.job_budget import BUDGET_KEY
from cupola.worker.evaluations import EVAL_OPEN
from cupola.worker.intents import obey_all, resolve_taken
from cupola.worker.job_budgets import hold
from cupola.worker.poll import LOCAL
from cupola.worker.regrading import EVAL_REGRADE
from cupola.worker.sync import Memory, look

from .cloud import Cloud

HAS_X = {"type": "string_check", "name": "x", "input": "{{sample.output_text}}", "reference": "x", "operation": "eq"}


def item(place: int) -> dict[str, Any]:
    return {
        "id": f"item-{place}",
        "status": "pass",
        "datasource_item": {"question": f"q{place}"},
        "results": [{"name": "g", "score": 1.0}],
        "sample": {"output": [{"role": "assistant", "content": "x" if place % 2 else "y"}]},
    }


def answer_to(store: Database, wish: int) -> Intent:
    found = intents.get(store, wish)
    assert found is not None
    return found


async def test_an_evaluation_of_no_job_is_fetched_once_it_is_asked_for_and_again_as_it_grows(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add_pass("eval_9", "first", [item(place) for place in range(5)])
    await look(service, store, Memory(), LOCAL, 0.0)
    assert evaluations.others(store) == []
    wish = intents.wish(store, EVAL_OPEN, "eval_9", 1.0)
    await obey_all(service, store)
    await look(service, store, Memory(), LOCAL, 0.0)
    assert answer_to(store, wish).state is IntentState.DONE
    assert [(known.items, known.whole) for known in evaluations.runs_of(store, "eval_9")] == [(5, True)]
    cloud.asked.clear()
    await look(service, store, Memory(), LOCAL, 0.0)
    assert not any("eval_9" in call for call in cloud.asked)
    cloud.add_pass("eval_9", "second", [item(0)])
    intents.wish(store, EVAL_OPEN, "eval_9", 2.0)
    await obey_all(service, store)
    await look(service, store, Memory(), LOCAL, 0.0)
    evals = stored_evals.read_any(store, "eval_9")
    assert evals is not None and [run.name for run in evals.runs] == ["first", "second"]
    assert evaluations.jobs(store) == []


async def test_an_evaluation_that_is_not_there_is_answered_in_words(
    service: Service, store: Database, cloud: Cloud
) -> None:
    wishes = [intents.wish(store, EVAL_OPEN, target, 1.0) for target in ("eval_0", "../jobs", "")]
    await obey_all(service, store)
    for wish in wishes:
        problem = answer_to(store, wish).problem
        assert problem is not None and "no evaluation" in problem.what
    assert cloud.asked == ["GET /evals/eval_0"]


async def test_a_second_grader_is_run_by_the_worker_and_one_that_costs_is_not(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add_pass("eval_9", "first", [item(place) for place in range(6)])
    intents.wish(store, EVAL_OPEN, "eval_9", 1.0)
    await obey_all(service, store)
    await look(service, store, Memory(), LOCAL, 0.0)
    free = intents.wish(store, EVAL_REGRADE, "eval_9", 2.0, {"definition": HAS_X})
    judge = {"type": "score_model", "name": "j", "model": "o3", "input": [{"role": "user", "content": "?"}]}
    paid = intents.wish(store, EVAL_REGRADE, "eval_9", 2.0, {"definition": judge})
    broken = intents.wish(store, EVAL_REGRADE, "eval_9", 2.0, {"definition": {"type": "nothing"}})
    await obey_all(service, store)
    assert answer_to(store, free).state is IntentState.DONE
    problems = [answer_to(store, wish).problem for wish in (paid, broken)]
    assert problems[0] is not None and "paid for" in problems[0].what
    assert problems[1] is not None and "refused" in problems[1].what
    (grader,) = regrades.graders_of(store, "eval_9")
    (stored,) = evaluations.runs_of(store, "eval_9")
    rewards = regrades.rewards_of_run(store, stored.run.id, grader.hash)
    assert sorted(rewards.values()) == [0.0] * 3 + [1.0] * 3
    assert "regrades/eval_9" in store.revisions()


async def test_a_wish_that_a_dead_worker_had_taken_is_fulfilled_by_the_next(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add_pass("eval_9", "first", [item(0)])
    wish = intents.wish(store, EVAL_OPEN, "eval_9", 1.0)
    intents.take(store, 1.0)
    await resolve_taken(service, store)
    assert answer_to(store, wish).state is IntentState.DONE and evaluations.others(store)[0].id == "eval_9"


def test_a_job_is_paused_once_when_its_budget_is_used_up_so_that_a_person_may_resume_it(store: Database) -> None:
    raw = f'{{"metadata": {{"{BUDGET_KEY}": "50"}}}}'
    job = Job("ftjob-1", "o4-mini-2025-04-16", "reinforcement", "running", 0, raw=raw)
    jobs.save(store, [job])
    events.save(store, job.id, [Event("e", job.id, 0, "info", "Training started.")])
    assert not hold(store, job, 1_000.0)
    assert hold(store, job, 2_000.0)
    (wish,) = intents.newest(store)
    assert (wish.kind, wish.target, dict(wish.arguments)) == ("job.pause", job.id, {"why": "budget"})
    intents.finish(store, wish.id, 2_001.0)
    assert not hold(store, job, 9_000.0)
