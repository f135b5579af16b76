"""Scales, decimation, smoothing and rasters hold for any floats and sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from cupola.training.curves import smooth
from cupola_tui.plotting.decimate import decimate
from cupola_tui.plotting.raster import Curve, Raster, View, rasterise
from cupola_tui.plotting.scale import nice_axis, number
from cupola_tui.plotting.smoothing import Smoother

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE, FINITE, st.integers(1, 12))
@example(-1e308, 1e308, 1)
def test_an_axis_holds_its_data_between_its_limits(low: float, high: float, count: int) -> None:
    axis = nice_axis(low, high, count)
    assert axis.low <= min(low, high) and axis.high >= max(low, high)
    assert all(-1e-6 <= axis.place(value) <= 1 + 1e-6 for value in (low, high))
    assert len(axis.ticks) == len(axis.labels)


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers(1, 8))
def test_a_log_axis_holds_its_data_between_its_limits(low: float, high: float, count: int) -> None:
    axis = nice_axis(min(low, high), max(low, high), count, log=True)
    assert all(-1e-6 <= axis.place(value) <= 1 + 1e-6 for value in (low, high))


def test_limits_are_round_and_stay_while_data_grow_a_little() -> None:
    assert nice_axis(0.38, 2.31, 5) == nice_axis(0.379, 2.31, 5)
    assert nice_axis(0.38, 2.31, 5).labels == ("0.5", "1.0", "1.5", "2.0")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4121, "0.4121"), (1234.4, "1234"), (2_500_000, "2.5M"), (0.00001, "1e-05"), (1e308, "1e+308"), (0, "0")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@given(stn.arrays(np.float64, st.integers(1, 600), elements=FINITE), st.integers(1, 40))
def test_decimation_keeps_the_extremes_and_no_more_than_two_points_a_column(values: np.ndarray, columns: int) -> None:
    steps = np.arange(len(values))
    x, y = decimate(steps, values, 0.0, max(1.0, len(values) - 1.0), columns)
    assert len(x) == len(y) <= 2 * columns + 4
    assert y.min() == values.min() and y.max() == values.max()
    assert np.all(np.diff(x) >= 0)


def test_a_new_point_changes_only_its_own_column() -> None:
    values = np.random.default_rng(1).normal(size=500)
    before = decimate(np.arange(499), values[:499], 0, 1000, 50)[1]
    after = decimate(np.arange(500), values, 0, 1000, 50)[1]
    assert before[:-2].tolist() == after[: len(before) - 2].tolist()


@given(
    stn.arrays(np.float64, st.integers(1, 300), elements=st.floats(-1e6, 1e6)),
    st.floats(0.05, 0.99),
    st.integers(0, 300),
)
def test_smoothing_piece_by_piece_is_smoothing_at_once(values: np.ndarray, weight: float, cut: int) -> None:
    smoother = Smoother(weight)
    if cut:
        smoother(values[:cut])
    assert np.allclose(smoother(values), smooth(values, weight), rtol=1e-6, atol=1e-6)


def test_smoothing_begins_anew_for_other_values() -> None:
    smoother = Smoother(0.6)
    smoother(np.array([1.0, 2.0, 3.0]))
    assert np.allclose(smoother(np.array([5.0, 2.0])), smooth(np.array([5.0, 2.0]), 0.6))


@settings(max_examples=60, deadline=None)
@given(
    stn.arrays(np.float64, st.integers(0, 50), elements=st.floats()),
    st.integers(0, 60),
    st.integers(0, 20),
    st.booleans(),
)
def test_any_floats_in_any_size_give_a_raster_of_that_size_or_none(
    values: np.ndarray, width: int, height: int, log: bool
) -> None:
    curve = Curve(np.arange(len(values)), values, "series1", "●", points=True)
    raster = rasterise([curve], View(log=log, cursor=1.0), width, height)
    if raster is not None:
        assert len(raster.cells) == height
        assert {len(row) for row in raster.cells} == {width}


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, -math.inf]])
def test_nothing_finite_is_nothing_to_draw(values: list[float]) -> None:
    assert rasterise([Curve(np.arange(len(values)), np.array(values), "series1")], View(), 40, 10) is None


def test_one_point_is_a_glyph() -> None:
    assert "●" in _text(rasterise([Curve(np.array([3]), np.array([0.5]), "series1", "●")], View(), 40, 10))


def test_a_spike_among_a_million_points_is_seen() -> None:
    values = np.zeros(1_000_000)
    values[123_456] = 100.0
    raster = rasterise([Curve(np.arange(len(values)), values, "series1")], View(), 60, 12)
    assert raster is not None
    assert any(character not in " │┤" for character, _ in raster.cells[0][raster.left :])


def test_curves_that_cross_keep_the_dots_of_both() -> None:
    steps = np.array([0, 10])
    one, other = Curve(steps, np.array([0.0, 1.0]), "series1"), Curve(steps, np.array([1.0, 0.0]), "series2")
    both = _dots(rasterise([one, other], View(), 40, 12))
    assert both > _dots(rasterise([one], View(), 40, 12))


def test_a_band_lies_behind_its_line() -> None:
    steps, values = np.arange(20), np.linspace(1, 2, 20)
    raster = rasterise([Curve(steps, values, "series1", band=(values - 0.3, values + 0.3))], View(), 50, 14)
    assert "░" in _text(raster) and _dots(raster) > 0


def test_a_zoom_shows_only_its_steps() -> None:
    raster = rasterise([Curve(np.arange(100), np.arange(100.0), "series1")], View(zoom=(40, 60)), 50, 12)
    assert raster is not None and (raster.x.low, raster.x.high) == (40, 60)


def _text(raster: Raster | None) -> str:
    assert raster is not None
    return "\n".join("".join(character for character, _ in row) for row in raster.cells)


def _dots(raster: Raster | None) -> int:
    return sum(
        (ord(character) - 0x2800).bit_count() for character in _text(raster) if 0x2800 <= ord(character) < 0x2900
    )
