"""Every verb of the command line, found by walking the parser: what changes or spends asks, and can be forbidden."""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.core.worker.cloud import Cloud

from cupola.cli import main
from cupola.cli.context import Context
from cupola.cli.parsing import whole_parser
from cupola.cli.read_only import CHANGING
from cupola.cli.spending import SPENDING as HELD
from cupola.store.database import open_store

from .filled_store import COUNTING, LEARNING, fill

READING = {
    "advise", "advise facts", "advise models", "bench compare", "bench decisions", "bench export", "bench gate",
    "bench import", "bench items", "bench label", "bench list", "bench new", "bench noise", "bench pick",
    "bench show", "checkpoint diff", "checkpoint evals", "checkpoint import", "checkpoint list", "checkpoint open",
    "checkpoint tests", "checkpoint watch", "checkpoint watches", "completion", "config path", "config set",
    "config show", "config unset", "cost", "dataset add", "dataset check", "dataset convert", "dataset cost",
    "dataset download", "dataset fix", "dataset forget", "dataset list", "dataset merge", "dataset sample",
    "dataset shape", "dataset show", "dataset split", "dataset twins", "demo", "deploy list", "deploy models",
    "deploy quota", "deploy show", "deploy tiers", "distill list", "distill plan", "distill report", "distill show",
    "distill watch", "doctor", "emulator", "file download", "file list", "grader check", "grader run",
    "images skipped", "images tokens", "job checkpoints", "job clone", "job curve", "job events", "job list",
    "job show", "job watch", "model list", "notify list", "notify test", "notify unwatch", "notify watch",
    "notify watches", "pairs make", "pairs wins", "profile add", "profile find", "profile key", "profile list",
    "profile remove", "profile show", "profile sign-in", "profile test", "profile use", "raft list", "raft plan",
    "raft show", "raft watch", "serve", "show", "store calls", "store check", "store export", "store import",
    "store path", "worker status", "worker stop",
}  # fmt: skip
"""What reads, or changes this machine alone."""

SPENDING = {
    "bench run", "checkpoint regrade", "checkpoint resume", "checkpoint test", "deploy create", "deploy scale",
    "distill branch", "distill resume", "distill run", "grader calibrate", "grader lab", "job resume", "job submit",
    "raft make", "raft resume", "raft run",
}  # fmt: skip
BY_TIME = {"deploy create", "deploy scale", "job resume"}
"""These cost by the hour until something ends them: a fuse, or the job's own budget; no call of theirs has a price."""


JUDGE = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4.1-mini",
    "input": [{"role": "user", "content": "How good is {{sample.output_text}}?"}],
    "range": [0, 1],
}


@dataclass(frozen=True)
class Verb:
    name: str
    parser: argparse.ArgumentParser

    @property
    def flags(self) -> set[str]:
        return {flag for action in self.parser._actions for flag in action.option_strings}

    def words(self) -> list[str]:
        """A command line with something for all that must be given."""
        words = self.name.split()
        for action in self.parser._actions:
            given = str(next(iter(action.choices))) if action.choices else "1"
            if not action.option_strings and action.nargs not in ("?", "*"):
                words.append(given)
            elif action.option_strings and action.required:
                words += [action.option_strings[-1], given]
        return words


def verbs(parser: argparse.ArgumentParser, name: str = "") -> Iterator[Verb]:
    branches = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for branch in branches:
        for word, child in branch.choices.items():
            yield from verbs(child, f"{name} {word}".strip())
    if not branches or parser.get_default("run") is not None:
        yield Verb(name, parser)


VERBS = {verb.name: verb for verb in verbs(whole_parser())}


class Shell:
    """Runs command lines over a filled store, against a small service, with nobody at the terminal."""

    def __init__(self, home: Path) -> None:
        self.cloud = Cloud()
        self.cloud.add(LEARNING)
        environment = {
            "CUPOLA_HOME": str(home),
            "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:1",
            "AZURE_OPENAI_API_KEY": "k-secret-1234",
        }
        self.context = Context(environment, io.StringIO(), io.StringIO(), io.StringIO(), None, None)
        self.path = self.context.paths.store("default")
        fill(self.path, home, time.time())
        self.home = home
        (home / "judge.json").write_text(json.dumps(JUDGE), "utf-8")

    def run(self, *words: str, **changes: str) -> int:
        self.err = io.StringIO()
        environment = {**self.context.environment, **changes}
        transport = httpx2.MockTransport(self.cloud)
        return main(words, context=Context(environment, io.StringIO(), self.err, io.StringIO(), transport=transport))

    @property
    def changes(self) -> list[str]:
        """What was asked of the service that is more than reading."""
        return [asked for asked in self.cloud.asked if not asked.startswith("GET")]

    def wishes(self) -> list[tuple[object, ...]]:
        """What the worker is wanted to do."""
        database = open_store(self.path)
        try:
            wanted = (
                "SELECT id, state FROM intents", "SELECT id, state FROM runs", "SELECT id, state FROM workflows",
                "SELECT name, state, fuse_at, wanted_capacity FROM deployments", "SELECT id, state FROM uploads",
            )  # fmt: skip
            return [tuple(row) for query in wanted for row in database.rows(query)]
        finally:
            database.close()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("verbs"))


def test_every_verb_is_known_to_change_or_to_read() -> None:
    assert set(VERBS) == CHANGING | READING
    assert not CHANGING & READING
    assert SPENDING <= CHANGING
    assert SPENDING == HELD, "a hard budget holds all that spends"


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_readonly_refuses_what_changes_or_spends(shell: Shell, name: str) -> None:
    before, known = list(shell.cloud.asked), shell.wishes()
    words = VERBS[name].words()
    assert shell.run(*words, "--readonly") == 4, shell.err.getvalue()
    assert shell.run("--readonly", *words) == 4
    assert shell.run(*words, CUPOLA_READONLY="1") == 4
    assert "--readonly" in shell.err.getvalue()
    assert shell.cloud.asked == before
    assert shell.wishes() == known


def test_readonly_lets_reading_and_dry_runs_pass(shell: Shell) -> None:
    assert shell.run("job", "list", "--readonly") == 0, shell.err.getvalue()
    assert shell.run("bench", "run", "questions", "--dry-run", "--readonly") == 0, shell.err.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        ("job", "resume", LEARNING),
        ("checkpoint", "regrade", COUNTING, "--grader", "judge.json", "--offline"),
        ("grader", "lab", "judge.json", COUNTING, "--offline"),
        ("distill", "branch", "1", "--epochs", "1"),
        ("distill", "resume", "1"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_dry_run_says_what_it_would_take_and_changes_nothing(shell: Shell, words: tuple[str, ...]) -> None:
    known = shell.wishes()
    code = shell.run(*(str(shell.home / word) if word == "judge.json" else word for word in words), "--dry-run")
    assert code == 0, shell.err.getvalue()
    assert shell.err.getvalue()
    assert shell.changes == []
    assert shell.wishes() == known


@pytest.mark.parametrize("name", sorted(SPENDING))
def test_what_spends_asks_first_and_takes_a_bound(name: str) -> None:
    flags = VERBS[name].flags
    assert "--yes" in flags
    assert "--max-cost" in flags or name in BY_TIME
    assert "--dry-run" in flags


@pytest.mark.parametrize(
    "words",
    [
        ("job", "pause", LEARNING),
        ("job", "cancel", LEARNING),
        ("job", "submit", "--model", "gpt-4.1-nano-2025-04-14", "--training-file", "file-a", "--method", "supervised"),
        ("deploy", "extend", "cora", "--fuse", "9h"),
        ("bench", "run", "questions", "--again", "strong"),
        ("distill", "branch", "1"),
        ("distill", "resume", "1"),
        ("distill", "cancel", "1"),
        ("dataset", "delete", "file-train"),
        ("file", "delete", "file-train"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_without_a_terminal_and_without_a_yes_nothing_is_changed(shell: Shell, words: tuple[str, ...]) -> None:
    known = shell.wishes()
    code = shell.run(*words)
    said = shell.err.getvalue()
    assert (code, "Nobody is there to confirm this" in said) == (2, True), said
    assert shell.changes == []
    assert shell.wishes() == known


def test_the_evidence_of_a_job_is_read_under_readonly(shell: Shell) -> None:
    assert shell.run("checkpoint", "list", COUNTING, "--offline", "--readonly") == 0, shell.err.getvalue()
