from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cupola.cli.demo import resource
from cupola.settings import DEMO_PROFILE, Profile, Settings, resolve_profile
from cupola.store import jobs
from cupola.store.database import open_store
from cupola.worker import process

from ..worker.cloud import Cloud
from .conftest import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, Cloud())
    # A real key and address of the person must not reach the demo.
    foreign = {"AZURE_OPENAI_ENDPOINT": "https://real.openai.azure.com", "AZURE_OPENAI_API_KEY": "real-key-0123456789"}
    shell.context = replace(
        shell.context, environment={**shell.context.environment, **foreign, "PATH": os.environ["PATH"]}
    )
    yield shell
    assert shell.run("demo", "--stop") == 0, shell.err


def soon(true: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def names_and_ids(shell: Shell) -> dict[str, str]:
    return {job["name"]: job["id"] for job in shell.json("-p", "demo", "job", "list")}


def test_the_demo_is_set_up_once_found_again_restarted_and_forgotten(shell: Shell) -> None:
    assert shell.run("demo", "--no-screen", "--speed", "50") == 0, shell.err
    first = names_and_ids(shell)
    assert set(first) == {"cora-support", "countdown"}
    pid = shell.json("-p", "demo", "worker", "status")["pid"]

    assert shell.run("demo", "--no-screen") == 0, shell.err
    assert names_and_ids(shell) == first, "no job is submitted twice"
    assert shell.json("-p", "demo", "worker", "status")["pid"] == pid

    endpoint = shell.json("-p", "demo", "profile", "show")["endpoint"]
    assert shell.run("demo", "--stop") == 0
    assert resource.running(shell.context.paths) is None
    assert not process.status(DEMO_PROFILE, shell.context.paths).running

    assert shell.run("demo", "--no-screen", "--speed", "50") == 0, shell.err
    assert shell.json("-p", "demo", "profile", "show")["endpoint"] == endpoint, "the old port, where it is free"
    assert names_and_ids(shell) == first, "the emulator goes on from its old state"

    assert shell.run("demo", "--forget") == 0, shell.err
    left = {path.name for path in (shell.home / "data").rglob("*") if path.is_file()}
    assert left == set()


def test_the_screen_opens_on_the_local_emulator_while_the_jobs_are_still_submitted(shell: Shell) -> None:
    seen: list[tuple[Profile, Mapping[str, str]]] = []

    def face(profile: Profile, environment: Mapping[str, str]) -> int:
        seen.append((profile, environment))
        database = open_store(shell.context.paths.store(profile.name))
        soon(lambda: len(jobs.newest(database)) == 2)
        database.close()
        return 7

    shell.context = replace(shell.context, open_face=face)
    assert shell.run("demo", "--speed", "50") == 7
    profile, environment = seen[0]
    assert profile.is_local
    assert environment["AZURE_OPENAI_API_KEY"] != "real-key-0123456789"
    assert "goes on without the screen" in shell.err
    assert "cupola demo --stop" in shell.err


def test_no_file_of_cupola_holds_the_emulators_key(shell: Shell) -> None:
    assert shell.run("demo", "--no-screen", "--speed", "50") == 0, shell.err
    found = resource.announced(shell.context.paths)
    assert found is not None
    emulator = shell.context.paths.emulator_state
    ours = [path for path in shell.home.rglob("*") if path.is_file() and not path.is_relative_to(emulator)]
    assert ours
    assert not [path for path in ours if found.api_key.encode() in path.read_bytes()]
    assert (emulator / "ready.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "junk", "[]", json.dumps({"endpoint": "https://evil.example", "api_key": "k"})])
def test_a_ready_file_that_names_no_emulator_of_this_machine_is_not_believed(shell: Shell, text: str) -> None:
    (shell.context.paths.emulator_state / "ready.json").write_text(text)
    assert resource.announced(shell.context.paths) is None


def test_the_environment_says_nothing_about_the_demo(tmp_path: Path) -> None:
    environment = {"AZURE_OPENAI_ENDPOINT": "https://real.openai.azure.com", "AZURE_SUBSCRIPTION_ID": "s"}
    settings = Settings("default", {}, tmp_path / "config.toml")
    demo = resolve_profile(settings, DEMO_PROFILE, environment, endpoint="http://127.0.0.1:5")
    assert (demo.endpoint, demo.subscription_id) == ("http://127.0.0.1:5", "")
    assert resolve_profile(settings, None, environment).endpoint == "https://real.openai.azure.com"
