"""The map of items by checkpoints, tool calls, the axis of time, evidence: without a screen."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cupola.models import EvaluationAnswer, EvaluationItem, EvaluationRun
from cupola.training.auto_evals import AutoEvals, build
from cupola_tui.lines import plain
from cupola_tui.panes.checkpoints.lab_text import editable, edited
from cupola_tui.panes.checkpoints.plots import on_clock
from cupola_tui.views.checkpoints import heat
from cupola_tui.views.checkpoints.heat import HeatMap
from cupola_tui.views.checkpoints.said import said
from cupola_tui.views.checkpoints.trajectory import Course, trajectory_lines

Verdicts = list[list[bool | None]]
"""A row for each step, None where the item is missing there."""


def table(verdicts: Verdicts) -> AutoEvals | None:
    passes = []
    for row, of_step in enumerate(verdicts):
        run = EvaluationRun(f"run-{row}", "eval", f"Step {row}", row, "completed", row, len(of_step))
        items = [
            EvaluationItem(f"{row}-{n}", run.id, n, f"row-{n}", f"row-{n}", "pass" if won else "fail", float(won))
            for n, won in enumerate(of_step)
            if won is not None
        ]
        passes.append((run, items))
    return build(passes)


rectangles = st.integers(1, 8).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from([True, False, None]), min_size=width, max_size=width), min_size=1, max_size=6
    )
)


def flips_by_hand(verdicts: Verdicts, item: int) -> int:
    told = [row[item] for row in verdicts if row[item] is not None]
    return sum(first != second for first, second in pairwise(told))


@given(rectangles)
def test_flips_pass_over_steps_at_which_an_item_is_missing(verdicts: Verdicts) -> None:
    evals = table(verdicts)
    if evals is None:
        return
    found = HeatMap(evals)
    for column, key in enumerate(evals.keys):
        assert found.flips[column] == flips_by_hand(verdicts, int(key.prompt.removeprefix("row-")))


@given(rectangles)
def test_every_item_is_shown_once_and_those_that_flipped_most_come_first(verdicts: Verdicts) -> None:
    evals = table(verdicts)
    if evals is None:
        return
    found = HeatMap(evals)
    shown = heat.selected(found, "all")
    assert sorted(shown) == list(range(len(evals.keys)))
    flips = [int(found.flips[column]) for column in shown]
    assert flips == sorted(flips, reverse=True)
    quiet = {*heat.selected(found, "never passes"), *heat.selected(found, "always passes")}
    assert quiet | set(heat.selected(found, "flipped")) == set(shown)
    assert not quiet & set(heat.selected(found, "flipped"))


@given(rectangles, st.integers(20, 200), st.integers(0, 5))
def test_the_cells_of_a_row_are_as_wide_as_their_column_and_keep_half_of_the_width(
    verdicts: Verdicts, width: int, cursor: int
) -> None:
    evals = table(verdicts)
    if evals is None:
        return
    found = HeatMap(evals)
    rows = heat.shown_steps(found, min(cursor, len(evals.steps) - 1), width)
    each = heat.cell_width(len(rows), width)
    column = heat.columns(found, rows, each)[1]
    assert column.width == len(rows) * each
    assert len(column.title) <= column.width
    for place in range(len(evals.keys)):
        assert len(plain(heat.cells(found, place, rows, each, cursor, str)[1])) == column.width


def test_of_more_steps_than_have_room_those_around_the_cursor_are_shown() -> None:
    evals = table([[True]] * 100)
    assert evals is not None
    found = HeatMap(evals)
    assert list(heat.shown_steps(found, 50, 60)) == list(range(35, 65))
    assert heat.shown_steps(found, 99, 60)[-1] == 99
    assert heat.shown_steps(found, 0, 60)[0] == 0


def test_rewards_without_a_spread_are_all_at_the_top() -> None:
    evals = table([[True, True], [True, True]])
    assert evals is not None
    assert (HeatMap(evals).levels == len(heat.LEVELS) - 1).all()


def answer(**told: Any) -> EvaluationAnswer:
    empty: dict[str, Any] = {"messages": (), "fields": (), "text": "", "tools": "", "finish_reason": "", "problem": ""}
    return EvaluationAnswer(**{**empty, "grades": (), **told})


def test_a_tool_call_is_laid_out_with_an_argument_a_line() -> None:
    shown = said(answer(text="Let me look.", tools='find_order({"order": "Z-1", "full": true})'))
    assert shown.split("\n") == ["Let me look.", "⚙ find_order", "    order: Z-1", "    full: true"]


def test_a_tool_call_over_several_lines_is_one_call() -> None:
    shown = said(answer(tools='first({\n "a": 1\n})\nsecond({})'))
    assert shown.split("\n") == ["⚙ first", "    a: 1", "⚙ second"]


@given(st.text(), st.text())
def test_whatever_a_model_calls_nothing_of_it_is_lost_or_raises(name: str, arguments: str) -> None:
    call = f"{name}({arguments})"
    assert said(answer(tools=call)) or not call.strip()


def test_an_answer_that_is_none_says_why() -> None:
    assert said(answer(problem="content_filter: held back")) == "content_filter: held back"


@given(st.dictionaries(st.integers(0, 500), st.floats(0, 1e6), min_size=2), st.lists(st.integers(0, 600), min_size=1))
def test_time_never_runs_backwards_over_rising_steps(times: dict[int, float], steps: list[int]) -> None:
    found = on_clock(np.array(sorted(steps), np.int64), dict(sorted(times.items())))
    assert (np.diff(found) >= 0).all()


def test_a_step_between_two_that_are_told_of_has_its_share_of_the_time() -> None:
    assert on_clock(np.array([0, 5, 10], np.int64), {0: 100.0, 10: 200.0}).tolist() == [100, 150, 200]


def test_a_course_has_as_many_blocks_as_its_width_needs() -> None:
    evals = table([[True]] * 30)
    assert evals is not None
    steps, tokens = tuple(range(30)), (None,) * 30
    course = Course(steps, tuple(evals.outcome(row, 0) for row in range(30)), (1.0,) * 29 + (math.nan,), tokens)
    lines = trajectory_lines(course, (0, 3), 71)
    assert len(lines) == 6
    assert plain(lines[1]).count("✓1") == 10
    assert len(trajectory_lines(course, (0, 3), 300)) == 2


def test_a_python_grader_is_edited_as_python_and_comes_back_whole() -> None:
    definition = {"type": "python", "name": "g", "source": "def grade(s, i):\n    return 1\n", "image_tag": "x"}
    before = editable(definition)
    assert before.ending == ".py" and before.text == definition["source"]
    assert edited(before, "def grade(s, i):\n    return 0\n") == {
        **definition,
        "source": "def grade(s, i):\n    return 0\n",
    }


@given(st.dictionaries(st.text(), st.text()))
def test_any_other_grader_is_edited_as_json_and_comes_back_as_it_was(definition: dict[str, str]) -> None:
    definition = {**definition, "type": "string_check"}
    before = editable(definition)
    assert edited(before, before.text) == definition
    assert json.loads(before.text) == definition
