"""Hostile text in every column of the store: what the command line prints of it."""

from __future__ import annotations

import io
import json
import sqlite3
import time
from pathlib import Path

import httpx2
import pytest
from tests.core.worker.cloud import Cloud

from cupola.cli import main
from cupola.cli.context import Context

from .filled_store import COUNTING, LEARNING, fill
from .poison import attacked, poison
from .test_hostile_text import STEERS

JOB, EVALS = attacked(LEARNING), attacked(COUNTING)
QUESTIONS = "questions"
COMMANDS = (
    ("job", "list"),
    ("job", "show", JOB),
    ("job", "events", JOB),
    ("job", "checkpoints", JOB),
    ("job", "curve", JOB),
    ("job", "clone", JOB),
    ("checkpoint", "list", EVALS),
    ("checkpoint", "evals", EVALS),
    ("checkpoint", "diff", EVALS),
    ("checkpoint", "watches", EVALS),
    ("dataset", "list"),
    ("file", "list"),
    ("bench", "list"),
    ("bench", "show", QUESTIONS),
    ("bench", "compare", QUESTIONS, attacked("strong"), attacked("weak")),
    ("bench", "pick", QUESTIONS),
    ("bench", "gate", QUESTIONS, "--candidate", attacked("weak"), "--baseline", attacked("strong")),
    ("bench", "items", QUESTIONS),
    ("bench", "noise", QUESTIONS),
    ("deploy", "list", "--all"),
    ("deploy", "show", attacked("cora")),
    ("deploy", "quota"),
    ("deploy", "models"),
    ("deploy", "tiers"),
    ("distill", "list"),
    ("distill", "show", "1"),
    ("grader", "calibrate", QUESTIONS),
    ("pairs", "wins", QUESTIONS, "--arm", attacked("weak"), "--base", attacked("strong")),
    ("model", "list"),
    ("notify", "list"),
    ("notify", "watches"),
    ("cost",),
    ("advise", "facts"),
    ("store", "check"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("output")
    store = Context({"CUPOLA_HOME": str(folder)}).paths.store("default")
    fill(store, folder, time.time(), attacked)
    poison(store)
    # A benchmark is found by its name, which is Cupola's own here as everywhere.
    connection = sqlite3.connect(store)
    connection.execute("UPDATE benchmarks SET name = ? WHERE name = ?", (QUESTIONS, attacked(QUESTIONS)))
    connection.execute("UPDATE runs SET benchmark = ? WHERE benchmark = ?", (QUESTIONS, attacked(QUESTIONS)))
    connection.commit()
    connection.close()
    return folder


def run(home: Path, *words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    environment = {"CUPOLA_HOME": str(home), "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:1"}
    context = Context(environment, out, err, io.StringIO(), transport=httpx2.MockTransport(Cloud()))
    main([*words, "--offline"], context=context)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_no_control_character_of_the_store_is_printed(home: Path, words: tuple[str, ...]) -> None:
    for output, separators in (("table", "\n"), ("tsv", "\n\t"), ("jsonl", "\n")):
        out, err = run(home, *words, "-o", output)
        steering = [found for text in (out, err) for found in STEERS.findall(text) if found not in separators]
        assert steering == [], (output, out + err)
        if output == "jsonl" and words[1:2] != ("clone",):
            for line in out.splitlines():
                json.loads(line)


def test_a_question_is_cleaned_before_it_is_asked() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = io.StringIO()
    Context({}, io.StringIO(), err, Terminal("y\n")).confirm(f"Delete {attacked('it')}?", yes=False)
    assert STEERS.findall(err.getvalue()) == []
