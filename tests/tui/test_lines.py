"""Text for the screen: cleaned, cut, wrapped and painted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from cupola_tui.lines import cell_width, flowed, labelled, line, plain, spread, visible, wrapped
from cupola_tui.paint import changed_columns, fitted, strip
from cupola_tui.terminal import ControlFilter
from cupola_tui.themes import inks

ANY = st.text(st.characters(codec=None), max_size=60)


def test_control_characters_are_seen_and_joiners_stay() -> None:
    assert visible("a\x1b[31m\x07\x9b\u202e\ud800") == "a␛[31m␇‹9B›‹202E›\ufffd"
    assert visible("👩‍👩‍👧") == "👩‍👩‍👧"


@given(ANY, st.integers(0, 40))
def test_a_fitted_line_is_never_wider_than_its_room(text: str, width: int) -> None:
    kept = fitted(line(text, ("tail", "muted")), width)
    assert sum(cell_len(span.text) for span in kept) <= width


@given(ANY, st.integers(1, 40))
def test_a_painted_strip_has_exactly_its_width(text: str, width: int) -> None:
    painted = strip(line((text, "accent")), width, inks("dark"), Style())
    assert cell_len(painted.text) == width == painted.cell_length


@given(ANY)
def test_what_is_cleaned_needs_no_filter(text: str) -> None:
    segments = [Segment(visible(text))]
    assert ControlFilter().apply(segments, Color(0, 0, 0)) == segments


@given(ANY)
def test_the_filter_lets_no_control_character_through(text: str) -> None:
    out = "".join(segment.text for segment in ControlFilter().apply([Segment(text)], Color(0, 0, 0)))
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in out)
    out.encode()


def test_only_the_columns_that_differ_are_named() -> None:
    before, after = (Strip([Segment("loss "), Segment(value)]) for value in ("0.4121", "0.4078"))
    assert changed_columns(before, after) == (8, 11)
    assert changed_columns(before, before) is None
    assert changed_columns(None, after) == (0, 11)


def test_a_change_of_ink_is_a_change() -> None:
    before, after = Strip([Segment("ab")]), Strip([Segment("a"), Segment("b", Style(bold=True))])
    assert changed_columns(before, after) == (1, 2)


def test_the_right_end_gives_way_when_both_do_not_fit() -> None:
    assert plain(spread(line("left"), line("right"), 12)) == "left   right"
    assert plain(spread(line("left"), line("right"), 8)) == "left"


@given(st.text(st.characters(categories=["L", "Zs"]), max_size=120), st.integers(8, 40))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    assert " ".join(plain(row) for row in wrapped(text, width)).split() == text.split()


def test_parts_flow_onto_as_many_lines_as_they_take() -> None:
    rows = flowed([line("queued 4m"), line("training 31m"), line("6m left")], line(" · "), 24)
    assert [plain(row) for row in rows] == ["queued 4m · training 31m", "6m left"]
    assert all(cell_width(row) <= 24 for row in rows)


def test_a_label_stands_beside_its_paragraph() -> None:
    assert [plain(row) for row in labelled("why", "one two three", 16)] == ["why      one two", "         three"]
