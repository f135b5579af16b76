from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.datasets.check import Options, check_file
from cupola.datasets.formats import Format
from cupola.datasets.lines import DatasetError
from cupola.datasets.pairs import (
    Pair,
    Said,
    balanced,
    between_arms,
    by_labels,
    by_scores,
    held_out,
    length_rule,
    write_pairs,
)
from cupola_data.zava.tone import DIRECTORY


def said(prompt: int, text: str, arm: str = "a", score: float = math.nan, label: bool | None = None) -> Said:
    return Said(f"p{prompt}", ({"role": "user", "content": f"Question {prompt}?"},), text, arm, score, label)


def texts(pairs: list[Pair]) -> list[tuple[str, str]]:
    return [(pair.preferred.text, pair.rejected.text) for pair in pairs]


def test_one_arm_is_preferred_to_another_prompt_by_prompt() -> None:
    found = between_arms(
        [said(1, "good", "teacher"), said(1, "bad", "student"), said(2, "alone", "teacher"), said(1, "x", "other")],
        "teacher",
        "student",
    )

    assert texts(found) == [("good", "bad")]


def test_a_teacher_that_scored_no_higher_is_not_preferred_where_a_lead_is_asked_for() -> None:
    answers = [
        said(1, "good", "teacher", 0.9), said(1, "bad", "student", 0.2),
        said(2, "even", "teacher", 0.5), said(2, "also", "student", 0.5),
        said(3, "unknown", "teacher"), said(3, "known", "student", 0.0),
    ]  # fmt: skip

    assert texts(between_arms(answers, "teacher", "student", 0.1)) == [("good", "bad")]
    assert len(between_arms(answers, "teacher", "student")) == 3


def test_the_highest_graded_answer_is_preferred_to_the_lowest_if_they_lie_apart() -> None:
    answers = [said(1, "mid", score=0.5), said(1, "top", score=0.9), said(1, "low", score=0.1), said(1, "?")]
    answers += [said(2, "one", score=0.5), said(2, "two", score=0.45), said(3, "same", score=1), said(3, "x", score=1)]

    assert texts(by_scores(answers, 0.2)) == [("top", "low")]


def test_what_people_passed_is_preferred_to_what_they_failed() -> None:
    answers = [said(1, "yes", label=True), said(1, "no", label=False), said(1, "second", label=True), said(1, "silent")]

    assert texts(by_labels(answers)) == [("yes", "no")]


def test_pairs_of_one_text_empty_ones_and_repetitions_are_left_out() -> None:
    answers = [said(1, "same ", "a"), said(1, "same", "b"), said(2, "", "a"), said(2, "words", "b")]
    answers += [said(3, "x", "a"), said(3, "y", "b"), said(3, "x", "a"), said(3, "y", "b")]

    assert texts(between_arms(answers, "a", "b")) == [("x", "y")]


def test_balancing_leaves_a_rule_of_length_no_better_than_chance() -> None:
    pairs = [Pair(said(n, "long" * (n + 2)), said(n, "short")) for n in range(20)]
    pairs += [Pair(said(n, "no"), said(n, "much longer")) for n in range(20, 25)]

    assert length_rule(pairs) == pytest.approx(0.8)
    assert len(balanced(pairs)) == 10
    assert length_rule(balanced(pairs)) == 0.5
    assert math.isnan(length_rule([]))


@given(st.lists(st.integers(0, 6), max_size=40), st.floats(0, 0.49), st.integers(0, 9))
def test_no_prompt_is_on_both_sides_of_the_split(prompts: list[int], share: float, seed: int) -> None:
    pairs = [Pair(said(prompt, f"a{n}"), said(prompt, f"b{n}")) for n, prompt in enumerate(prompts)]

    train, valid = held_out(pairs, share, seed)

    assert sorted(map(id, train + valid)) == sorted(map(id, pairs))
    assert not {pair.preferred.prompt for pair in train} & {pair.preferred.prompt for pair in valid}
    assert train or not pairs


def test_written_pairs_are_a_preference_file_that_the_service_takes(tmp_path: Path) -> None:
    pairs = [Pair(said(n, f"Gladly, number {n}."), said(n, f"What, {n} again?")) for n in range(12)]
    path = tmp_path / "pairs.jsonl"

    made = write_pairs({path: pairs}, 1.0, (), {"by": "arms"})

    report = check_file(path, Options(training=True, workers=0))
    assert (report.format, report.blocked, made[0].rows, made[0].action) == (Format.PREFERENCE, False, 12, "pairs")
    with pytest.raises(DatasetError, match="exists already"):
        write_pairs({path: pairs}, 1.0, (), {})


def test_zavas_tones_pass_the_checks_and_cannot_be_told_by_length() -> None:
    for name in ("train.jsonl", "valid.jsonl"):
        report = check_file(DIRECTORY / name, Options(training=True, workers=0))
        assert report.clean, report.groups
    rows = [json.loads(line) for line in (DIRECTORY / "train.jsonl").read_text("utf-8").splitlines()]
    lengths = [[len(row[key][0]["content"]) for key in ("preferred_output", "non_preferred_output")] for row in rows]
    longer = sum(better > worse for better, worse in lengths) / len(lengths)
    assert 0.4 < longer < 0.6
