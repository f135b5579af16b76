"""`--offline` forbids calls, whichever command it is given to, and says how old what it prints is."""

from __future__ import annotations

import pytest

from cupola.cli.offline import age
from cupola.models import Health, Job
from cupola.store import control_plane, health, jobs
from cupola.store.database import Database

from .conftest import Shell


def test_what_is_known_is_printed_with_its_age_and_nothing_is_asked(shell: Shell, store: Database) -> None:
    jobs.save(store, [Job("ftjob-1", "m", "supervised", "running", 1, suffix="cora")])
    health.save(store, Health(1_000_000.0))
    control_plane.save_trouble(store, Health(1_000_000.0))
    for words in (("job", "list"), ("job", "show", "cora"), ("deploy", "list"), ("bench", "list"), ("cost",),
                  ("file", "list"), ("dataset", "list"), ("checkpoint", "tests"), ("model", "list")):  # fmt: skip
        assert shell.run(*words, "--offline") == 0, shell.err
        assert shell.err.count("Offline; as of 1970-01-1") == 1, words
    assert shell.cloud.asked == []
    assert shell.run("--offline", "job", "list") == 0
    assert "cora" in shell.out
    assert "Offline; as of 1970-01-1" in shell.err and "days ago" in shell.err


@pytest.mark.parametrize(
    "words",
    [
        ("job", "pause", "cora", "-y"),
        ("job", "watch", "cora", "--timeout", "1"),
        ("worker", "start"),
        ("worker", "run"),
        ("deploy", "remove", "d", "-y"),
    ],
)
def test_what_would_ask_is_refused(shell: Shell, store: Database, words: tuple[str, ...]) -> None:
    jobs.save(store, [Job("ftjob-1", "m", "supervised", "running", 1, suffix="cora")])
    assert shell.run(*words, "--offline") != 0
    assert shell.cloud.asked == []


def test_an_age_is_told_in_the_largest_unit_that_fits() -> None:
    assert age(1_000.0, 1_030.0).endswith(":40.")
    assert age(1_000.0, 1_000.0 + 3_600).endswith(", 1 hour ago.")
    assert age(1_000.0, 1_000.0 + 5 * 86_400).endswith(", 5 days ago.")
