from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.emulator.reasoner import NumberPuzzle, recognise
from cupola_data import countdown


def user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


@pytest.mark.parametrize(
    "text",
    [
        "Target: 24\nNumbers: [4, 7, 8, 8]",
        "target=24 numbers=[4, 7, 8, 8]",
        '{"target": "24", "nums": "[4, 7, 8, 8]"}',
        "Make 24 from 4, 7, 8 and 8.",
        "Using the numbers 4, 7, 8, 8, reach the target number 24.",
        "Can you combine 4 7 8 8 to get 24?",
        "The numbers are 4; 7; 8; 8 and the target is 24.",
        "Use [4, 7, 8, 8] to make an equation that equals 24",
    ],
)
def test_a_number_puzzle_is_recognised_however_it_is_put(text: str) -> None:
    assert recognise(user(text)) == NumberPuzzle((4, 7, 8, 8), 24, wants_json=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "What are your opening hours?",
        "Our target is 500 customers a day.",
        "Order numbers 4821, 5512: please move the delivery to 14 March.",
        "Can I get 10 litres with 2, 5 or 3 coats?",
        "I bought numbers 4, 7 and 8. When do they arrive?",
        "Target: 24. Numbers: [7]",
        "Target: 24. Numbers: [1, 2, 3, 4, 5, 6, 7]",
        "Target: 99999999999999999999. Numbers: [1, 2]",
        "Numbers: [4, 7, 8, 8]",
    ],
)
def test_what_poses_no_number_puzzle_is_left_alone(text: str) -> None:
    assert recognise(user(text)) is None


def test_numbers_and_target_may_stand_in_different_messages_and_in_parts() -> None:
    messages = [
        {"role": "system", "content": "Answer in JSON. The target is 10."},
        {"role": "user", "content": [{"type": "text", "text": "Numbers: 2, 5"}, {"type": "image_url"}]},
    ]
    assert recognise(messages) == NumberPuzzle((2, 5), 10, wants_json=True)


@pytest.mark.parametrize("filler", [" ", ":", "1 ", "numbers ", "[", "and ", ", ", "target "])
def test_a_very_long_prompt_is_searched_all_the_same(filler: str) -> None:
    assert recognise(user("numbers 1" + filler * 50_000 + "x")) is None


def test_every_shipped_row_is_recognised_as_its_own_puzzle() -> None:
    for row in countdown.rows("test"):
        puzzle = recognise(row["messages"])
        assert puzzle is not None
        assert str(list(puzzle.nums)) == row["nums"]
        assert str(puzzle.target) == row["target"]
        assert puzzle.wants_json


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["role", "content"]), st.none() | st.text() | st.lists(st.text()))))
def test_any_messages_are_read_without_a_crash(messages: list[dict[str, Any]]) -> None:
    found = recognise(messages)
    assert found is None or 2 <= len(found.nums) <= 6


@settings(deadline=None)
@given(st.text(alphabet="target numbers:[]0123456789,;- and\n", max_size=300))
def test_any_text_near_a_puzzle_is_read_without_a_crash(text: str) -> None:
    recognise(user(text))
