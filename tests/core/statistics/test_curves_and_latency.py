from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import bdtr

from cupola.statistics.curves import smooth
from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.latency import estimate_latency, estimate_quantile


@given(st.lists(st.floats(-1e6, 1e6), max_size=50), st.floats(0, 0.999))
def test_smoothing_is_the_weighted_mean_of_what_came_before(values: list[float], weight: float) -> None:
    smoothed = smooth(values, weight)
    for step in range(len(values)):
        weights = weight ** np.arange(step, -1, -1)
        assert smoothed[step] == pytest.approx(np.average(values[: step + 1], weights=weights), rel=1e-6, abs=1e-6)


def test_a_constant_stays_constant_and_no_weight_changes_nothing() -> None:
    assert smooth([3.0] * 5, 0.9) == pytest.approx([3.0] * 5)
    assert smooth([1.0, 2.0, 3.0], 0.0).tolist() == [1.0, 2.0, 3.0]


def test_a_gap_in_the_curve_stays_a_gap() -> None:
    smoothed = smooth([1.0, np.nan, 3.0], 0.5)
    assert np.isnan(smoothed[1])
    assert smoothed[2] == pytest.approx((0.5 * 1 + 1 * 3) / 1.5)
    with pytest.raises(StatisticsInputError):
        smooth([1.0], 1.0)


def test_the_interval_of_a_median_of_100_runs_from_the_40th_to_the_61st() -> None:
    # The classic table of order-statistic intervals for the median.
    found = estimate_quantile(np.arange(1, 101), 0.5)
    assert (found.value, found.interval.low, found.interval.high) == (50.5, 40, 61)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200), st.floats(0.05, 0.95))
def test_a_quantile_lies_in_an_interval_that_scipy_gives_too(values: list[float], fraction: float) -> None:
    found = estimate_quantile(values, fraction)
    assert found.value == pytest.approx(np.quantile(values, fraction))
    assert found.interval.low <= found.value + 1e-9
    assert found.value <= found.interval.high + 1e-9
    oracle = stats.quantile_test(values, p=fraction).confidence_interval(0.95)
    low, high = oracle.low, oracle.high
    assert found.interval.low == (0 if np.isnan(low) else pytest.approx(low))
    assert found.interval.high == (math.inf if np.isnan(high) else pytest.approx(high))


def test_fifty_calls_do_not_bound_a_p95() -> None:
    latency = estimate_latency(np.arange(1, 51))
    assert latency.p95.interval.high == math.inf
    assert latency.p50.interval.high < 50
    assert estimate_latency(np.arange(1, 201)).p95.interval.high < 201


def test_intervals_of_quantiles_cover_what_they_promise() -> None:
    source = np.random.default_rng(9)
    truth = float(np.exp(stats.norm.ppf(0.95)))
    covered = [truth in estimate_latency(source.lognormal(0, 1, 150)).p95.interval for _ in range(800)]
    assert np.mean(covered) >= 0.94


def test_latencies_that_were_not_measured_are_refused() -> None:
    assert estimate_latency([1.0, np.nan]).p50.measured == 1
    for wrong in ([], [np.nan], [-1.0]):
        with pytest.raises(StatisticsInputError):
            estimate_latency(wrong)
    with pytest.raises(StatisticsInputError):
        estimate_quantile([1.0], 1.0)


@given(
    st.integers(min_value=1, max_value=4_000),
    st.floats(min_value=0.01, max_value=0.99),
    st.floats(min_value=0.5, max_value=0.999),
)
def test_a_quantiles_interval_ends_where_the_binomial_chances_of_all_ranks_say(
    count: int, fraction: float, level: float
) -> None:
    found = estimate_quantile(np.arange(1, count + 1), fraction, level)
    chances = bdtr(np.arange(count), count, fraction)
    low = np.count_nonzero(chances <= (1 - level) / 2)
    high = np.count_nonzero(chances < 1 - (1 - level) / 2) + 1
    assert found.interval.low == low
    assert found.interval.high == (high if high <= count else np.inf)
