from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.graders.model_reply import UnreadableReplyError, read_label, read_score


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ('{"steps": [], "result": 7.0}', 7.0),
        ('{"result": "4"}', 4.0),
        ('{"score": 3}', 3.0),
        ('Here:\n```json\n{"result": 2}\n```', 2.0),
        ("4", 4.0),
        (" 4.5 \n", 4.5),
        ("Score: 4", 4.0),
        ("It is polite.\n**Score:** 4", 4.0),
        ("Final score = 3.5.", 3.5),
        ("Rating: 8/10", 8.0),
        ("score: 8 out of 10", 8.0),
        ("Score: 4\nbecause...\nScore: 4", 4.0),
    ],
)
def test_a_score_is_read_from_json_from_a_line_or_from_a_bare_number(reply: str, score: float) -> None:
    assert read_score(reply, 0, 10) == score


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot judge this.",
        '{"result": null}',
        '{"result": true}',
        '{"result": NaN}',
        '{"result": 1e999}',
        '{"result": 11}',
        '{"steps": [{"score": 4}]}',
        "Score: 11",
        "Score: -1",
        "nan",
        "Score: 2\nScore: 9",
        "I would give a score of maybe 4 or 5",
        "[4]",
    ],
)
def test_an_unreadable_reply_is_never_a_score(reply: str) -> None:
    with pytest.raises(UnreadableReplyError):
        read_score(reply, 0, 10)


@settings(deadline=None)
@given(st.text())
def test_any_reply_is_a_score_in_range_or_unreadable(reply: str) -> None:
    try:
        score = read_score(reply, 0.0, 10.0)
    except UnreadableReplyError:
        return
    assert math.isfinite(score)
    assert 0.0 <= score <= 10.0


@pytest.mark.parametrize(
    "reply", ['{"steps": [], "result": "good"}', '{"label": "good"}', "good", " Good.\n", '"good"']
)
def test_a_label_is_read_from_json_or_from_the_whole_reply(reply: str) -> None:
    assert read_label(reply, ("good", "bad")) == "good"


@pytest.mark.parametrize("reply", ["", "good or bad", '{"result": "ugly"}', '{"result": 1}', "not good"])
def test_what_is_no_label_is_unreadable(reply: str) -> None:
    with pytest.raises(UnreadableReplyError):
        read_label(reply, ("good", "bad"))


@pytest.mark.parametrize("filler", ["\n", " ", "*", "score ", "score: ", "Score: 1\n" + " " * 30])
def test_a_very_long_reply_is_searched_all_the_same(filler: str) -> None:
    with pytest.raises(UnreadableReplyError):
        read_score(filler * 20_000 + "Score: x", 2, 10)
