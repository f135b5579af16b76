"""`cupola deploy` against a real emulator, without a worker beside it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.cli import main
from cupola.cli.context import Context
from cupola.store import deployments
from cupola.store.database import open_store

from ..worker.emulation import Emulation
from .conftest import Terminal

BASE = "gpt-4.1-nano-2025-04-14"


@dataclass
class Prompt:
    """Runs command lines and keeps what they print."""

    context: Context
    out: str = ""
    err: str = ""

    def run(self, *words: str, answers: str | None = None) -> int:
        out, err = io.StringIO(), io.StringIO()
        given = Terminal(answers) if answers is not None else io.StringIO()
        code = main(list(words), context=replace(self.context, out=out, err=err, input=given))
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    def json(self, *words: str) -> Any:
        assert self.run(*words, "-o", "json") == 0, self.err
        return json.loads(self.out)


def context(home: Path, endpoint: str, key: str) -> Context:
    environment = {"CUPOLA_HOME": str(home), "AZURE_OPENAI_ENDPOINT": endpoint, "AZURE_OPENAI_API_KEY": key}
    return Context(environment, transport=httpx2.AsyncHTTPTransport())


@pytest.fixture
def prompt(tmp_path: Path) -> Iterator[Prompt]:
    emulation = Emulation(tmp_path / "state", speed=500.0)
    emulation.start()
    try:
        yield Prompt(context(tmp_path / "home", emulation.profile.endpoint, emulation.key))
    finally:
        emulation.stop()


def test_a_deployment_is_planned_made_scaled_given_a_fuse_and_removed(prompt: Prompt, tmp_path: Path) -> None:
    names = [row["name"] for row in prompt.json("deploy", "list")]
    assert "gpt-4.1-nano" in names
    assert prompt.json("deploy", "quota")[0]["limit"] > 0

    make = ("deploy", "create", "cora", "--model", BASE, "--capacity", "60", "--fuse", "90m")
    planned = prompt.json(*make, "--dry-run")
    assert (planned["tier"], planned["usd_per_hour"], planned["fuse_seconds"]) == ("GlobalStandard", 0.0, 5_400.0)
    assert "cora" not in [row["name"] for row in prompt.json("deploy", "list")], "a dry run makes nothing"
    assert prompt.run(*make) == 2
    assert "-y" in prompt.err

    assert prompt.run(*make, answers="y\n") == 0, prompt.err
    shown = prompt.json("deploy", "show", "cora")
    assert (shown["state"], shown["made_by"], shown["capacity"]) == ("ready", "cupola", 60)
    assert shown["probe_usd"] > 0
    assert any("answers" in step["words"] for step in shown["history"])

    assert prompt.run("deploy", "scale", "cora", "75", "-y") == 0, prompt.err
    assert prompt.json("deploy", "show", "cora")["capacity"] == 75
    before = prompt.json("deploy", "show", "cora")["fuse_at"]
    assert prompt.run("deploy", "extend", "cora", "--fuse", "2d", "-y") == 0
    assert prompt.json("deploy", "show", "cora")["fuse_at"] > before

    assert prompt.run("deploy", "remove", "cora", answers="no\n") == 2
    assert prompt.run("deploy", "remove", "cora", answers="cora\n") == 0, prompt.err
    assert prompt.json("deploy", "show", "cora")["state"] == "gone"
    assert "cora" not in [row["name"] for row in prompt.json("deploy", "list")]


def test_a_quota_refusal_is_told_with_what_is_free(prompt: Prompt) -> None:
    assert prompt.run("deploy", "create", "big", "--model", BASE, "--capacity", "900000", "-y") == 1
    assert "There is no quota for GlobalStandard" in prompt.err
    assert "Ask for capacity" in prompt.err


def test_a_profile_without_an_account_lists_what_it_has_asked_and_says_what_to_add(tmp_path: Path) -> None:
    prompt = Prompt(context(tmp_path, "https://res.openai.azure.com", "k"))
    assert prompt.run("deploy", "list") == 0
    assert "subscription_id, resource_group, account missing" in prompt.err
    assert prompt.run("deploy", "create", "a", "--model", BASE, "-y") == 2
    assert "AZURE_SUBSCRIPTION_ID" in prompt.err
    with_store = open_store(prompt.context.paths.store("default"))
    assert deployments.all_deployments(with_store) == []
    with_store.close()


def test_words_that_cannot_be_meant_are_refused_without_asking_anybody(tmp_path: Path) -> None:
    prompt = Prompt(context(tmp_path, "http://127.0.0.1:1", "k"))
    assert prompt.run("deploy", "create", "a", "--model", BASE, "--fuse", "soon", "-y") == 2
    assert "no length of time" in prompt.err
    assert prompt.run("deploy", "show", "nobody", "--offline") == 2
    assert prompt.run("deploy", "create", "a", "--model", BASE, "--offline", "-y") == 2
    assert prompt.run("deploy", "tiers") == 0
    assert "DeveloperTier" in prompt.out
