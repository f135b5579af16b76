"""Deployments from wish to removal against the emulator: slow, failing, refused, killed at any request, by fuse."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from cupola.store import answers, control_plane, deployments
from cupola.store.answers import AnswerState
from cupola.store.database import Database
from cupola.store.deployments import State, Wanted
from cupola.worker.deployment_steps import Patience

from .deploying import After, Before, KilledError, lab, pass_by, pass_on

CORA = Wanted("cora", "gpt-4.1-nano", sku="GlobalStandard", capacity=50, fuse_seconds=3_600.0, purpose="test")


async def test_a_wanted_deployment_is_made_asked_until_it_answers_and_found_ready(
    tmp_path: Path, store: Database
) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY)
        row = world.row("cora")
        assert (row.model_format, row.model_version, row.capacity) == ("OpenAI", "2025-04-14", 50)
        assert row.ready_at is not None
        assert row.problem is None
        assert world.wire.count("PUT") == 1
        told = [step.words for step in deployments.history(store, "cora")]
        assert any("begun to make" in words for words in told)
        assert told[0].startswith("It answers")
        assert deployments.probe_usd(store, "cora") > 0, "the probe is paid, and said to be"
        await world.until(lambda: bool(control_plane.quota(store)))
        assert any(line.used == 50 + 10_000 for line in control_plane.quota(store))


def killer(requests: int, whole: bool) -> tuple[Before, After]:
    """Ends the worker after so many requests: before the next is heard, or once it was carried out."""
    seen = 0

    def kill(request: httpx2.Request) -> None:
        nonlocal seen
        seen += 1
        if seen > requests:
            raise KilledError

    def kill_after(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        kill(request)
        return response

    return (pass_by, kill_after) if whole else (kill, pass_on)


@pytest.mark.parametrize("whole", [False, True], ids=["before the service hears it", "before the answer arrives"])
async def test_a_worker_killed_at_any_request_leaves_one_deployment_and_pays_one_probe(
    tmp_path: Path, store: Database, whole: bool
) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, CORA, world.clock())
        for number in range(60):
            world.wire.before, world.wire.after = killer(2 + number % 6, whole)
            try:
                async with world.keeper() as keeper:
                    for _ in range(20):
                        await keeper.turn()
                        world.clock.offset += 1.0
            except KilledError:
                world.clock.offset += 1.0
            if world.row("cora").state is State.READY:
                break
        assert world.row("cora").state is State.READY
        made = [row for row in deployments.all_deployments(store) if row.ours]
        assert [row.name for row in made] == ["cora"]
        assert world.row("cora").problem is None


async def test_a_put_whose_answer_is_lost_is_looked_up_before_anything_is_sent_again(
    tmp_path: Path, store: Database
) -> None:
    async with lab(tmp_path, store) as world:

        def lose(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
            if request.method == "PUT":
                raise httpx2.ReadTimeout("lost")
            return response

        world.wire.after = lose
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY)
        assert world.wire.count("PUT") == 1
        assert any("earlier attempt" in step.words for step in deployments.history(store, "cora"))


async def test_a_deployment_of_others_is_used_but_neither_changed_nor_fused(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, replace(CORA, name="gpt-4.1-nano"), world.clock())
        await world.until(lambda: world.row("gpt-4.1-nano").state is State.READY)
        row = world.row("gpt-4.1-nano")
        assert (row.ours, row.fuse_at, row.capacity) == (False, None, 10_000)
        world.clock.offset += 7_200.0
        async with world.keeper() as keeper:
            await keeper.turn()
        assert world.row("gpt-4.1-nano").state is State.READY
        assert world.wire.count("PUT") + world.wire.count("DELETE") == 0


async def test_a_name_that_others_hold_with_another_model_is_a_problem(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, replace(CORA, name="o3"), world.clock())
        await world.until(lambda: world.row("o3").state is State.FAILED)
        problem = world.row("o3").problem
        assert problem is not None
        assert "already, of o3" in problem.what
        assert world.wire.count("PUT") == 0


async def test_a_refusal_for_want_of_quota_says_what_is_free(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        async with world.keeper() as keeper:
            await keeper.turn()
        deployments.want(store, replace(CORA, capacity=25_000), world.clock())
        await world.until(lambda: world.row("cora").state is State.FAILED)
        problem = world.row("cora").problem
        assert problem is not None
        assert problem.what == "There is no quota for GlobalStandard of capacity 25000."
        assert "20000 is free" in problem.why
        assert "capacity 20000 or less" in problem.remedy
        assert not world.row("cora").stands
        deployments.want(store, replace(CORA, capacity=100), world.clock())
        await world.until(lambda: world.row("cora").state is State.READY)


async def test_a_tier_with_room_is_named_where_the_wanted_one_has_none(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        async with world.keeper() as keeper:
            await keeper.turn()
        deployments.want(store, replace(CORA, sku="Standard", capacity=6_000), world.clock())
        await world.until(lambda: world.row("cora").state is State.FAILED)
        problem = world.row("cora").problem
        assert problem is not None
        assert "DataZoneStandard (10000 free)" in problem.remedy


async def test_a_slow_operation_is_followed_no_oftener_than_the_service_asks(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        polls: list[float] = []

        def slow(request: httpx2.Request) -> httpx2.Response | None:
            if "/operationStatuses/" in request.url.path and len(polls) < 5:
                polls.append(world.clock())
                return httpx2.Response(200, json={"status": "InProgress"}, headers={"Retry-After": "30"})
            return None

        world.wire.before = slow
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY, seconds=7.0)
        assert len(polls) == 5
        assert all(later - earlier >= 30.0 for earlier, later in pairwise(polls))


async def test_a_failing_operation_ends_in_failed_with_the_services_words(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:

        def fail(request: httpx2.Request) -> httpx2.Response | None:
            if "/operationStatuses/" in request.url.path:
                error = {"code": "InternalServerError", "message": "No capacity in the stamp."}
                return httpx2.Response(200, json={"status": "Failed", "error": error})
            return None

        world.wire.before = fail
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.FAILED)
        row = world.row("cora")
        assert row.problem is not None
        assert "No capacity in the stamp." in row.problem.why
        assert row.stands, "what is left of it may cost, and its fuse holds"
        world.clock.offset += 3_600.0
        await world.until(lambda: world.row("cora").state is State.GONE)


async def test_a_deployment_that_never_answers_is_given_up_with_a_remedy(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        world.patience = Patience(poll=0.5, outage=1.0, refused=3.0, probe=5.0, give_up=60.0)
        error = {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}

        def deny(request: httpx2.Request) -> httpx2.Response | None:
            return httpx2.Response(404, json=error) if request.url.path.endswith("/chat/completions") else None

        world.wire.before = deny
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.FAILED)
        row = world.row("cora")
        assert row.problem is not None
        assert "did not answer within 1 minutes" in row.problem.what
        assert deployments.probe_usd(store, "cora") == 0.0, "what was refused was not paid for"
        world.wire.before = pass_by
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY)
        assert world.wire.count("PUT") == 1, "asked anew, not made anew"


async def test_a_probe_that_was_answered_is_not_paid_for_again(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY)
        row = world.row("cora")
        # The worker died between the answer's commit and the deployment's.
        deployments.step(store, row, replace(row, state=State.PROBING, ready_at=None), world.clock())
        chats = sum(line.endswith("/chat/completions") for line in world.wire.asked)
        await world.until(lambda: world.row("cora").state is State.READY)
        assert sum(line.endswith("/chat/completions") for line in world.wire.asked) == chats
        assert store.rows("SELECT state FROM answers WHERE purpose = 'probe'")[0]["state"] == AnswerState.ANSWERED


async def test_a_fuse_is_obeyed_by_a_worker_that_knows_it_from_the_store_alone(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY)
        deployments.extend_fuse(store, "cora", world.clock() + 10_000.0)
        world.clock.offset += 9_000.0
        async with world.keeper() as keeper:
            await keeper.turn()
        assert world.row("cora").state is State.READY
        world.clock.offset += 1_001.0
        await world.until(lambda: world.row("cora").state is State.GONE)
        assert any("fuse was reached" in step.words for step in deployments.history(store, "cora"))


async def test_an_idle_deployment_goes_and_one_in_use_stays(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, replace(CORA, fuse_seconds=None, idle_seconds=600.0), world.clock())
        await world.until(lambda: world.row("cora").state is State.READY)
        world.clock.offset += 500.0
        answers.write(store, [answers.Sent("a", 0, "arm", "cora", world.clock())], [])
        world.clock.offset += 500.0
        async with world.keeper() as keeper:
            await keeper.turn()
            assert world.row("cora").state is State.READY
        world.clock.offset += 200.0
        await world.until(lambda: world.row("cora").state is State.GONE)


async def test_scaling_changes_the_capacity_and_a_refused_one_leaves_it(tmp_path: Path, store: Database) -> None:
    async with lab(tmp_path, store) as world, world.keeper() as keeper:
        deployments.want(store, CORA, world.clock())
        await world.until(lambda: world.row("cora").state is State.READY, keeper)
        deployments.want_capacity(store, "cora", 120, world.clock())
        await world.until(lambda: world.row("cora").wanted_capacity is None, keeper)
        assert (world.row("cora").capacity, world.row("cora").problem) == (120, None)
        await world.until(lambda: world.row("cora").service_state == "Succeeded", keeper)
        deployments.want_capacity(store, "cora", 90_000, world.clock())
        await world.until(lambda: world.row("cora").problem is not None, keeper)
        row = world.row("cora")
        assert (row.capacity, row.wanted_capacity, row.state) == (120, None, State.READY)


async def test_removal_of_a_name_that_others_have_taken_meanwhile_leaves_theirs(
    tmp_path: Path, store: Database
) -> None:
    async with lab(tmp_path, store) as world:
        deployments.want(store, replace(CORA, name="gpt-4.1-nano"), world.clock())
        deployments.want_gone(store, "gpt-4.1-nano", world.clock())
        async with world.keeper() as keeper:
            for _ in range(3):
                await keeper.turn()
                world.clock.offset += 1.0
        assert world.wire.count("DELETE") == 0
        assert world.row("gpt-4.1-nano").state is State.READY, "it is theirs, found by the next look"
        assert not world.row("gpt-4.1-nano").ours


async def test_what_the_service_lists_is_known_and_what_it_lists_no_more_is_gone(
    tmp_path: Path, store: Database
) -> None:
    async with lab(tmp_path, store) as world, world.keeper() as keeper:
        await keeper.turn()
        names = [row.name for row in deployments.all_deployments(store)]
        assert "gpt-4.1" in names
        assert not any(row.ours for row in deployments.all_deployments(store))
        path = f"{keeper.desk.plane.place.path}/deployments/gpt-4.1"
        await keeper.desk.plane.once("DELETE", path)
        for _ in range(50):
            keeper.next_look = 0.0
            await keeper.turn()
        assert world.row("gpt-4.1").state is State.GONE
        assert "does not list it" in deployments.history(store, "gpt-4.1")[0].words
