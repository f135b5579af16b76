from __future__ import annotations

import pytest

from cupola.azure.client import Service
from cupola.errors import ServiceError
from cupola.store import events, fetched, jobs, points
from cupola.store.database import Database
from cupola.worker.poll import LOCAL
from cupola.worker.sync import Memory, look

from .cloud import Cloud


class Killed(BaseException):
    """The process ends here."""


def train(cloud: Cloud, job_id: str, steps: int) -> None:
    cloud.events[job_id] = [f"Step {n}: training loss={10 / n:.2f}" for n in range(1, steps + 1)]
    cloud.results["file-r"] = "step,train_loss\n" + "".join(f"{n},{10 / n}\n" for n in range(1, steps + 1))
    cloud.jobs[job_id]["result_files"] = ["file-r"]


async def test_a_look_stores_jobs_events_and_points(service: Service, store: Database, cloud: Cloud) -> None:
    cloud.add("ftjob-1")
    train(cloud, "ftjob-1", 7)
    assert await look(service, store, Memory(), LOCAL, 0.0)
    assert [job.id for job in jobs.newest(store)] == ["ftjob-1"]
    assert [event.message for event in events.of_job(store, "ftjob-1")] == cloud.events["ftjob-1"]
    steps, values = points.series(store, "ftjob-1", "train_loss")
    assert steps.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert values[2] == pytest.approx(10 / 3)


async def test_a_second_look_asks_for_news_only_and_changes_nothing(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add("ftjob-1")
    train(cloud, "ftjob-1", 20)
    memory = Memory()
    await look(service, store, memory, LOCAL, 0.0)
    before, cloud.asked = store.revisions(), []
    await look(service, store, memory, LOCAL, 0.5)
    assert cloud.asked == ["GET /fine_tuning/jobs", "GET /fine_tuning/jobs/ftjob-1/events"]
    assert store.revisions() == before


async def test_an_ended_job_is_left_alone_once_it_is_whole(service: Service, store: Database, cloud: Cloud) -> None:
    cloud.add("ftjob-1", "succeeded", finished_at=900)
    train(cloud, "ftjob-1", 3)
    assert not await look(service, store, Memory(), LOCAL, 0.0)
    cloud.asked = []
    assert not await look(service, store, Memory(seldom_at=0.0), LOCAL, 1.0)
    assert cloud.asked == ["GET /fine_tuning/jobs"]


async def test_a_job_that_ended_just_now_may_still_get_its_last_events(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add("ftjob-1", "succeeded", finished_at=999)
    memory = Memory()
    assert await look(service, store, memory, LOCAL, 0.0), "worth another look soon"
    cloud.events["ftjob-1"].append("Training tokens billed: 5")
    await look(service, store, memory, LOCAL, 1.0)
    assert [event.message for event in events.of_job(store, "ftjob-1")] == ["Training tokens billed: 5"]


async def test_a_paused_job_is_asked_about_again_only_when_it_changes(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add("ftjob-1", "paused")
    memory = Memory(seldom_at=0.0)
    assert not await look(service, store, memory, LOCAL, 0.0)
    cloud.asked = []
    await look(service, store, memory, LOCAL, 1.0)
    assert cloud.asked == ["GET /fine_tuning/jobs"]
    cloud.jobs["ftjob-1"]["status"] = "running"
    await look(service, store, memory, LOCAL, 2.0)
    assert "GET /fine_tuning/jobs/ftjob-1/events" in cloud.asked


async def test_a_results_file_that_is_not_there_yet_does_no_harm(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add("ftjob-1", result_files=["file-later"])
    assert await look(service, store, Memory(), LOCAL, 0.0)


@pytest.mark.parametrize("steps_before_death", range(4))
async def test_a_look_that_is_cut_off_anywhere_is_made_good_by_the_next(
    service: Service, store: Database, cloud: Cloud, steps_before_death: int
) -> None:
    for number in range(3):
        cloud.add(f"ftjob-{number}")
        train(cloud, f"ftjob-{number}", 8)
    left = steps_before_death

    async def die() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    with pytest.raises(Killed):
        await look(service, store, Memory(), LOCAL, 0.0, die)
    await look(service, store, Memory(), LOCAL, 0.0)
    for job_id, told in cloud.events.items():
        assert [event.message for event in events.of_job(store, job_id)] == told
        assert points.series(store, job_id, "train_loss")[0].tolist() == list(range(1, 9))


async def test_a_new_worker_does_not_ask_about_whole_jobs_again(
    service: Service, store: Database, cloud: Cloud
) -> None:
    for number in range(5):
        cloud.add(f"ftjob-{number}", "succeeded", finished_at=1)
    await look(service, store, Memory(), LOCAL, 0.0)
    assert all(fetched.is_whole(store, job) for job in jobs.newest(store))


async def test_a_job_that_the_service_refuses_to_tell_of_does_not_hide_the_others(
    service: Service, store: Database, cloud: Cloud
) -> None:
    for number in range(3):
        cloud.add(f"ftjob-{number}")
        cloud.events[f"ftjob-{number}"] = ["Job started."]
    cloud.add("../../ftjob-evil")
    broken = cloud.events.pop("ftjob-1")
    cloud.refused_paths["/fine_tuning/jobs/ftjob-1/events"] = 400
    with pytest.raises(ServiceError, match="400"):
        await look(service, store, Memory(), LOCAL, 0.0)
    assert [len(events.of_job(store, f"ftjob-{n}")) for n in range(3)] == [1, 0, 1]
    cloud.events["ftjob-1"] = broken
    cloud.refused_paths.clear()
    await look(service, store, Memory(), LOCAL, 1.0)
    assert len(events.of_job(store, "ftjob-1")) == 1
    assert len(jobs.newest(store)) == 3


async def test_a_resource_that_does_not_tell_its_models_is_still_followed(
    service: Service, store: Database, cloud: Cloud
) -> None:
    cloud.add("ftjob-1")
    cloud.refused_paths["/models"] = 400
    memory = Memory()
    with pytest.raises(ServiceError, match="400"):
        await look(service, store, memory, LOCAL, 0.0)
    assert [job.id for job in jobs.newest(store)] == ["ftjob-1"]
    assert await look(service, store, memory, LOCAL, 1.0), "and the refusal does not come back each time"
