"""What the Benchmarks pane draws holds for any numbers and any text."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cupola.benchmarks.outcomes import CODES
from cupola.models import Problem
from cupola.statistics.estimates import Estimate, Interval
from cupola.statistics.outcomes import Outcome
from cupola.store.answers import Answer, AnswerState
from cupola_tui.lines import Span, plain
from cupola_tui.plotting.scatter import Dot, scatter
from cupola_tui.views.bench import items, numbers
from cupola_tui.views.bench.answers import AnswerView, GradeView, ItemView, item_lines
from cupola_tui.views.bench.columns import beside, broken
from cupola_tui.views.bench.intervals import common_axis, interval_bar
from cupola_tui.views.bench.items import ItemMap

ANY = st.floats()
FINITE = st.floats(-1e12, 1e12)
TEXT = st.text(alphabet=st.characters(codec=None), max_size=200)


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, Interval(low, high), 0.1, 50, 50)


@given(FINITE, ANY, ANY, st.integers(5, 80))
def test_an_interval_bar_is_as_wide_as_its_column_and_shows_one_dot(
    a: float, low: float, high: float, width: int
) -> None:
    low, high = sorted((a if math.isnan(low) else low, a if math.isnan(high) else high))
    one = estimate(a, min(low, a), max(high, a))
    bar = plain(interval_bar(one, common_axis([one], -math.inf, math.inf), width, "accent"))
    assert len(bar) == width and bar.count("●") == 1


def test_an_interval_bar_shows_where_the_estimate_lies_and_what_is_off_the_axis() -> None:
    axis = Interval(0.0, 1.0)
    assert plain(interval_bar(estimate(0.5, 0.2, 0.8), axis, 11, "")) == "  ├──●──┤  "
    assert plain(interval_bar(estimate(0.5, -math.inf, math.inf), axis, 11, "")) == "◂────●────▸"
    assert plain(interval_bar(estimate(0.5, 0.2, 0.8), axis, 4, "")) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6.1, "$6.10"),
        (0.0999, "$0.10"),
        (0.0421, "$0.042"),
        (0.0, "$0.00"),
        (1240.4, "$1,240"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_money_has_two_digits_that_count(value: float | None, text: str) -> None:
    assert numbers.dollars(value) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0004, "p<.001"), (0.0281, "p=.028"), (0.214, "p=.21"), (1.0, "p=1.00"), (None, "")]
)
def test_p_is_short(p: float | None, text: str) -> None:
    assert numbers.p_value(p) == text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ANY, ANY, ANY, ANY, TEXT), max_size=6), st.integers(1, 90), st.integers(1, 30), st.booleans())
def test_a_scatter_chart_fills_its_size_with_one_cell_a_character(
    points: list[tuple[float, float, float, float, str]], width: int, height: int, log: bool
) -> None:
    dots = [Dot(x, y, label, "accent", low=low, high=high) for x, y, low, high, label in points]
    drawn = scatter(dots, [(dot.x, dot.y) for dot in dots], width, height, log=log)
    if drawn is not None:
        assert len(drawn) == height and all(len(row) == width for row in drawn)
        assert all(cell_len(character) == 1 for row in drawn for character, _ in row)


def test_points_are_labelled_and_those_without_a_place_left_out() -> None:
    dots = [
        Dot(1, 0.5, "cheap", "a"),
        Dot(10, 0.9, "dear", "a"),
        Dot(math.nan, 0.9, "unpriced", "a"),
        Dot(0, 1, "free", "a"),
    ]
    drawn = scatter(dots, [(1, 0.5), (10, 0.9)], 60, 16, log=True)
    assert drawn is not None
    text = "\n".join("".join(character for character, _ in row) for row in drawn)
    assert "cheap" in text and "dear" in text and "unpriced" not in text and "free" not in text
    assert text.count("●") == 2
    assert scatter(dots[2:], [], 60, 16, log=True) is None


@given(st.lists(TEXT, max_size=4), st.integers(1, 60))
def test_broken_text_fits_its_width_and_loses_no_word(texts: list[str], width: int) -> None:
    rows = broken([Span(text) for text in texts], width)
    assert all(sum(cell_len(span.text) for span in row) <= max(width, 9) for row in rows)
    plainly = [Span("alpha beta\n\ngamma")]
    assert "".join(plain(row) for row in broken(plainly, width)).replace(" ", "") == "alphabetagamma"
    for row in beside([rows, rows], width, Span("│")):
        assert sum(cell_len(span.text) for span in row) == 2 * width + 1


def item_map(passes: list[list[float]], *, compared: bool = False) -> ItemMap:
    """Arms by items, one repeat."""
    values = np.array(passes, dtype=np.float64)[:, :, None]
    marks = (CODES.index(Outcome.PASS), CODES.index(Outcome.FAIL), CODES.index(Outcome.ERROR))
    codes = np.where(np.isnan(values), marks[2], np.where(values == 1, marks[0], marks[1])).astype(np.uint8)
    names = tuple(f"arm{number}" for number in range(len(passes)))
    asked = "which one is item {}?".format
    return ItemMap(names, names, 1, codes, values, values, np.stack([values, 1 - values]), 1.0, asked, 0, compared)


def test_worst_items_come_first_and_the_most_disputed_among_them() -> None:
    table = item_map([[1, 0, 0, math.nan], [1, 0, 1, 1], [1, 0, 1, 1]])
    assert items.selected(table, "all", "worst first") == [2, 1, 0, 3]
    assert items.selected(table, "all", "most disputed first")[0] == 2
    assert items.selected(table, "all", "as asked") == [0, 1, 2, 3]
    assert items.selected(table, "fails", "as asked") == [1, 2]
    assert items.selected(table, "models disagree", "as asked") == [2]
    assert items.selected(table, "error", "as asked") == [3]
    assert items.selected(table, "all", "as asked", "item 3") == [3]
    assert items.selected(table, "all", "as asked", "which !3") == [0, 1, 2]


def test_of_two_compared_arms_what_was_lost_comes_first() -> None:
    table = item_map([[1, 0, 1, math.nan], [1, 1, 0, 1]], compared=True)
    assert items.selected(table, "differing", "worst first") == [2, 1]
    assert items.selected(table, "regressions", "worst first") == [2]
    assert items.selected(table, "gains", "worst first") == [1]


def answer(arm: str, text: str, **told: object) -> AnswerView:
    found = Answer("r", 0, AnswerState.ANSWERED, 1.0, text, **told)  # type: ignore[arg-type]  # Fields by name.
    return AnswerView(arm, None, Outcome.PASS, found, (GradeView("kind", 4.0, True, 5.0, reasons=("It greets.",)),))


def shown(view: ItemView, width: int = 100, *, diff: bool = False, whole: bool = False) -> str:
    return "\n".join(plain(row) for row in item_lines(view, 0, width, diff=diff, whole=whole))


def test_an_item_shows_prompt_answers_grades_and_reasons_beside_each_other() -> None:
    prompt = (("system", "one\ntwo\nthree\nfour"), ("user", "Why?"))
    view = ItemView(0, 1, 1, prompt, (("reference", "Because."),), (answer("big", "So."), answer("small", "Thus.")))
    text = shown(view)
    for words in ("Why?", "Because.", "So.", "Thus.", "kind  4.0", "It greets.", "… 2 more lines"):
        assert words in text, words
    assert "four" in shown(view, whole=True)
    assert any("So." in row and "Thus." in row for row in text.splitlines())


def test_a_diff_marks_only_what_differs() -> None:
    view = ItemView(0, 1, 1, (), (), (answer("a", "It costs $8 a day."), answer("b", "It costs $9 a day.")))
    spans = [span for row in item_lines(view, 0, 90, diff=True) for span in row]
    assert "8" in "".join(span.text for span in spans if span.ink == "lost")
    assert "9" in "".join(span.text for span in spans if span.ink == "gained")
    assert "costs" not in "".join(span.text for span in spans if span.ink in ("lost", "gained"))


def test_what_has_no_text_says_why() -> None:
    silent = [
        answer("filtered", "", filtered=True),
        answer("failed", "", problem=Problem("The service failed.", "It said 500.")),
        AnswerView("waiting", None, Outcome.MISSING, None),
    ]
    text = shown(ItemView(0, 1, 1, (), (), tuple(silent)), 140)
    for words in ("content filter", "The service failed.", "not asked yet"):
        assert words in text, words


def test_a_graders_error_is_no_score() -> None:
    grade = GradeView("judge", None, None, 5.0, ("parse_error",), "The reply holds no score.")
    text = shown(ItemView(0, 1, 1, (), (), (AnswerView("a", None, Outcome.ERROR, None, (grade,)),)))
    assert "no score" in text and "parse_error" in text
