"""From a bare machine to a profile that works, by every login, against the emulator over a socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from cupola.azure import deployments
from cupola.azure.client import connect
from cupola.azure.control_plane import open_control_plane
from cupola.azure.credentials import EntraCredential
from cupola.azure.models import list_models
from cupola.azure.sign_in import Chain
from cupola.errors import NotAllowedError
from cupola.settings import Profile, read_settings

if TYPE_CHECKING:
    from tests.core.connecting.conftest import Emulated, Machine

PLANTED = "planted-key-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
TYPED = "typed-into-the-wrong-place"


def by_topic(facts: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for fact in facts:
        found.setdefault(fact["topic"], []).append(fact)
    return found


@pytest.fixture
def switched(emulated: Emulated) -> Iterator[Emulated]:
    """The emulator, set back afterwards."""
    yield emulated
    emulated.send("PUT", "/emulator/identity", {"lifetime_seconds": 3600, "roles": ["Owner", "Foundry User"]})
    emulated.send("DELETE", "/emulator/faults", b"")


def test_an_address_in_the_environment_becomes_a_profile_with_all_that_arm_tells_of_it(
    machine: Machine, emulated: Emulated
) -> None:
    code, _, said = machine.run("profile", "add", "mine", AZURE_ENDPOINT=emulated.endpoint)
    assert code == 0, said
    assert "AZURE_ENDPOINT" in said, "the spelling that won is named"
    written = dict(read_settings(machine.config).profiles["mine"])
    assert written["subscription_id"] == emulated.subscription
    assert (written["account"], written["region"]) == ("zava", "swedencentral")
    shown = machine.json("profile", "show", "mine")
    assert shown["origins"]["account"].startswith("profile mine")
    found = machine.json("profile", "find", AZURE_ENDPOINT=emulated.endpoint)
    assert {row["kind"] for row in found} == {"setting", "account"}


def test_a_managed_identity_tests_everything_good(machine: Machine, emulated: Emulated) -> None:
    machine.run("profile", "add", "mine", "--endpoint", emulated.endpoint, "--credential", "entra")
    facts = by_topic(machine.json("profile", "test", "mine", **emulated.identity))
    assert {fact["state"] for topic in facts.values() for fact in topic} == {"good"}
    assert set(facts) == {"token", "data plane", "clock", "models", "control plane", "region", "role", "quota"}
    assert facts["token"][0]["details"]["source"] == "managed-identity"
    assert facts["role"][0]["details"]["rights"] == {"train": True, "deploy": True}
    assert "gpt-4o-2024-08-06" in facts["models"][0]["details"]["tunable"]


def test_a_missing_role_a_wrong_clock_and_a_wrong_audience_are_told_with_remedies(
    machine: Machine, switched: Emulated
) -> None:
    add = ("profile", "add", "mine", "--endpoint", switched.endpoint, "--credential", "managed-identity")
    machine.run(*add)
    switched.send("PUT", "/emulator/identity", {"roles": ["Cognitive Services User"]})
    skew = {"rules": [{"route": "GET /openai/models", "fault": "clock_skew", "seconds": 900}]}
    switched.send("PUT", "/emulator/faults", skew)
    facts = by_topic(machine.json("profile", "test", "mine", **switched.identity))
    assert facts["clock"][0]["state"] == "bad"
    assert 890 < facts["clock"][0]["details"]["skew_seconds"] < 910
    assert "behind" in facts["clock"][0]["what"]
    assert any("may not deploy" in fact["what"] and "Foundry Owner" in fact["remedy"] for fact in facts["role"])
    assert "Usages Reader" in facts["quota"][0]["remedy"]
    machine.run(*add, "--replace", "--token-scope", "https://management.azure.com/.default")
    facts = by_topic(machine.json("profile", "test", "mine", **switched.identity))
    assert any(fact["state"] == "bad" and "token_scope" in fact["remedy"] for fact in facts["token"])
    assert facts["data plane"][0]["state"] == "bad"


def test_nobody_signed_in_is_said_once_with_what_each_source_said(machine: Machine, emulated: Emulated) -> None:
    machine.run("profile", "add", "mine", "--endpoint", emulated.endpoint, "--credential", "az")
    facts = by_topic(machine.json("profile", "test", "mine"))
    assert "az:" in facts["token"][0]["why"]
    assert "az login --use-device-code" in facts["token"][0]["remedy"]
    assert "data plane" not in facts


def test_a_key_is_piped_into_the_keyring_and_found_there(machine: Machine, emulated: Emulated) -> None:
    ring = machine.with_keyring()
    machine.run("profile", "add", "mine", "--endpoint", emulated.endpoint, "--credential", "key")
    code, out, said = machine.run("profile", "key", "mine", given=f"{emulated.key}\n")
    assert (code, out) == (0, ""), said
    assert emulated.key in ring.read_text()
    facts = by_topic(machine.json("profile", "test", "mine"))
    assert facts["token"][0]["details"]["origin"] == "keyring"
    assert facts["data plane"][0]["state"] == "good"
    locked = by_topic(machine.json("profile", "test", "mine", TEST_RING_LOCKED="1"))
    assert "locked" in locked["token"][0]["why"]
    assert "Unlock" in locked["token"][0]["remedy"]
    assert machine.run("profile", "remove", "mine", "-y")[0] == 0
    assert emulated.key not in ring.read_text(), "what is removed leaves no key behind"


def test_without_a_keyring_a_key_is_refused_with_the_choices_and_kept_nowhere(
    machine: Machine, emulated: Emulated
) -> None:
    none = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    machine.run("profile", "add", "mine", "--endpoint", emulated.endpoint)
    code, _, said = machine.run("profile", "key", "mine", given=f"{PLANTED}\n", **none)
    assert code == 4
    assert "AZURE_OPENAI_API_KEY" in said
    assert "absent" in said
    assert PLANTED not in said
    assert planted_in(machine.home) == []


def sign_in(machine: Machine, emulated: Emulated, *flags: str, **more: str) -> list[dict[str, Any]]:
    """Sign in with a code, as a person with a browser elsewhere would."""
    with machine.start("profile", "sign-in", "mine", "-o", "jsonl", *flags, **more) as process:
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline())]
        assert told[0]["address"].startswith(emulated.endpoint)
        form = urllib.parse.urlencode({"user_code": told[0]["code"], "key": emulated.key}).encode()
        emulated.send("POST", "/emulator/sign-in", form)
        told += [json.loads(row) for row in process.stdout]
        assert process.wait(60) == 0
    return told


def test_a_sign_in_by_code_serves_both_planes_in_processes_that_come_later(
    machine: Machine, emulated: Emulated
) -> None:
    ring = machine.with_keyring()
    machine.run("profile", "add", "mine", "--endpoint", emulated.endpoint)
    assert len(sign_in(machine, emulated)) == 1, "no secret on standard output"
    assert "refresh" in ring.read_text().lower()
    assert read_settings(machine.config).profiles["mine"]["credential"] == "device-code"
    facts = by_topic(machine.json("profile", "test", "mine"))
    assert facts["token"][0]["details"]["source"] == "device-code"
    assert facts["data plane"][0]["state"] == "good"


def test_without_a_keyring_a_sign_in_lasts_for_the_session_it_is_handed_to(
    machine: Machine, emulated: Emulated
) -> None:
    none = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    machine.run("profile", "add", "mine", "--endpoint", emulated.endpoint)
    told = sign_in(machine, emulated, "--session", **none)
    handed = {"CUPOLA_SIGN_IN": told[-1]["sign_in"]}
    assert by_topic(machine.json("profile", "test", "mine", **none, **handed))["token"][0]["state"] == "good"
    without = by_topic(machine.json("profile", "test", "mine", **none))["token"][0]
    assert "cupola profile sign-in" in without["remedy"]
    broken = by_topic(machine.json("profile", "test", "mine", **none, CUPOLA_SIGN_IN="{}"))["token"][0]
    assert "cannot be read" in broken["why"]


async def test_tokens_that_end_in_seconds_are_renewed_in_a_long_run(
    switched: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity import ManagedIdentityCredential

    for name, value in switched.identity.items():
        monkeypatch.setenv(name, value)
    switched.send("PUT", "/emulator/identity", {"lifetime_seconds": 2})
    asked: list[str] = []
    identity = ManagedIdentityCredential()

    def get_token(scope: str) -> Any:
        asked.append(scope)
        return identity.get_token(scope)

    credential = EntraCredential("https://cognitiveservices.azure.com/.default", get_token)
    answers = 0
    async with connect(Profile("p", switched.endpoint), credential) as service:
        while len(asked) < 3 or answers < 20:
            assert await list_models(service)
            answers += 1
            await asyncio.sleep(0.1)
    assert answers > len(asked), "not one for each call"


async def test_while_entra_is_away_the_old_token_serves_until_it_ends() -> None:
    now, away = [0.0], [False]

    class Token:
        token, expires_on = "old", 1_000.0

    def get_token(scope: str) -> Any:
        if away[0]:
            raise NotAllowedError("Entra is away.")
        return Token()

    credential = EntraCredential("s", get_token, now=lambda: now[0])
    assert await credential.token() == "old"
    away[0], now[0] = True, 900.0
    assert await credential.token() == "old"
    now[0] = 1_000.0
    with pytest.raises(NotAllowedError):
        await credential.token()


def test_the_source_that_answered_is_asked_first_from_then_on() -> None:
    from azure.identity import CredentialUnavailableError

    asked: list[str] = []

    class Source:
        def __init__(self, name: str, has: bool) -> None:
            self.name, self.has = name, has

        def get_token(self, scope: str) -> str:
            asked.append(self.name)
            if not self.has:
                raise CredentialUnavailableError("not here. Bearer abcdefghijklmnop")
            return "t"

    chain = Chain([("a", lambda: Source("a", False)), ("b", lambda: Source("b", True))])
    assert (chain("s"), chain("s"), chain.who) == ("t", "t", "b")
    assert asked == ["a", "b", "b"]
    with pytest.raises(NotAllowedError) as caught:
        Chain([("a", lambda: Source("a", False))])("s")
    assert "a: not here." in caught.value.why


async def test_the_control_plane_is_open_before_an_account_is_known(emulated: Emulated) -> None:
    async with open_control_plane(Profile("p", emulated.endpoint)) as plane:
        assert plane.place.account == ""
        with pytest.raises(Exception, match="refused"):
            await deployments.list_all(plane)


def planted_in(folder: Path, *secrets: str) -> list[str]:
    """The files that hold a secret, in any spelling."""
    wanted = [secret.encode() for secret in secrets or (PLANTED,)]
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(secret in path.read_bytes() for secret in wanted)
    ]


def test_planted_secrets_are_on_no_disk_in_no_log_in_no_process_list_and_in_no_words(
    machine: Machine, emulated: Emulated
) -> None:
    """A key and a sign-in go through every command there is for them, and a worker, which is looked at from outside."""
    secrets = {"AZURE_OPENAI_API_KEY": emulated.key, "AZURE_CLIENT_SECRET": PLANTED}
    said: list[str] = []
    stop, seen = threading.Event(), set[str]()

    def watch() -> None:
        while not stop.wait(0.1):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.add(process.read_bytes().decode("utf-8", "replace"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for words in (
            ("profile", "add", "mine", "--endpoint", emulated.endpoint, "--credential", "key"),
            ("profile", "find", "-o", "json"),
            ("profile", "show", "mine", "-o", "json"),
            ("profile", "test", "mine", "-o", "json"),
            ("doctor", "-p", "mine", "-o", "json"),
            ("config", "show", "--origin", "-o", "json"),
            ("worker", "start", "-p", "mine"),
            ("job", "list", "-p", "mine"),
            ("model", "list", "-p", "mine"),
            ("config", "set", "profiles.mine.endpoint", f"https://x:{TYPED}@r.azure.com"),
            ("profile", "key", "mine"),
        ):
            _, out, err = machine.run(*words, given=f"{PLANTED}\n", **secrets)
            said += [out, err]
        time.sleep(1.0)
        machine.run("worker", "stop", "-p", "mine", **secrets)
    finally:
        stop.set()
        watcher.join()
    assert any("cupola.worker\0--detach\0--profile\0mine" in words for words in seen), (
        "the worker was among the processes that were looked at"
    )
    for secret in (emulated.key, PLANTED):
        assert secret not in "".join(said)
        assert not [words for words in seen if secret in words]
    assert planted_in(machine.home, emulated.key, PLANTED, TYPED) == []
    assert any(machine.home.rglob("*.log")), "there is a log that was searched"
    assert any(machine.home.rglob("store.sqlite3")), "and a store with the calls that `@` shows"


async def test_a_token_that_the_service_refuses_is_not_sent_again() -> None:
    tokens = iter(("first", "second"))
    sent: list[str] = []

    class Token:
        def __init__(self) -> None:
            self.token, self.expires_on = next(tokens), time.time() + 3_600

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers["authorization"])
        refused = sent[-1] == "Bearer first"
        return httpx2.Response(401 if refused else 200, json={"error": {"code": "401"}} if refused else {"data": []})

    credential = EntraCredential("s", lambda scope: Token())
    profile = Profile("p", "https://r.openai.azure.com")
    async with connect(profile, credential, transport=httpx2.MockTransport(answer)) as service:
        with pytest.raises(NotAllowedError):
            await list_models(service)
        assert await list_models(service) == []
    assert sent == ["Bearer first", "Bearer second"]
