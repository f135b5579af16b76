from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.errors import CupolaError
from cupola.statistics.outcomes import Outcome
from cupola.workflows.distil import rows
from cupola.workflows.distil.candidates import Candidate
from cupola.workflows.distil.sifting import Fate, Sifting, counted, rows_kept_by_threshold, sift

PLAIN = Sifting(threshold=None, validation_share=0.0, seed=1)


def candidate(
    place: int, text: str = "yes", score: float = 1.0, outcome: Outcome = Outcome.PASS, repeat: int = 0
) -> Candidate:
    asked = ({"role": "user", "content": f"question {place}"},)
    passed = outcome is Outcome.PASS
    return Candidate(place, repeat, f"prompt-{place}", asked, text, outcome, score, passed, 3, "topic")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),
            st.sampled_from(["yes", "no", ""]),
            st.floats(0, 1),
            st.sampled_from(list(Outcome)),
        ),
        max_size=60,
    ),
    st.one_of(st.none(), st.floats(0, 1)),
    st.sets(st.integers(0, 8)),
    st.sets(st.integers(0, 8)),
)
def test_every_answer_has_one_fate_and_they_sum_to_all(
    answered: list[tuple[int, str, float, Outcome]], threshold: float | None, leaks: set[int], twins: set[int]
) -> None:
    candidates = [
        candidate(place, text, score if outcome.judged else math.nan, outcome)
        for place, text, score, outcome in answered
    ]
    sifting = Sifting(threshold, 0.3, 1, leaks, twins - leaks)

    fates = sift(candidates, sifting)

    assert sum(counted(fates).values()) == len(candidates)
    kept = [one for one, fate in zip(candidates, fates, strict=True) if fate.kept]
    assert not {one.place for one in kept} & (leaks | twins)
    assert len({(one.prompt, one.text) for one in kept}) == len(kept)
    parts = {
        fate: {one.prompt for one, its in zip(candidates, fates, strict=True) if its is fate}
        for fate in (Fate.TRAINING, Fate.VALIDATION)
    }
    assert not parts[Fate.TRAINING] & parts[Fate.VALIDATION], "a prompt is trained on or validated on, never both"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_a_higher_threshold_never_keeps_more(scores: list[float]) -> None:
    candidates = [candidate(place, score=score) for place, score in enumerate(scores)]

    curve = rows_kept_by_threshold(candidates, PLAIN, [0.0, 0.25, 0.5, 0.75, 1.0])

    kept = [count for _, count in curve]
    assert kept == sorted(kept, reverse=True)
    for threshold, count in curve:
        fates = sift(candidates, Sifting(threshold, 0.0, 1))
        assert count == sum(fate.kept for fate in fates)


def test_another_threshold_leaves_the_prompts_for_validation_where_they_are() -> None:
    candidates = [candidate(place, score=place / 40) for place in range(40)]

    strict, mild = (sift(candidates, Sifting(threshold, 0.25, 1)) for threshold in (0.5, 0.1))

    both = [(one, other) for one, other in zip(strict, mild, strict=True) if one.kept and other.kept]
    assert both
    assert all(one is other for one, other in both)


@pytest.mark.parametrize(
    ("outcome", "fate"),
    [
        (Outcome.REFUSED, Fate.NOT_ANSWERED),
        (Outcome.FILTERED, Fate.NOT_ANSWERED),
        (Outcome.TRUNCATED, Fate.NOT_ANSWERED),
        (Outcome.MISSING, Fate.NOT_ANSWERED),
        (Outcome.ERROR, Fate.NOT_GRADED),
        (Outcome.FAIL, Fate.BELOW),
        (Outcome.PASS, Fate.TRAINING),
    ],
)
def test_what_is_left_out_is_left_out_for_a_reason(outcome: Outcome, fate: Fate) -> None:
    assert sift([candidate(1, outcome=outcome)], PLAIN) == [fate]


def test_prompts_of_the_test_and_near_copies_are_found(tmp_path: Path) -> None:
    def asked(text: str) -> list[dict[str, str]]:
        return [{"role": "system", "content": "You are Cora." * 20}, {"role": "user", "content": text}]

    test = [asked("How late can I bring back a drill that I hired on a Sunday morning?")]
    prompts = [
        asked("How late can I bring back a drill that I hired on a Sunday morning?"),
        asked("How late can I bring back a drill that I hired on a Sunday morning, please?"),
        asked("What does a litre of the white wall paint cost in the shop at the harbour?"),
        asked("What does a litre of the white wall paint cost in the shop at the harbour now?"),
        asked("Who was it that opened the first of your shops, and in which year was that?"),
    ]

    leaks, twins = rows.alike(tmp_path, test, prompts, 0.8)

    assert leaks == {0, 1}
    assert twins == {3}


def test_a_file_that_the_service_would_refuse_is_refused_first(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "train.jsonl", [rows.training_row(candidate(place)) for place in range(3)])

    with pytest.raises(CupolaError, match="would be refused") as caught:
        rows.checked(path, "gpt-4.1-nano")
    assert caught.value.remedy


def test_a_row_is_what_the_student_will_be_asked_and_what_the_teacher_said(tmp_path: Path) -> None:
    hostile = candidate(1, text='</s>"} \u2028 \ud800 [link](http://x)')
    path = rows.write(tmp_path / "train.jsonl", [rows.training_row(hostile)])

    told = json.loads(path.read_text())

    assert [message["role"] for message in told["messages"]] == ["user", "assistant"]
    assert told["messages"][-1]["content"] == hostile.text
    assert not list(tmp_path.glob("*.part"))
