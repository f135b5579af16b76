"""`cupola profile`, `config`, `doctor` and `model` as a person types them, against a small service."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cupola.settings import read_settings

if TYPE_CHECKING:
    from tests.core.cli.conftest import Shell

A = "https://a.openai.azure.com"


@pytest.fixture(autouse=True)
def bare(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's az nor a folder of azd is found."""
    monkeypatch.chdir(tmp_path)
    environment = {"CUPOLA_HOME": str(tmp_path), "PATH": str(tmp_path), "PYTHON_KEYRING_BACKEND": ""}
    shell.context = replace(shell.context, environment=environment)


def config(shell: Shell) -> Path:
    return shell.context.paths.config_file


def test_profiles_are_added_used_shown_and_removed(shell: Shell) -> None:
    assert shell.run("profile", "add", "one", "--endpoint", A, "--no-find", "--danger", "--budget-hard", "20") == 0
    assert shell.run("profile", "add", "two", "--endpoint", A, "--no-find", "--use") == 0
    assert stat.S_IMODE(config(shell).stat().st_mode) == 0o600
    rows = {row["name"]: row for row in shell.json("profile", "list")}
    assert (rows["two"]["default"], rows["one"]["default"], rows["one"]["danger"]) == (True, False, True)
    assert shell.run("profile", "use", "one") == 0
    assert shell.json("profile", "show")["name"] == "one"
    assert shell.json("profile", "show", "one")["budget_hard"] == 20.0
    assert shell.run("profile", "remove", "one") == 2, "nobody is there to confirm"
    assert shell.run("profile", "remove", "one", answers="n\n") == 2
    assert shell.run("profile", "remove", "one", answers="y\n") == 0
    assert "stays at" in shell.err
    assert list(read_settings(config(shell)).profiles) == ["two"]


def test_a_dry_run_prints_the_profile_and_writes_nothing(shell: Shell) -> None:
    assert shell.run("profile", "add", "one", "--endpoint", A, "--no-find", "--dry-run") == 0
    assert json.loads(shell.out)["profiles"]["one"]["endpoint"] == A
    assert not config(shell).exists()


def test_without_an_address_nothing_is_written_and_the_flag_is_named(shell: Shell) -> None:
    assert shell.run("profile", "add", "one", "--no-find") == 2
    assert "--endpoint https://" in shell.err
    assert not config(shell).exists()


def test_every_setting_is_shown_with_where_it_came_from(shell: Shell) -> None:
    shell.run("profile", "add", "one", "--endpoint", A, "--no-find", "--region", "eastus2")
    shell.run("config", "set", "defaults.route", "v1")
    shell.run("config", "set", "theme", "light")
    shell.context = replace(shell.context, environment={**shell.context.environment, "AZURE_LOCATION": "westus"})
    rows = {row["setting"]: row for row in shell.json("config", "show", "--origin")}
    assert (rows["region"]["value"], rows["region"]["origin"]) == ("westus", "environment AZURE_LOCATION")
    assert rows["endpoint"]["origin"].startswith("profile one in ")
    assert rows["route"]["origin"].startswith("[defaults] in ")
    assert rows["api_version"]["origin"] == "built in"
    assert rows["theme"]["value"] == "light"
    named = {row["setting"]: row for row in shell.json("-p", "one", "config", "show")}
    assert (named["region"]["value"], named["profile"]["origin"]) == ("eastus2", "command line")
    assert shell.run("config", "show") == 0
    assert "ORIGIN" not in shell.out


def test_settings_are_set_and_unset_and_wrong_ones_refused(shell: Shell) -> None:
    assert shell.run("config", "path") == 0
    assert shell.out.strip() == str(config(shell))
    shell.run("profile", "add", "one", "--endpoint", A, "--no-find")
    assert shell.run("config", "set", "profiles.one.danger", "true") == 0
    assert read_settings(config(shell)).profiles["one"]["danger"] is True
    assert shell.run("config", "unset", "profiles.one.danger") == 0
    assert shell.run("config", "unset", "profiles.one.danger") == 2
    for setting, value in (("profiles.one.danger", "maybe"), ("profiles.one.api_key", "x"), ("a..b", "x")):
        assert shell.run("config", "set", setting, value) == 2, setting
    assert shell.run("config", "set", "region", "x") == 0
    assert "defaults.region" in shell.err, "what nothing reads is told"


def test_doctor_offline_asks_nobody_and_names_what_is_missing(shell: Shell) -> None:
    assert shell.run("doctor", "--offline", "-o", "jsonl") == 1
    facts = [json.loads(row) for row in shell.out.splitlines()]
    assert next(fact for fact in facts if fact["topic"] == "profile")["remedy"] == "cupola profile add default"
    assert not [fact for fact in facts if fact["topic"] == "data plane"]
    assert {"store", "disk", "worker", "terminal", "keyring", "proxy"} <= {fact["topic"] for fact in facts}
    assert all(fact["remedy"] for fact in facts if fact["state"] == "bad")


def test_models_are_listed_offline_with_retirement_source_and_date(shell: Shell) -> None:
    rows = {row["id"]: row for row in shell.json("model", "list", "--offline")}
    nano = rows["gpt-4.1-nano-2025-04-14"]
    assert nano["retires"] == "2026-10-14"
    assert "not confirmed" in nano["retires_says"]
    assert "supervised" in nano["methods"]
    shell.run("profile", "add", "one", "--endpoint", A, "--no-find", "--region", "Sweden Central")
    tunable = {row["id"] for row in shell.json("model", "list", "--offline", "--tunable")}
    assert "o4-mini-2025-04-16" in tunable
    assert "o3-2025-04-16" not in tunable
