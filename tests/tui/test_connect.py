"""The connect screen: what is found, a profile that is written, a key that is typed, a code to enter."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from cupola.models import Health
from cupola.settings import Profile, read_settings
from cupola.store import health, jobs
from cupola.store.database import Database, open_store
from cupola_tui.app import CupolaApp
from cupola_tui.lines import plain
from cupola_tui.screens.connect import ConnectScreen, Reopen
from cupola_tui.screens.connect_child import Connecting, told_by
from cupola_tui.views.connecting import ConnectState, connect_lines, suggested

KEY = "planted-0f1e2d3c4b5a6978"
ACCOUNT = {
    "kind": "account",
    "setting": "rg/zava",
    "value": "https://zava.openai.azure.com",
    "origin": "AIServices in swedencentral",
    "endpoint": "https://zava.openai.azure.com",
    "subscription_id": "s-1",
    "resource_group": "rg",
    "account": "zava",
    "region": "swedencentral",
    "tenant_id": "t-1",
}
FACT = {"schema": "cupola.fact/1", "topic": "data plane", "state": "good", "what": "The data plane answers in 7 ms."}
BAD = {**FACT, "topic": "quota", "state": "bad", "what": "Quota is [b]gone[/]\x1b[2J.", "remedy": "Ask for more."}
CODE = {"schema": "cupola.code/1", "address": "https://microsoft.com/devicelogin", "code": "ABCD-1234", "seconds": 900}
SIGNED = {"schema": "cupola.sign_in/1", "sign_in": KEY}

STAND_IN = """
import json, os, pathlib, sys
words = sys.argv[1:]
secrets = sorted(set(os.environ) & {"AZURE_OPENAI_API_KEY", "CUPOLA_SIGN_IN"})
heard = {"words": words, "input": sys.stdin.read(), "secrets": secrets}
with open(os.environ["HEARD"], "a") as out:
    out.write(json.dumps(heard) + "\\n")
for told, wanted in json.loads(os.environ["TOLD"]):
    if all(word in words for word in wanted):
        for row in told:
            if row.get("schema") == "fails":
                print("cupola: " + row["what"], file=sys.stderr)
                sys.exit(4)
            if row.get("schema") == "notes":
                print(row["what"], file=sys.stderr)
                continue
            print(json.dumps(row), flush=True)
        break
"""
"""A command line that answers as the test says and writes down how it was called."""

See = Callable[..., Awaitable[None]]


class World:
    """A home without profiles, and a command line that is a stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "cupola.py").write_text(STAND_IN)
        self.file = folder / "config.toml"
        self.answers: list[tuple[list[dict[str, object]], list[str]]] = []

    def connecting(self) -> Connecting:
        environment = {"HEARD": str(self.folder / "heard"), "TOLD": json.dumps(self.answers)}
        return Connecting(environment, self.file, False, (sys.executable, str(self.folder / "cupola.py")))

    def heard(self) -> list[dict[str, object]]:
        return [json.loads(row) for row in (self.folder / "heard").read_text().splitlines()]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def app_of(tmp_path: Path) -> Callable[[World], CupolaApp]:
    def make(world: World, profile: Profile | None = None) -> CupolaApp:
        database: Database = open_store(tmp_path / "store.sqlite3")
        jobs.save(database, [])
        health.save(database, Health())
        return CupolaApp(profile or Profile("default"), database, connecting=world.connecting())

    return make


Make = Callable[..., CupolaApp]


async def test_whoever_has_no_profile_is_led_from_what_was_found_to_one_that_works(
    world: World, app_of: Make, see: See
) -> None:
    world.answers = [([ACCOUNT], ["find"]), ([FACT, BAD], ["test", "default"])]
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, "rg/zava")
        await pilot.press("n")
        await see(pilot, "Which resource?")
        await pilot.press("enter")
        await see(pilot, "swedencentral")
        await pilot.press("enter")
        await see(pilot, "The data plane answers in 7 ms.")
        await see(pilot, "Ask for more.")
        assert isinstance(app.screen, ConnectScreen)
        await pilot.press("o")
    written = dict(read_settings(world.file).profiles["default"])
    assert (written["endpoint"], written["account"], written["tenant_id"]) == (ACCOUNT["endpoint"], "zava", "t-1")
    assert written["credential"] == "entra", "whoever sees accounts is signed in"
    assert app.reopen == Reopen("default")


async def test_where_nothing_is_found_it_is_said_why_and_what_to_do(world: World, app_of: Make, see: See) -> None:
    said = {"schema": "notes", "what": "The accounts could not be listed. Nobody is signed in."}
    world.answers = [([said], ["find"])]
    async with app_of(world).run_test(size=(120, 40)) as pilot:
        await see(pilot, "Nothing was found in the environment")
        await see(pilot, "Nobody is signed in.")
        await see(pilot, "n writes a profile here")


async def test_a_key_that_no_keyring_takes_is_held_for_the_session_and_seen_nowhere(
    world: World, app_of: Make, see: See, tmp_path: Path
) -> None:
    world.answers = [
        ([{"schema": "fails", "what": "The secret was not kept: the keyring is absent."}], ["key"]),
        ([FACT], ["test"]),
    ]
    app = app_of(world, Profile("default", "https://zava.openai.azure.com"))
    async with app.run_test(size=(120, 40)) as pilot:
        app.action_connect()
        await see(pilot, "The data plane answers")
        await pilot.press("k")
        await see(pilot, "Key of profile default")
        app.screen.query_one(Input).value = KEY
        await pilot.pause()
        picture = app.export_screenshot()
        await pilot.press("enter")
        await see(pilot, "held for this session")
        picture += app.export_screenshot()
        await pilot.press("o")
    assert KEY not in picture
    assert app.reopen is not None
    assert app.reopen.secrets == {"AZURE_OPENAI_API_KEY": KEY}
    assert KEY not in repr(app.reopen)
    heard = world.heard()
    kept = next(one for one in heard if "key" in one["words"])  # type: ignore[operator]  # a list of words
    assert kept["input"] == f"{KEY}\n"
    assert all(KEY not in json.dumps(one["words"]) for one in heard), "other users see a process's words"
    assert heard[-1]["secrets"] == ["AZURE_OPENAI_API_KEY"], "the next try has it"
    (tmp_path / "heard").unlink()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


async def test_a_code_is_shown_with_its_address_and_copied(world: World, app_of: Make, see: See) -> None:
    refused = {"schema": "fails", "what": "The sign-in could not be kept: the keyring is absent."}
    world.answers = [
        ([FACT], ["test"]),
        ([CODE, SIGNED, {**FACT, "what": "x"}], ["sign-in", "--session"]),
        ([refused], ["sign-in"]),
    ]
    app = app_of(world, Profile("default", "https://zava.openai.azure.com"))
    async with app.run_test(size=(120, 40)) as pilot:
        app.action_connect()
        await see(pilot, "The data plane answers")
        screen = app.screen
        assert isinstance(screen, ConnectScreen)
        screen._take(CODE)
        await see(pilot, "https://microsoft.com/devicelogin")
        await see(pilot, "ABCD-1234")
        await pilot.press("y")
        await pilot.pause()
        assert app.clipboard == "ABCD-1234"
        await pilot.press("i")
        await see(pilot, "held for this session")
        assert KEY not in app.export_screenshot()
        await pilot.press("o")
    assert app.reopen is not None
    assert app.reopen.secrets == {"CUPOLA_SIGN_IN": KEY}


async def test_without_a_profile_the_other_keys_say_what_comes_first(world: World, app_of: Make, see: See) -> None:
    app = app_of(world)
    async with app.run_test(size=(80, 24)) as pilot:
        await see(pilot, "is not connected to a resource")
        for key in ("t", "k", "i", "o"):
            await pilot.press(key)
            await pilot.pause()
        await see(pilot, "n writes one")
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, ConnectScreen)
    assert app.reopen is None


async def test_a_wrong_setting_is_refused_in_the_screen(world: World, app_of: Make, see: See) -> None:
    app = app_of(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await see(pilot, "writes a profile here")
        await pilot.press("n")
        await see(pilot, "write it")
        app.screen.query(Input)[1].value = "https://zava.openai.azure.com"
        app.screen.query(Input)[2].value = "password"
        await pilot.press("enter")
        await see(pilot, "credential must be one of key")
    assert not world.file.exists()


async def test_a_child_that_is_left_alone_is_ended(world: World) -> None:
    world.answers = [([FACT, FACT], ["test"])]
    rows = told_by(world.connecting(), ("profile", "test", "x"), {})
    assert (await anext(rows))["what"] == FACT["what"]
    await rows.aclose()


async def test_what_a_failing_child_says_comes_last(world: World) -> None:
    world.answers = [([FACT, {"schema": "fails", "what": "No."}], ["test"])]
    told = [row async for row in told_by(world.connecting(), ("profile", "test", "x"), {})]
    assert [row["what"] for row in told] == [FACT["what"], "No."]


@pytest.mark.parametrize("width", [20, 74, 200])
def test_hostile_words_of_the_service_stay_words(width: int) -> None:
    state = ConnectState("p\x1b", found=({**ACCOUNT, "value": "\x1b]52;c;x\x07[red]"},), facts=(BAD,), said="\u202e[/]")
    shown = "\n".join(plain(spans) for spans in connect_lines(state, "/x", width))
    assert not any(ord(character) < 32 and character != "\n" for character in shown)
    assert "\u202e" not in shown


def test_a_form_begins_with_the_account_that_was_chosen() -> None:
    setting = {"kind": "setting", "setting": "region", "value": "eastus2", "origin": "AZURE_LOCATION"}
    state = ConnectState(found=(setting, ACCOUNT))
    assert suggested(state) == {"region": "eastus2"}
    assert suggested(state, "rg/zava")["region"] == "swedencentral"


async def test_the_top_line_tells_of_a_model_in_use_that_retires_soon(
    open_app: Callable[..., CupolaApp], see: See
) -> None:
    october = 1_790_000_000.0
    app = open_app(clock=lambda: october)
    async with app.run_test(size=(140, 40)) as pilot:
        await see(pilot, "gpt-4.1-nano-2025-04-14 retires in 23 days")
    later = open_app(clock=lambda: october + 40 * 86_400)
    async with later.run_test(size=(140, 40)) as pilot:
        await see(pilot, "1 running")
        await pilot.pause(1.5)
        assert "retire" not in plain(later._frame._top_lines(140)[0])
