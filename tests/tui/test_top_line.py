"""The top line: freshness and outages in plain words, spend, a slow line; what gives way where room is short."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from cupola.models import Health, Problem
from cupola_tui.lines import plain
from cupola_tui.views.frame import FrameState, freshness, top_line

from .conftest import NOW, PROFILE

STATE = FrameState(PROFILE, running=2, health=Health(NOW - 10))
DOWN = Problem("The service refused (503): try later.")


def fresh(state: FrameState, now: float = NOW) -> str:
    return plain(freshness(state, now, dt.UTC))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (STATE, "live"),
        (replace(STATE, health=Health(NOW - 600)), "as of 07:50:00"),
        (replace(STATE, health=Health(NOW - 600, DOWN)), "service down, as of 07:50:00"),
        (replace(STATE, health=Health(NOW - 10, DOWN)), "service down, as of 07:59:50"),
        (replace(STATE, health=Health(None, Problem("There is no key for profile 'demo'."))), "no key"),
        (replace(STATE, health=Health(None)), "no answer yet"),
        (replace(STATE, health=Health(NOW - 3 * 86_400, DOWN)), "service down, as of 3 days ago"),
        (replace(STATE, offline=True), "offline, as of 07:59:50"),
        (replace(STATE, offline=True, health=Health()), "offline"),
        (replace(STATE, trouble="the store cannot be read"), "the store cannot be read"),
        (replace(STATE, worker=False), "no worker, as of 07:59:50"),
    ],
)
def test_freshness_says_why_and_since_when(state: FrameState, words: str) -> None:
    assert fresh(state) == words


def test_a_clock_that_was_set_back_does_not_make_old_facts_live() -> None:
    assert fresh(STATE, NOW - 7_200) == "clock set back, as of 07:59:50"


def test_a_problem_cannot_steer_the_terminal() -> None:
    problem = Problem("Odd \x1b[31m thing.")
    assert "\x1b" not in fresh(replace(STATE, health=Health(NOW, problem)))


def shown(state: FrameState, width: int) -> str:
    return plain(top_line(state, NOW, 38.0, width, dt.UTC))


def test_spend_and_a_slow_line_stand_beside_the_freshness() -> None:
    state = replace(STATE, spend="$4.10–5.20 today", slow=True, round_trip=0.31)
    assert shown(state, 120).rstrip().endswith("$4.10–5.20 today · live · slow line 0.3 s · 38 B/s")


def test_where_room_is_short_spend_gives_way_first_and_freshness_stays() -> None:
    state = replace(STATE, spend="$4.10–5.20 today", slow=True, round_trip=0.31)
    assert "today" not in shown(state, 80) and "slow line" in shown(state, 80)
    assert "slow line" not in shown(state, 64) and "live" in shown(state, 64)
    assert all(len(shown(state, width)) <= width for width in range(64, 140))


def test_a_budget_that_is_used_up_stays_where_what_was_spent_gives_way() -> None:
    state = replace(STATE, spend="$250.15 today", budget="month's budget used up", budget_ink="bad")
    assert "$250.15 today · month's budget used up" in shown(state, 120)
    narrow = shown(state, 80)
    assert "month's budget used up" in narrow and "$250.15" not in narrow
