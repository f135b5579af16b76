"""Looking after deployments through outages, refusals and missing settings; and deleting evaluations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx2

from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.deployments.orphans import EVAL_DELETE
from cupola.models import IntentState
from cupola.settings import Profile
from cupola.store import control_plane, deployments, intents
from cupola.store.database import Database
from cupola.store.deployments import State, Wanted
from cupola.worker.deployment_steps import Patience
from cupola.worker.deployments import work
from cupola.worker.intents import obey_all

from .deploying import PROFILE, Lab, lab, pass_by

CORA = Wanted("cora", "gpt-4.1-nano", sku="GlobalStandard", fuse_seconds=3_600.0)


@asynccontextmanager
async def working(world: Lab, profile: Profile = PROFILE) -> AsyncIterator[None]:
    """The worker's own loop in the background."""
    credential = KeyCredential(world.key, "test")
    task = asyncio.create_task(work(profile, credential, world.database, transport=world.wire))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def test_whoever_is_not_signed_in_is_told_and_what_was_wished_is_done_once_they_are(
    tmp_path: Path, store: Database
) -> None:
    async with lab(tmp_path, store) as world:
        refusal = {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token is too old."}}

        def refuse(request: httpx2.Request) -> httpx2.Response | None:
            return httpx2.Response(401, json=refusal) if request.url.path.startswith("/subscriptions") else None

        world.wire.before = refuse
        deployments.want(store, CORA, 1.0)
        deployments.extend_fuse(store, "cora", None)
        async with working(world):
            await until(lambda: control_plane.trouble(store).problem is not None)
            trouble = control_plane.trouble(store)
            assert trouble.problem is not None
            assert "too old" in trouble.problem.what
            assert trouble.next_try is not None
            assert world.row("cora").state is State.WANTED
            world.wire.before = pass_by
            await until(lambda: world.row("cora").state is State.READY)
            await until(lambda: control_plane.trouble(store).problem is None)


async def test_a_profile_that_names_no_account_fails_wishes_with_what_to_add(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, CORA, 1.0)
        async with working(world, Profile("far", "https://res.openai.azure.com")):
            await until(lambda: world.row("cora").state is State.FAILED)
        problem = world.row("cora").problem
        assert problem is not None
        assert "AZURE_SUBSCRIPTION_ID" in problem.remedy
        assert world.wire.asked == []


async def test_an_outage_in_the_midst_is_sat_out(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world, world.keeper() as keeper:
        down = 0

        def fail(request: httpx2.Request) -> httpx2.Response | None:
            nonlocal down
            if "/deployments/cora" in request.url.path and down < 6:
                down += 1
                if down % 2:
                    raise httpx2.ConnectError("no route")
                return httpx2.Response(503, json={"error": {"code": "serviceUnavailable", "message": "later"}})
            return None

        world.wire.before = fail
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY, keeper)
        assert down == 6
        assert world.row("cora").problem is None


async def test_an_account_that_is_busy_with_another_operation_is_waited_for(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world, world.keeper() as keeper:
        busy = {"error": {"code": "RequestConflict", "message": "Another operation is being performed."}}
        refused = 0

        def conflict(request: httpx2.Request) -> httpx2.Response | None:
            nonlocal refused
            if request.method == "PUT" and refused < 3:
                refused += 1
                return httpx2.Response(409, json=busy)
            return None

        world.wire.before = conflict
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY, keeper)
        assert refused == 3


async def test_a_removal_that_is_refused_stays_wanted_and_says_why(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world, world.keeper() as keeper:
        world.patience = Patience(poll=0.5, outage=1.0, refused=3.0, probe=0.5, give_up=60.0)
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY, keeper)
        locked = {"error": {"code": "ScopeLocked", "message": "The scope is locked."}}

        def lock(request: httpx2.Request) -> httpx2.Response | None:
            return httpx2.Response(409, json=locked) if request.method == "DELETE" else None

        world.wire.before = lock
        deployments.want_gone(store, "cora", world.clock())
        await world.until(lambda: world.row("cora").problem is not None, keeper)
        problem = world.row("cora").problem
        assert problem is not None
        assert "locked" in problem.what
        assert world.row("cora").state is State.REMOVING
        world.wire.before = pass_by
        await world.until(lambda: world.row("cora").state is State.GONE, keeper)


async def test_a_wish_to_remove_overtakes_the_making(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world, world.keeper() as keeper:

        def remove_meanwhile(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
            if request.method == "PUT":
                assert deployments.want_gone(store, "cora", world.clock())
            return response

        world.wire.after = remove_meanwhile
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.GONE, keeper)
        assert world.wire.count("DELETE") == 1
        keeper.next_look = 0.0
        await keeper.turn()
        assert world.row("cora").state is State.GONE, "nothing of it came back"


async def test_what_cupola_made_before_its_store_was_lost_is_found_to_be_its_own(
    tmp_path: Path, store: Database
) -> None:
    async with lab(tmp_path, store) as world, world.keeper() as keeper:
        deployments.want(store, replace(CORA, purpose="a trial"), world.clock())
        await world.until(lambda: world.row("cora").state is State.READY, keeper)
        nonce = world.row("cora").nonce
        with store.transaction() as connection:
            connection.execute("DELETE FROM deployments")
        keeper.next_look = 0.0
        await keeper.turn()
        found = world.row("cora")
        assert (found.nonce, found.purpose, found.state) == (nonce, "a trial", State.READY)


async def test_an_evaluation_is_deleted_once_and_one_that_is_gone_is_no_problem(
    service: Service, store: Database
) -> None:
    deleted: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.method == "DELETE"
        deleted.append(request.url.path)
        body = {"object": "eval.deleted", "deleted": True, "eval_id": "eval_1"}
        return httpx2.Response(200, json=body) if len(deleted) == 1 else httpx2.Response(404, json={"error": {}})

    async with connect(
        service.profile, KeyCredential("key", "test"), transport=httpx2.MockTransport(answer), clock=lambda: 1.0
    ) as opened:
        for _ in range(2):
            wish = intents.wish(store, EVAL_DELETE, "eval_1", 1.0)
            await obey_all(opened, store)
            answered = intents.get(store, wish)
            assert answered is not None
            assert answered.state is IntentState.DONE
    assert len(deleted) == 2
    assert deleted[0].endswith("/evals/eval_1")
