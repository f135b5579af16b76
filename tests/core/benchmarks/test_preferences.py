from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.definition import Arm
from cupola.benchmarks.items import items_of
from cupola.benchmarks.leaderboard import load_table
from cupola.benchmarks.preferences import said_in, wins_of
from cupola.datasets.pairs import between_arms, by_labels, by_scores
from cupola.errors import UsageError
from cupola.store import benchmarks, grades
from cupola.store.grades import Label

from .conftest import Bench, defined, question, reply


def answering(deployment: str, body: Mapping[str, Any]) -> ChatReply:
    """`a` is always right and wordy, `b` right to even questions; question 5 is cut off."""
    number = int(question(body).split()[1].rstrip("?"))
    right = deployment == "a" or number % 2 == 0
    finish = "length" if number == 5 and deployment == "b" else "stop"
    return reply(
        f"yes {number}" if right else "no",
        finish_reason=finish,
        completion_tokens=9 if deployment == "a" else 3 + number,
    )


async def test_stored_answers_become_pairs_by_arm_and_by_grade(bench: Bench) -> None:
    runner, _, _ = await bench.go(defined(), answering)

    said = said_in(bench.database, runner.run)

    assert len(said) == 11, "the answer that was cut off is none"
    # Where both are right they say the same, which is no preference.
    assert {pair.preferred.arm for pair in between_arms(said, "a", "b")} == {"a"}
    assert len(between_arms(said, "a", "b")) == 2
    assert [(pair.preferred.text, pair.rejected.text) for pair in by_scores(said, 0.5)] == [
        ("yes 1", "no"),
        ("yes 3", "no"),
    ]
    assert said[0].messages[0]["content"].startswith("Question ")


async def test_what_people_said_makes_pairs_too(bench: Bench) -> None:
    what = defined()
    runner, _, _ = await bench.go(what, answering)
    items = items_of(what.benchmark, what.rows)
    for ask in benchmarks.asks(bench.database, runner.run.id):
        if ask.place == 1:
            label = Label(
                ask.request, ask.number, items[1].hash, what.benchmark.graders[0].hash, ask.arm == 1, 1.0, 1.0
            )
            grades.save_label(bench.database, label)

    pairs = by_labels(said_in(bench.database, runner.run))

    assert [(pair.preferred.arm, pair.rejected.arm) for pair in pairs] == [("b", "a")]


async def test_wins_are_counted_item_by_item(bench: Bench) -> None:
    runner, _, _ = await bench.go(defined(), answering)

    found = wins_of(bench.database, runner.run, "a", "b")
    back = wins_of(bench.database, runner.run, "b", "a")

    assert (found.wins, found.ties, found.losses) == (3, 3, 0)
    assert back.losses == 3
    assert found.longer == pytest.approx(9 - (3 + 2.5))
    assert found.controlled is not None


async def test_a_run_without_results_or_a_grader_that_is_not_there_is_said(bench: Bench) -> None:
    run = bench.wanted(replace(defined(), benchmark=replace(defined().benchmark, arms=(Arm("a", "a", "gpt-4.1"),))))

    assert load_table(bench.database, run) is None
    with pytest.raises(UsageError, match="no results yet"):
        said_in(bench.database, run)
    with pytest.raises(UsageError, match="no grader"):
        said_in(bench.database, run, "beauty")
