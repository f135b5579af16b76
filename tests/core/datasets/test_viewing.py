"""The line index, the shape and the cost."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.datasets.check import Options, check_file
from cupola.datasets.cost import auto_batch, auto_epochs, estimates
from cupola.datasets.index import build, open_index
from cupola.datasets.lines import DatasetError, iterate
from cupola.datasets.shape import shape_of
from cupola_data.models import catalogue
from cupola_data.prices import price_list


@given(
    st.lists(
        st.sampled_from([b"", b"\r", b"  ", b"{}", b'{"a": 1}', b'{"long": "' + b"x" * 60 + b'"}\r']), max_size=20
    ),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.booleans(),
)
def test_the_index_finds_exactly_the_rows_that_reading_finds(tmp_path_factory, lines, start, end):
    path = tmp_path_factory.mktemp("index") / "data.jsonl"
    path.write_bytes(start + b"\n".join(lines) + (b"\n" if end else b""))
    index = open_index(path, path.parent / "kept")
    expected = [(line.number, line.content) for line in iterate(path) if line.content.strip()]
    assert [(index.line_of(row), index.read(row)) for row in range(len(index))] == expected
    again = open_index(path, path.parent / "kept")
    assert [again.read(row) for row in range(len(again))] == [content for _, content in expected]


def test_a_search_finds_text_as_json_writes_it_whatever_its_case(write, tmp_path):
    path = write(
        [
            {"a": "Größe [x]"},
            b'{"a": "Gr\\u00f6\\u00dfe"}',
            {"a": 'say "hi"'},
            *({"n": n} for n in range(5_000)),
            {"a": "HI"},
        ]
    )
    index = open_index(path, tmp_path / "kept")
    assert list(index.search("größe")) == [0, 1]
    assert list(index.search("[x]")) == [0]
    assert list(index.search('"hi"')) == [2]
    assert list(index.search("hi", after=2)) == [5_003]
    assert list(index.search("4999}")) == [5_002]


def test_a_line_leads_to_its_row_and_a_blank_one_to_the_next(write, tmp_path):
    index = open_index(write([{"a": 1}, b"", b"", {"a": 2}, {"a": 3}]), tmp_path)
    assert [index.row_at(line) for line in (1, 2, 4, 5, 99)] == [0, 1, 1, 2, 2]
    with pytest.raises(IndexError):
        index.read(3)


def test_a_file_that_changed_is_indexed_anew_and_never_misread(write, tmp_path):
    path = write([{"a": 1}, {"a": 2}])
    index = open_index(path, tmp_path / "kept")
    path.write_bytes(b'{"longer": 1}\n{"a": 2}\n{"a": 3}\n')
    with pytest.raises(DatasetError, match="has changed"):
        index.read(1)
    assert len(open_index(path, tmp_path / "kept")) == 3


def test_a_damaged_index_is_made_anew(write, tmp_path):
    path = write([{"a": 1}, {"a": 2}])
    open_index(path, tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(kept.read_bytes()[:-3])
    assert open_index(path, tmp_path / "kept").read(1) == b'{"a": 2}'
    assert len(build(path)[0]) == 2


def test_the_shape_sums_up_what_the_rows_hold(write, rows):
    made = [rows["chat"](n) for n in range(50)]
    made[9]["messages"][1]["content"] = "long " * 400
    made[20] = b"{broken"
    shape = shape_of(check_file(write(made)))
    assert (shape.rows, shape.broken_rows) == (50, 1)
    assert shape.roles == {"system": 49, "user": 49, "assistant": 49}
    assert shape.longest[0].line == 10
    assert shape.lengths is not None and shape.turns is not None
    assert sum(shape.lengths.histogram.counts) == 49
    assert (shape.turns.least, shape.turns.most, shape.turns.total) == (3, 3, 147)


@pytest.mark.parametrize(
    ("rows", "epochs"), [(0, 3), (1, 25), (10, 10), (33, 3), (34, 3), (5_000, 3), (10_000, 2), (100_000, 1)]
)
def test_auto_epochs_are_those_of_the_published_recipe(rows, epochs):
    assert auto_epochs(rows) == epochs


@pytest.mark.parametrize(("rows", "batch"), [(10, 1), (1_000, 2), (50_000, 100), (10**6, 256)])
def test_auto_batches_are_a_five_hundredth_of_the_rows(rows, batch):
    assert auto_batch(rows) == batch


def test_costs_follow_the_published_prices_and_name_their_source():
    found = {e.tier: e for e in estimates(1_000_000, 3, "supervised", catalogue(), price_list(), "gpt-4.1")}
    assert found["globalStandard"].low == found["globalStandard"].high == pytest.approx(6.0)
    assert found["developerTier"].high == pytest.approx(3.0)
    assert found["standard"].low == pytest.approx(6 / 0.9) and found["standard"].high == pytest.approx(6 / 0.7)
    assert all(e.date == dt.date(2026, 3, 19) and e.source and not e.confirmed for e in found.values())
    assert found["globalStandard"].hosting_a_month == pytest.approx(1.7 * 730)
    assert found["developerTier"].hosting_a_month == 0


def test_a_price_that_nobody_published_is_none_and_never_nought():
    found = list(estimates(1_000_000, 3, "supervised", catalogue(), price_list(), "Ministral-3B"))
    assert [(e.low, e.high, e.confirmed) for e in found] == [(None, None, False)]


def test_reinforcement_is_paid_by_the_hour_up_to_the_cap():
    (found,) = [
        e
        for e in estimates(10_000, 1, "reinforcement", catalogue(), price_list(), "o4-mini")
        if e.tier == "globalStandard"
    ]
    assert (found.low, found.high) == (100.0, 5_000.0)


def test_only_the_models_that_learn_by_the_method_are_listed():
    listed = {e.model for e in estimates(1, 1, "dpo", catalogue(), price_list())}
    assert listed == {model.id for model in catalogue().models if "dpo" in model.methods}


def test_without_a_model_tokens_are_called_an_estimate(write, rows):
    path = write(rows["chat"](n) for n in range(12))
    assert not check_file(path, Options(count_tokens=True)).exact
    assert check_file(path, Options(count_tokens=True, model="o3")).exact
