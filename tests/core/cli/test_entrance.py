from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.cli.parsing import NOUNS
from cupola.cli.text import clean, clean_lines
from cupola.store.database import Database

from ..worker.cloud import Cloud
from .conftest import Shell


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_has_help(shell: Shell, noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run(noun, "--help") == 0
    assert f"usage: cupola {noun}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [("job",), ("nonsense",), ("job", "fly"), ("job", "list", "-o", "xml"), ("-o",), ("job", "show")]
)
def test_a_wrong_command_line_ends_with_2_and_says_where_help_is(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell.run(*words) == 2
    assert shell.out == ""
    assert "help" in shell.err


def test_common_flags_stand_before_or_after_the_noun(shell: Shell, cloud: Cloud) -> None:
    cloud.add("ftjob-1")
    assert shell.run("-o", "tsv", "job", "list") == 0
    before = shell.out
    assert shell.run("job", "list", "-o", "tsv") == 0
    assert shell.out == before
    assert shell.run("-p", "job", "job", "list") == 2, "a profile may be named like a noun; this one is unknown"
    assert "no profile 'job'" in shell.err


def test_an_interrupted_command_ends_with_130(shell: Shell) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    shell.cloud.__class__ = type("Interrupting", (Cloud,), {"__call__": interrupted})
    assert shell.run("job", "list") == 130


def test_a_reader_that_has_seen_enough_is_met_in_silence(shell: Shell, cloud: Cloud, store: Database) -> None:
    for number in range(3_000):
        cloud.add(f"ftjob-{number}")
    from cupola.models import Job
    from cupola.store import jobs

    jobs.save(store, [Job(f"ftjob-{n}", "m" * 50, "supervised", "running", n, raw=str(n)) for n in range(3_000)])
    command = f"{sys.executable} -m cupola.cli job list --offline | head -n 1"
    environment = {**shell.context.environment, "PATH": os.environ["PATH"]}
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_missing_key_ends_with_4_and_says_what_to_set(shell: Shell) -> None:
    environment = {k: v for k, v in shell.context.environment.items() if k != "AZURE_OPENAI_API_KEY"}
    environment |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    command = [sys.executable, "-m", "cupola.cli", "job", "list"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 4
    assert "Set AZURE_OPENAI_API_KEY" in done.stderr


def test_profiles_tell_where_their_values_come_from(shell: Shell) -> None:
    file = shell.context.paths.config_file
    file.parent.mkdir(parents=True)
    file.write_text('default = "zava"\n[profiles.zava]\nendpoint = "https://zava.openai.azure.com"\n')
    assert {row["name"]: row["default"] for row in shell.json("profile", "list")} == {"demo": False, "zava": True}
    shown = shell.json("profile", "show", "zava")
    assert shown["endpoint"] == "https://zava.openai.azure.com"
    assert "profile zava" in shown["origins"]["endpoint"]
    unnamed = shell.json("profile", "show")
    assert (unnamed["name"], unnamed["endpoint"]) == ("127.0.0.1", "http://127.0.0.1:1")
    assert unnamed["origins"]["endpoint"] == "environment AZURE_OPENAI_ENDPOINT"


def test_the_demo_profile_never_points_at_what_the_environment_names(shell: Shell) -> None:
    assert shell.json("profile", "show", "-p", "demo")["endpoint"] == ""
    assert shell.run("job", "list", "-p", "demo") != 0
    assert shell.cloud.asked == []


def test_the_store_can_be_found_and_checked(shell: Shell, store: Database) -> None:
    assert shell.run("store", "path") == 0
    assert shell.out.strip() == str(store.path)
    assert shell.json("store", "check")["verdict"] == "ok"


def test_the_worker_is_told_not_to_run(shell: Shell) -> None:
    assert not shell.json("worker", "status")["running"]
    assert shell.run("worker", "stop") == 0
    assert "No worker" in shell.err


@given(st.text())
def test_cleaned_text_holds_nothing_that_steers_a_terminal(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in cleaned)
    assert clean_lines(text).count("\n") == text.count("\n")
    cleaned.encode("utf-8")
