from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import httpx2

from cupola.azure.client import Service
from cupola.models import IntentState
from cupola.store import health, intents, jobs
from cupola.store.database import Database, good_copy
from cupola.worker.loop import Loop
from cupola.worker.poll import LOCAL

from .cloud import Cloud

QUICK = replace(LOCAL, moving=0.02, first_retry=0.02, longest_retry=0.05)


@asynccontextmanager
async def running(loop: Loop) -> AsyncIterator[Loop]:
    task = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def soon(true: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_wish_of_a_face_wakes_a_worker_that_has_nothing_to_do(
    service: Service, store: Database, face: Database, cloud: Cloud
) -> None:
    cloud.add("ftjob-1", "paused")
    async with running(Loop(service, store, replace(LOCAL, idle=3_600.0))):
        await soon(lambda: bool(jobs.newest(face)))
        wish = intents.wish(face, "job.resume", "ftjob-1", 1.0)
        await soon(lambda: intents.get(face, wish).state is IntentState.DONE)  # type: ignore[union-attr]
    assert cloud.jobs["ftjob-1"]["status"] == "resuming"


async def test_a_refresh_shows_what_an_idle_worker_would_see_much_later(
    service: Service, store: Database, face: Database, cloud: Cloud
) -> None:
    async with running(Loop(service, store, replace(LOCAL, idle=3_600.0))):
        await soon(lambda: health.get(face).checked_at is not None)
        cloud.add("ftjob-1", "paused")
        intents.wish(face, "refresh", "", 1.0)
        await soon(lambda: bool(jobs.newest(face)))


async def test_frozen_polling_stays_frozen_over_a_restart_and_a_refresh_looks_once(
    service: Service, store: Database, face: Database, cloud: Cloud
) -> None:
    cloud.add("ftjob-1")
    async with running(Loop(service, store, QUICK)):
        wish = intents.wish(face, "polling.freeze", "", 1.0)
        await soon(lambda: intents.get(face, wish).state is IntentState.DONE)  # type: ignore[union-attr]
    cloud.asked.clear()
    async with running(Loop(service, store, QUICK)) as loop:
        await asyncio.sleep(0.4)
        assert cloud.asked == []
        intents.wish(face, "refresh", "", 2.0)
        await soon(lambda: "GET /fine_tuning/jobs" in cloud.asked)
        await soon(lambda: not loop.asked)
        intents.wish(face, "polling.thaw", "", 3.0)
        await soon(lambda: cloud.asked.count("GET /fine_tuning/jobs") > 3)


async def test_an_outage_is_told_with_its_beginning_and_goes_when_the_service_is_back(
    service: Service, store: Database, face: Database, cloud: Cloud
) -> None:
    cloud.down = True
    async with running(Loop(service, store, QUICK)) as loop:
        await soon(lambda: loop.failures >= 3)
        told = health.get(face)
        assert told.problem is not None
        assert told.problem.remedy
        assert told.since == 1_000.0
        assert told.next_try is not None
        cloud.down = False
        await soon(lambda: health.get(face).problem is None)
    assert health.get(face).checked_at == 1_000.0


async def test_a_throttled_worker_waits_as_long_as_it_is_asked_to(
    service: Service, store: Database, face: Database, cloud: Cloud
) -> None:
    cloud.refuse = httpx2.Response(429, json={"error": {"code": "429"}}, headers={"retry-after": "90"})
    async with running(Loop(service, store, QUICK)):
        await soon(lambda: health.get(face).problem is not None)
    assert health.get(face).next_try == 1_090.0


async def test_a_wish_during_an_outage_is_answered_and_not_kept_for_later(
    service: Service, store: Database, face: Database, cloud: Cloud
) -> None:
    cloud.down = True
    async with running(Loop(service, store, QUICK)):
        wish = intents.wish(face, "job.cancel", "ftjob-1", 1.0)
        await soon(lambda: intents.get(face, wish).state is IntentState.FAILED)  # type: ignore[union-attr]
    assert cloud.asked == []


async def test_a_laptop_that_wakes_up_looks_at_once(service: Service, store: Database, cloud: Cloud) -> None:
    wall = 1_000.0
    waking = replace(service, clock=lambda: wall)
    async with running(Loop(waking, store, replace(LOCAL, idle=3_600.0))):
        await soon(lambda: "GET /models" in cloud.asked)
        await asyncio.sleep(0.2)
        cloud.asked.clear()
        wall += 8 * 3_600.0
        await soon(lambda: "GET /fine_tuning/jobs" in cloud.asked)


async def test_a_good_copy_is_kept_from_time_to_time(service: Service, store: Database, cloud: Cloud) -> None:
    now = 0.0
    async with running(Loop(service, store, QUICK, monotonic=lambda: now)):
        await soon(lambda: "GET /models" in cloud.asked)
        assert not good_copy(store.path).exists()
        now = 4_000.0
        await soon(lambda: good_copy(store.path).exists())
