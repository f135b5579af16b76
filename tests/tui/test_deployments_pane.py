"""The Deployments pane: the list, one in detail, and the ways to deploy, change, remove and sweep."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cupola.models import Health, Job, Problem, ServiceModel
from cupola.settings import Profile
from cupola.store import control_plane, deployments, files, jobs
from cupola.store.control_plane import QuotaLine
from cupola.store.database import Database
from cupola.store.deployments import Deployment, State, Wanted
from cupola_tui.app import CupolaApp

NOW = 1_800_000_000.0
TUNED = "gpt-4.1-nano-2025-04-14.ft-0123456789abcdef0123456789abcdef-cora"

Open = Callable[..., CupolaApp]
See = Callable[..., Awaitable[None]]
Text = Callable[[CupolaApp], str]


@pytest.fixture
def deployed(store: Database) -> Database:
    """One of ours that costs, one of others, one that was refused, and something to deploy."""
    made = deployments.want(store, Wanted("cora", TUNED, "GlobalStandard", 100, 4 * 3_600.0), NOW - 7_200)
    ready = replace(
        made, state=State.READY, created_at=NOW - 7_200, ready_at=NOW - 7_000, service_state="Succeeded", raw='{"a": 1}'
    )
    deployments.step(store, made, ready, NOW - 7_000, "It answers in 0.4 s.")
    theirs = Deployment("prod", "gpt-4.1", "GlobalStandard", 500, State.READY, 0.0, created_at=1.0, ready_at=1.0)
    deployments.save_new(store, theirs, NOW, "Found at the service, made by others.")
    refused = deployments.want(store, Wanted("huge", TUNED, "GlobalStandard", 9_000), NOW - 60)
    problem = Problem("There is no quota for GlobalStandard of capacity 9000.", "900 is free.", "Ask for 900 or less.")
    deployments.step(store, refused, replace(refused, state=State.FAILED, problem=problem), NOW - 50, problem.what)
    name = "OpenAI.GlobalStandard.gpt-4.1-nano-finetune"
    control_plane.save_quota(store, [QuotaLine(name, "tuned nano", 100, 1_000, NOW)])
    control_plane.save_trouble(store, Health(NOW))
    jobs.save(store, [Job("ftjob-1", "gpt-4.1-nano-2025-04-14", "supervised", "succeeded", 1, suffix="cora-support",
                          fine_tuned_model=TUNED, raw="{}")])  # fmt: skip
    files.save_models(store, [ServiceModel("gpt-4.1-2025-04-14", 0, lifecycle="generally-available")])
    return store


async def opened(pilot: Pilot[str], see: See, text: str) -> None:
    await pilot.press("5")
    await see(pilot, text)
    await pilot.pause()


async def select(pilot: Pilot[str], see: See, down: int, text: str) -> None:
    await pilot.press(*["j"] * down)
    await see(pilot, text)


def row(store: Database, name: str) -> Deployment:
    found = deployments.get(store, name)
    assert found is not None
    return found


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_list_shows_state_cost_and_when_each_goes(
    deployed: Database, open_app: Open, see: See, screen_text: Text, size: tuple[int, int]
) -> None:
    app = open_app()
    async with app.run_test(size=size) as pilot:
        await opened(pilot, see, "cora")
        lines = screen_text(app).splitlines()
        mine = next(line for line in lines if "● cora" in line)
        assert "$3.40" in mine, "two hours at $1.70"
        assert "$1.70" in mine
        assert "2h" in mine, "what is left of the fuse"
        assert next(line for line in lines if "✗ huge" in line).index("huge") < 30
        assert "● prod" in screen_text(app)
        # Small screens have no lower edges.
        assert ("3 · $1.70 an hour" in screen_text(app)) == (size == (120, 40)), "what all of it costs"
        await see(pilot, "Ask for 900 or less.")


async def test_the_detail_tells_cost_with_its_source_history_and_quota(
    deployed: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "cora")
        await select(pilot, see, 1, "$3.40 so far, $1.70 an hour (Microsoft Learn")
        await see(pilot, "900 of 1,000 of its quota is free")
        await pilot.press("]")
        await see(pilot, "It answers in 0.4 s.")
        await pilot.press("]")
        await see(pilot, "OpenAI.GlobalStandard.gpt-4.1-nano-finetune")
        await pilot.press("v")
        await see(pilot, "what the service said")


async def test_deploying_asks_for_a_model_and_settings_and_shows_a_card_before_it_is_wished(
    deployed: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "cora")
        await pilot.press("x")
        await see(pilot, "Deploy a model")
        await pilot.press("enter")
        await see(pilot, "Deploy which model?")
        await pilot.press(*"tuned", "enter")
        await see(pilot, "see the cost")
        await see(pilot, "DeveloperTier: no fee")
        await pilot.press("enter")
        await see(pilot, "y do it")
        assert deployments.get(deployed, "cora-support") is None, "nothing is wished before the card"
        text = " ".join(screen_text(app).split())
        assert "No hosting fee" in text
        assert "cupola deploy create cora-support" in text
        await pilot.press("y")
        await see(pilot, "○ cora-support")
        made = row(deployed, "cora-support")
        assert (made.model, made.sku, made.capacity, made.fuse_at) == (TUNED, "DeveloperTier", 50, NOW + 4 * 3_600)
        assert made.state is State.WANTED


async def test_a_form_that_cannot_be_granted_says_why_and_keeps_what_was_typed(
    deployed: Database, open_app: Open, see: See
) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot, see, "cora")
        await pilot.press("x")
        await see(pilot, "Deploy a model")
        await pilot.press("enter")
        await see(pilot, "Deploy which model?")
        await pilot.press(*"base", "enter")
        await see(pilot, "see the cost")
        await pilot.press("tab", "tab", "x", "enter")
        await see(pilot, "The capacity must be")
        await see(pilot, "capacity     x")
        await pilot.press("escape")
        await pilot.pause()
    assert len(deployments.all_deployments(deployed)) == 3


async def test_removing_needs_the_name_typed(deployed: Database, open_app: Open, see: See) -> None:
    async with open_app().run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot, see, "cora")
        await select(pilot, see, 1, "$3.40 so far")
        for typed, state in (("wrong", State.READY), ("cora", State.REMOVING)):
            await pilot.press("x")
            await see(pilot, "Asks you to type its name")
            await pilot.press("down", "down", "down", "enter")
            await see(pilot, "type cora to remove it")
            await pilot.press(*typed, "enter")
            await see(pilot, "That is not its name" if typed == "wrong" else "removing")
            assert row(deployed, "cora").state is state


async def test_the_fuse_is_set_and_the_capacity_scaled_behind_cards(
    deployed: Database, open_app: Open, see: See
) -> None:
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "cora")
        await select(pilot, see, 1, "$3.40 so far")
        await pilot.press("x", "down", "enter")
        await see(pilot, "from now")
        await pilot.press("ctrl+u", *"2d", "enter")
        await see(pilot, "$81.60 until then")
        await pilot.press("y")
        await see(pilot, "in 2d, at")
        assert row(deployed, "cora").fuse_at == NOW + 2 * 86_400
        await pilot.press("x", "down", "down", "enter")
        await see(pilot, "capacity 100")
        await pilot.press("ctrl+u", *"250", "enter")
        await see(pilot, "From capacity 100 to 250")
        await pilot.press("y")
        await see(pilot, "100→250")
        assert row(deployed, "cora").wanted_capacity == 250


async def test_orphans_are_listed_and_only_the_marked_go(deployed: Database, open_app: Open, see: See) -> None:
    deployments.extend_fuse(deployed, "cora", None)
    long_after = NOW + 3 * 86_400
    async with open_app(clock=lambda: long_after).run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "cora")
        for keys, state in ((("space", "y"), State.READY), (("y",), State.REMOVING)):
            await pilot.press("x")
            await see(pilot, "Sweep orphans")
            await pilot.press("up", "enter")
            await see(pilot, "cora: it has no fuse, and Cupola has not asked it for a day.")
            await pilot.press(*keys)
            if state is State.REMOVING:
                await see(pilot, "Removes deployment cora for good")
                await pilot.press("y")
                await see(pilot, "removing")
            await pilot.pause()
            assert row(deployed, "cora").state is state


async def test_a_profile_without_an_account_says_what_to_add_and_what_is_known(
    store: Database, open_app: Open, see: See
) -> None:
    profile = Profile("prod", "https://res.openai.azure.com")
    async with open_app(profile).run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "does not say where its deployments are managed")
        await see(pilot, "AZURE_SUBSCRIPTION_ID")
        await pilot.press("x")
        await see(pilot, "the profile does not say where deployments are managed")


async def test_trouble_with_the_control_plane_stands_over_the_list(
    deployed: Database, open_app: Open, see: See
) -> None:
    problem = Problem("Microsoft Entra gave no token.", remedy="Sign in with `az login`.")
    control_plane.save_trouble(deployed, Health(NOW - 700, problem, NOW - 600))
    async with open_app().run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "Microsoft Entra gave no token")
        await see(pilot, "for 10m")


async def test_hostile_names_are_shown_as_text(store: Database, open_app: Open, see: See, screen_text: Text) -> None:
    theirs = Deployment("a\x1b[31m", "m\x07[bold]", "S\x9b2J", 1, State.READY, 0.0, created_at=1.0, ready_at=1.0,
                        service_state="\u202eX")  # fmt: skip
    deployments.save_new(store, theirs, NOW, "Found.")
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "a␛[31m")
        assert "\x1b" not in screen_text(app)
        assert "\u202e" not in screen_text(app)


async def test_gone_ones_and_words_are_filtered(
    deployed: Database, open_app: Open, see: See, screen_text: Text
) -> None:
    before = row(deployed, "prod")
    deployments.step(deployed, before, replace(before, state=State.GONE, gone_at=NOW), NOW, "Gone.")
    app = open_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, see, "cora")
        assert "prod" not in screen_text(app).partition("╯")[0]
        await pilot.press("f")
        await see(pilot, "– prod")
        await pilot.press("/", *"!huge", "enter")
        await see(pilot, "2 of 3")


def test_the_equal_commands_are_read_by_the_command_line() -> None:
    from cupola.deployments.plan import create_command

    words = shlex.split(create_command(Wanted("cora", TUNED, purpose="a b"), "demo"))
    assert words[:3] == ["cupola", "deploy", "create"]
    assert words[words.index("--purpose") + 1] == "a b"
