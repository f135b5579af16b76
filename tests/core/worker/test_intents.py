from __future__ import annotations

import httpx2
import pytest

from cupola.azure.client import Service
from cupola.errors import UnreachableError
from cupola.models import Intent, IntentState
from cupola.store import intents, jobs
from cupola.store.database import Database
from cupola.worker.intents import obey_all, resolve_taken

from .cloud import Cloud


def answer_to(store: Database, intent_id: int) -> Intent:
    found = intents.get(store, intent_id)
    assert found is not None
    return found


@pytest.mark.parametrize(("action", "status"), [("pause", "pausing"), ("resume", "resuming"), ("cancel", "cancelled")])
async def test_a_wish_is_sent_once_and_its_effect_is_stored(
    service: Service, store: Database, cloud: Cloud, action: str, status: str
) -> None:
    cloud.add("ftjob-1")
    wish = intents.wish(store, f"job.{action}", "ftjob-1", 1.0)
    await obey_all(service, store)
    await obey_all(service, store)
    assert answer_to(store, wish).state is IntentState.DONE
    assert cloud.asked == [f"POST /fine_tuning/jobs/ftjob-1/{action}"]
    stored = jobs.get(store, "ftjob-1")
    assert stored is not None
    assert stored.status == status


async def test_a_refusal_is_answered_in_words(service: Service, store: Database, cloud: Cloud) -> None:
    cloud.refuse = httpx2.Response(400, json={"error": {"code": "unexpectedEntityState", "message": "not running"}})
    wish = intents.wish(store, "job.pause", "ftjob-1", 1.0)
    await obey_all(service, store)
    answer = answer_to(store, wish)
    assert answer.state is IntentState.FAILED
    assert answer.problem is not None
    assert "not running" in answer.problem.what
    assert answer.problem.remedy


async def test_a_lost_answer_is_made_good_by_looking_not_by_sending_again(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add("ftjob-1")
    cloud.lose_answers_to = "/pause"
    wish = intents.wish(store, "job.pause", "ftjob-1", 1.0)
    await obey_all(service, store)
    assert answer_to(store, wish).state is IntentState.DONE
    assert cloud.asked == ["POST /fine_tuning/jobs/ftjob-1/pause", "GET /fine_tuning/jobs/ftjob-1"]


@pytest.mark.parametrize(
    ("kind", "status", "came_true"),
    [
        ("job.pause", "pausing", True),
        ("job.pause", "paused", True),
        ("job.pause", "running", False),
        ("job.resume", "running", True),
        ("job.resume", "paused", False),
        ("job.cancel", "cancelled", True),
        ("job.cancel", "running", False),
        ("job.cancel", "succeeded", False),
    ],
)
async def test_a_wish_that_a_dead_worker_had_taken_is_judged_by_the_jobs_state(
    service: Service, store: Database, cloud: Cloud, kind: str, status: str, came_true: bool
) -> None:
    cloud.add("ftjob-1", status)
    wish = intents.wish(store, kind, "ftjob-1", 1.0)
    assert intents.take(store, 1.0) is not None
    await resolve_taken(service, store)
    assert answer_to(store, wish).state is (IntentState.DONE if came_true else IntentState.FAILED)
    assert all(line.startswith("GET") for line in cloud.asked)


async def test_a_taken_wish_stays_open_while_nobody_can_tell(service: Service, store: Database, cloud: Cloud) -> None:
    wish = intents.wish(store, "job.cancel", "ftjob-1", 1.0)
    intents.take(store, 1.0)
    cloud.down = True
    with pytest.raises(UnreachableError):
        await resolve_taken(service, store)
    assert answer_to(store, wish).state is IntentState.TAKEN


@pytest.mark.parametrize("target", ["../files", "", "ftjob-1/../../x", "a b"])
async def test_a_wish_about_something_that_is_no_id_is_refused(service: Service, store: Database, target: str) -> None:
    wish = intents.wish(store, "job.cancel", target, 1.0)
    await obey_all(service, store)
    assert answer_to(store, wish).state is IntentState.FAILED


async def test_an_unknown_wish_is_answered_and_does_not_stay(service: Service, store: Database) -> None:
    wish = intents.wish(store, "job.teleport", "ftjob-1", 1.0)
    await obey_all(service, store)
    answer = answer_to(store, wish)
    assert answer.problem is not None
    assert "job.teleport" in answer.problem.what
