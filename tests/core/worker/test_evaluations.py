"""Auto-evals on their way into the store: every link, all pages, each run once."""

from __future__ import annotations

from typing import Any

import pytest

from cupola.azure.client import Service
from cupola.store import evaluations, fetched, jobs
from cupola.store.database import Database
from cupola.worker.poll import LOCAL
from cupola.worker.sync import Memory, look

from .cloud import Cloud

HEX = "97b461d0a2fd4e77a730d10c522d5be2"
JOB = f"ftjob-{HEX}"
NAME = "Reinforcement Fine Tuning validation runs for 97b461d0-a2fd-4e77-a730-d10c522d5be2"


def item(place: int, score: float = 1.0, **fields: Any) -> dict[str, Any]:
    messages = [{"name": None, "role": "user", "content": f"question {place}"}]
    return {
        "id": f"item-{place}",
        "status": "fail",
        "datasource_item_id": place,
        "datasource_item": {"messages": messages, "trace": {"spans": [place]}},
        "results": [{"name": "g", "score": score, "passed": False}],
        "sample": {"output": [{"role": "assistant", "content": "x"}], "usage": {"completion_tokens": 7}},
        **fields,
    }


def reinforce(cloud: Cloud, job_id: str = JOB, status: str = "running", **fields: Any) -> None:
    cloud.add(job_id, status, method={"type": "reinforcement"}, **fields)


async def test_all_pages_of_all_runs_are_stored_item_by_item(service: Service, store: Database, cloud: Cloud) -> None:
    reinforce(cloud, eval_id="eval_1")
    for step in range(0, 35, 5):
        cloud.add_pass("eval_1", f"Step {step}", [item(place, step) for place in range(8)])
    await look(service, store, Memory(), LOCAL, 0.0)
    stored = evaluations.runs_of(store, JOB)
    assert [(known.run.step, known.items, known.whole) for known in stored] == [
        (step, 8, True) for step in range(0, 35, 5)
    ]
    items = evaluations.items_of(store, stored[-1].run.id)
    assert [(one.place, one.score, one.completion_tokens) for one in items] == [(place, 30.0, 7) for place in range(8)]
    assert len({one.row for one in items}) == 8
    assert (evaluations.raw_item(store, stored[-1].run.id, "item-3") or "").startswith('{"id": "item-3"')
    assert f"evaluations/{JOB}" in store.revisions()


async def test_a_run_that_has_ended_is_fetched_once(service: Service, store: Database, cloud: Cloud) -> None:
    reinforce(cloud, eval_id="eval_1")
    cloud.add_pass("eval_1", "Step 0", [item(0)])
    memory = Memory()
    await look(service, store, memory, LOCAL, 0.0)
    before, cloud.asked = store.revisions(), []
    await look(service, store, memory, LOCAL, 100.0)
    assert "GET /evals/eval_1/runs" in cloud.asked
    assert not [asked for asked in cloud.asked if asked.endswith("output_items")]
    assert store.revisions()[f"evaluations/{JOB}"] == before[f"evaluations/{JOB}"]
    cloud.add_pass("eval_1", "Step 5", [item(0, 4.0)])
    await look(service, store, memory, LOCAL, 200.0)
    assert [known.run.step for known in evaluations.runs_of(store, JOB)] == [0, 5]


async def test_a_run_under_way_is_known_but_its_items_wait_for_its_end(
    service: Service, store: Database, cloud: Cloud
) -> None:
    reinforce(cloud, eval_id="eval_1")
    cloud.add_pass("eval_1", "Step 0", [item(0)], status="in_progress")
    memory = Memory()
    await look(service, store, memory, LOCAL, 0.0)
    (known,) = evaluations.runs_of(store, JOB)
    assert (known.run.status, known.items, known.whole) == ("in_progress", 0, False)


async def test_a_run_called_complete_before_its_last_item_is_fetched_again(
    service: Service, store: Database, cloud: Cloud
) -> None:
    reinforce(cloud, eval_id="eval_1")
    cloud.add_pass("eval_1", "Step 0", [item(0)], result_counts={"total": 2})
    memory = Memory()
    await look(service, store, memory, LOCAL, 0.0)
    assert not evaluations.runs_of(store, JOB)[0].whole
    cloud.evals["eval_1"]["runs"]["eval_1-Step0"]["items"].append(item(1))
    await look(service, store, memory, LOCAL, 100.0)
    (known,) = evaluations.runs_of(store, JOB)
    assert (known.items, known.whole) == (2, True)


async def test_without_an_id_the_evaluation_is_found_by_the_jobs_hex_in_its_name(
    service: Service, store: Database, cloud: Cloud
) -> None:
    reinforce(cloud)
    cloud.add_pass("eval_0", "Step 0", [item(0)])
    cloud.add_pass("eval_1", "Step 0", [item(0)])
    cloud.evals["eval_1"]["name"] = NAME
    await look(service, store, Memory(), LOCAL, 0.0)
    found = evaluations.get(store, JOB)
    assert found is not None and (found.id, found.link) == ("eval_1", "name")


async def test_with_another_id_in_the_name_time_decides_and_only_where_it_can(
    service: Service, store: Database, cloud: Cloud
) -> None:
    reinforce(cloud, "ftjob-a", "succeeded", finished_at=400)
    reinforce(cloud, "ftjob-b")
    cloud.jobs["ftjob-a"]["created_at"], cloud.jobs["ftjob-b"]["created_at"] = 100, 500
    for number, created in (("1", 120), ("2", 520)):
        cloud.add_pass(f"eval_{number}", "Step 0", [item(0)])
        name = f"Reinforcement Fine Tuning validation runs for {number * 8}-2222-4222-8222-222222222222"
        cloud.evals[f"eval_{number}"].update(name=name, created_at=created)
    await look(service, store, Memory(), LOCAL, 0.0)
    found = [evaluations.get(store, job_id) for job_id in ("ftjob-a", "ftjob-b")]
    assert [(one.id, one.link) if one else None for one in found] == [("eval_1", "time"), ("eval_2", "time")]
    cloud.add_pass("eval_3", "Step 0", [item(0)])
    cloud.evals["eval_3"].update(
        name="Reinforcement Fine Tuning validation runs for 33333333-2222-4222-8222-222222222222", created_at=550
    )
    reinforce(cloud, "ftjob-c")
    cloud.jobs["ftjob-c"]["created_at"] = 10
    await look(service, store, Memory(), LOCAL, 0.0)
    assert evaluations.get(store, "ftjob-c") is None


async def test_an_evaluation_that_is_gone_leaves_what_was_stored(
    service: Service, store: Database, cloud: Cloud
) -> None:
    reinforce(cloud, eval_id="eval_1")
    cloud.add_pass("eval_1", "Step 0", [item(0)])
    memory = Memory()
    await look(service, store, memory, LOCAL, 0.0)
    del cloud.evals["eval_1"]
    cloud.jobs[JOB].update(status="succeeded", finished_at=900)
    await look(service, store, memory, LOCAL, 100.0)
    assert [known.items for known in evaluations.runs_of(store, JOB)] == [1]
    job = jobs.get(store, JOB)
    assert job is not None and fetched.is_whole(store, job)


async def test_a_resource_without_evaluations_does_not_disturb_its_jobs(
    service: Service, store: Database, cloud: Cloud
) -> None:
    reinforce(cloud, status="succeeded", finished_at=900)
    cloud.refused_paths["/evals"] = 404
    assert not await look(service, store, Memory(), LOCAL, 0.0)
    job = jobs.get(store, JOB)
    assert job is not None and fetched.is_whole(store, job)


@pytest.mark.parametrize("eval_id", ["../jobs", "eval 1", "a" * 400])
async def test_an_evaluation_id_that_is_none_is_never_asked_for(
    service: Service, store: Database, cloud: Cloud, eval_id: str
) -> None:
    reinforce(cloud, eval_id=eval_id)
    await look(service, store, Memory(), LOCAL, 0.0)
    assert all(asked == "GET /evals" for asked in cloud.asked if "/evals" in asked)
    assert evaluations.get(store, JOB) is None
