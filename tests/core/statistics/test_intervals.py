from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cupola.statistics.clusters import Clusters, clusters_of
from cupola.statistics.differences import estimate_difference
from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.estimates import PASS_FAIL, Interval, Scale
from cupola.statistics.means import estimate_mean
from cupola.statistics.pass_rates import estimate_pass_rate
from cupola.statistics.wilson import wilson

UNIT = Scale(0.0, 1.0)
bits = st.lists(st.sampled_from((0.0, 1.0)), min_size=1, max_size=60)
unit_scores = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("passes", "items", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_values_of_newcombe_1998_table_i(passes: int, items: int, low: float, high: float) -> None:
    interval = wilson(passes, items)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@given(bits)
def test_a_pass_rate_without_repeats_is_wilsons(values: list[float]) -> None:
    oracle = stats.binomtest(int(sum(values)), len(values)).proportion_ci(method="wilson")
    interval = estimate_pass_rate(values).interval
    assert interval.low == pytest.approx(oracle.low, abs=1e-12)
    assert interval.high == pytest.approx(oracle.high, abs=1e-12)


def test_the_robust_standard_error_follows_its_formula() -> None:
    # n_g (mean_g - mean) = 1, 0, -1; V = 3/2 * 2 / 6^2.
    values, clusters = [1, 1, 0, 1, 0, 0], clusters_of("aabbcc")
    estimate = estimate_mean(values, clusters)
    assert estimate.standard_error == pytest.approx(math.sqrt(1 / 12))
    assert (estimate.value, estimate.items, estimate.clusters) == (0.5, 6, 3)
    assert estimate.few_prompts


@given(st.lists(st.floats(-5, 5).filter(lambda x: abs(x) > 0.1), min_size=1, max_size=20))
def test_symmetric_scores_have_the_plain_t_interval(half: list[float]) -> None:
    values = np.array([*half, *(-np.array(half))])
    interval = estimate_mean(values).interval
    low, high = stats.t.interval(0.95, len(values) - 1, 0, stats.sem(values))
    assert interval.low == pytest.approx(low, rel=1e-6)
    assert interval.high == pytest.approx(high, rel=1e-6)


def test_skewed_scores_lean_the_interval_to_their_tail() -> None:
    values = [0.0] * 18 + [0.5, 1.0]
    interval = estimate_mean(values, scale=UNIT).interval
    mean = float(np.mean(values))
    assert interval.high - mean > mean - interval.low


@given(unit_scores)
def test_a_mean_lies_in_its_interval_and_the_interval_on_its_scale(values: list[float]) -> None:
    estimate = estimate_mean(values, scale=UNIT)
    assert 0 <= estimate.interval.low <= estimate.value + 1e-12
    assert estimate.value - 1e-12 <= estimate.interval.high <= 1


@given(bits.filter(lambda values: len(values) > 1), st.data())
def test_the_order_of_items_does_not_matter(values: list[float], data: st.DataObject) -> None:
    codes = data.draw(st.lists(st.integers(0, 5), min_size=len(values), max_size=len(values)))
    order = data.draw(st.permutations(range(len(values))))
    usual = estimate_pass_rate(values, clusters_of(codes))
    mixed = estimate_pass_rate([values[i] for i in order], clusters_of([codes[i] for i in order]))
    assert usual.interval.low == pytest.approx(mixed.interval.low, abs=1e-9)
    assert usual.interval.high == pytest.approx(mixed.interval.high, abs=1e-9)
    assert usual.standard_error == pytest.approx(mixed.standard_error, abs=1e-9, nan_ok=True)


@given(bits, st.data())
def test_turning_passes_into_fails_mirrors_the_interval(values: list[float], data: st.DataObject) -> None:
    clusters = clusters_of(data.draw(st.lists(st.integers(0, 20), min_size=len(values), max_size=len(values))))
    usual = estimate_pass_rate(values, clusters).interval
    turned = estimate_pass_rate([1 - value for value in values], clusters).interval
    assert usual.low == pytest.approx(1 - turned.high, abs=1e-9)
    assert usual.high == pytest.approx(1 - turned.low, abs=1e-9)


def test_repeats_that_always_agree_are_worth_no_more_than_their_prompts() -> None:
    prompts = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]
    alone = estimate_pass_rate(prompts).interval
    copied = estimate_pass_rate(np.repeat(prompts, 5), clusters_of(np.repeat(np.arange(12), 5).tolist())).interval
    assert copied.low == pytest.approx(alone.low, abs=0.01)
    assert copied.high == pytest.approx(alone.high, abs=0.01)


@pytest.mark.parametrize("repeats", [1, 5])
def test_all_passes_are_not_certainty(repeats: int) -> None:
    clusters = clusters_of(np.repeat(np.arange(20), repeats).tolist())
    estimate = estimate_pass_rate(np.ones(20 * repeats), clusters)
    # Twenty prompts, however often repeated: Wilson's interval of 20 of 20.
    assert estimate.interval.high == 1
    assert estimate.interval.low == pytest.approx(wilson(20, 20).low)
    assert estimate.standard_error == 0


def test_a_single_item_says_little_and_a_single_prompt_nothing() -> None:
    one = estimate_pass_rate([1.0])
    assert one.interval.low == pytest.approx(wilson(1, 1).low)
    assert math.isnan(one.standard_error)
    repeated = estimate_pass_rate([1.0, 1.0, 0.0], Clusters(np.zeros(3, dtype=np.int64), 1))
    assert repeated.interval == Interval(0.0, 1.0)
    score = estimate_mean([0.4])
    assert (score.interval.low, score.interval.high) == (-math.inf, math.inf)
    assert estimate_mean([0.4], scale=UNIT).interval.high > 0.95


def test_bounded_scores_have_wilsons_interval_on_what_their_variance_is_worth() -> None:
    # Ten of ten different prompts, scaled to 0..1: mean 0.825, se 0.0534; the pseudo-clusters barely move it.
    values = [5, 5, 4, 3, 5, 4, 5, 4, 5, 3]
    estimate = estimate_mean(values, scale=Scale(1.0, 5.0))
    share, error = (estimate.value - 1) / 4, estimate.standard_error / 4
    worth, t = share * (1 - share) / error**2, float(stats.t.ppf(0.975, 9))
    low, high = (float(wilson_by_hand(share, worth, side * t)) for side in (-1, 1))
    assert estimate.interval.low == pytest.approx(1 + 4 * low, abs=0.03)
    assert estimate.interval.high == pytest.approx(1 + 4 * high, abs=0.03)


def wilson_by_hand(share: float, items: float, z: float) -> float:
    """A root of (share - p)^2 = z^2 p (1 - p) / items."""
    spread = z * z / items
    roots = np.roots([1 + spread, -(2 * share + spread), share * share])
    return max(roots) if z > 0 else min(roots)


def test_scores_that_pile_up_at_the_top_have_a_narrow_interval_that_leans_down() -> None:
    values = [5.0] * 15 + [4.0, 4.0, 3.0, 5.0, 5.0, 5.0, 5.0, 5.0, 4.0, 5.0, 2.0]
    interval = estimate_mean(values, scale=Scale(1.0, 5.0)).interval
    mean = float(np.mean(values))
    assert interval.high < 5
    assert mean - interval.low > interval.high - mean
    plain = stats.t.interval(0.95, len(values) - 1, mean, stats.sem(values))
    assert interval.high - interval.low < 1.2 * (plain[1] - plain[0])


@given(
    st.lists(st.integers(0, 16).map(lambda n: n / 16), min_size=1, max_size=30),
    st.integers(1, 100),
    st.integers(-50, 50),
)
def test_a_bounded_interval_moves_with_its_scale(values: list[float], width: int, low: int) -> None:
    usual = estimate_mean(values, scale=UNIT).interval
    moved = [min(max(low + width * value, low), low + width) for value in values]
    other = estimate_mean(moved, scale=Scale(low, low + width)).interval
    assert other.low == pytest.approx(low + width * usual.low, abs=1e-6 * max(width, abs(low)))
    assert other.high == pytest.approx(low + width * usual.high, abs=1e-6 * max(width, abs(low)))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.integers(2, 5))
def test_copies_of_scores_are_worth_no_more_than_their_prompts(values: list[float], copies: int) -> None:
    alone = estimate_mean(values, scale=UNIT).interval
    clusters = clusters_of(np.repeat(np.arange(len(values)), copies).tolist())
    copied = estimate_mean(np.repeat(values, copies), clusters, UNIT).interval
    assert copied.low == pytest.approx(alone.low, abs=1e-9)
    assert copied.high == pytest.approx(alone.high, abs=1e-9)


def test_equal_scores_leave_open_what_could_have_gone_unseen() -> None:
    # Exact binomial: 0 of 60 different allows up to 1 - 0.025 ** (1/60) of them.
    unseen = stats.binomtest(0, 60).proportion_ci(method="exact").high
    interval = estimate_mean([4.0] * 60, scale=Scale(1.0, 5.0)).interval
    assert interval.low == pytest.approx(4 - unseen * 3)
    assert interval.high == pytest.approx(4 + unseen * 1)
    assert estimate_mean([0.1] * 3).interval == Interval(-math.inf, math.inf)


def test_a_paired_difference_of_passes_is_bonett_and_prices() -> None:
    # Bentur et al. 2009 as used by Fagerland, Lydersen and Laake 2014: 21 children, 1 and 7 discordant.
    before = np.array([1] * 1 + [1] * 1 + [0] * 7 + [0] * 12, dtype=float)
    after = np.array([1] * 1 + [0] * 1 + [1] * 7 + [0] * 12, dtype=float)
    interval = estimate_difference(before, after, scale=PASS_FAIL).interval
    centre, reach = -6 / 23, 1.959964 * math.sqrt((10 / 23 - (6 / 23) ** 2) / 23)
    assert interval.low == pytest.approx(centre - reach, abs=1e-6)
    assert interval.high == pytest.approx(centre + reach, abs=1e-6)


@given(bits, st.data())
def test_swapping_the_arms_mirrors_the_difference(first: list[float], data: st.DataObject) -> None:
    same_many = {"min_size": len(first), "max_size": len(first)}
    second = data.draw(st.lists(st.sampled_from((0.0, 1.0)), **same_many))
    clusters = clusters_of(data.draw(st.lists(st.integers(0, 30), **same_many)))
    for scale in (PASS_FAIL, UNIT):
        one = estimate_difference(first, second, clusters, scale)
        other = estimate_difference(second, first, clusters, scale)
        assert one.value == pytest.approx(-other.value)
        assert one.interval.low == pytest.approx(-other.interval.high, abs=1e-9)
        assert one.interval.high == pytest.approx(-other.interval.low, abs=1e-9)


def test_arms_that_always_agree_may_still_differ_a_little() -> None:
    interval = estimate_difference(np.ones(50), np.ones(50), scale=PASS_FAIL).interval
    unseen = 1 - 0.025 ** (1 / 50)
    assert (interval.low, interval.high) == pytest.approx((-unseen, unseen))
    opposite = estimate_difference(np.ones(50), np.zeros(50), scale=PASS_FAIL).interval
    assert opposite.high == pytest.approx(1)
    assert opposite.low == pytest.approx(1 - 2 * unseen)


def test_items_that_one_arm_lacks_are_left_out_of_the_difference() -> None:
    first, second = [1.0, np.nan, 1.0, 0.0], [0.0, 1.0, 1.0, np.nan]
    assert estimate_difference(first, second, scale=PASS_FAIL).items == 2
    with pytest.raises(StatisticsInputError, match="share no judged item"):
        estimate_difference([np.nan], [1.0])
    with pytest.raises(StatisticsInputError, match="equally long"):
        estimate_difference([1.0], [1.0, 0.0])


@given(bits.filter(lambda values: len(values) > 1))
def test_more_confidence_is_a_wider_interval(values: list[float]) -> None:
    for estimate in (estimate_pass_rate, estimate_mean):
        narrow, wide = (estimate(values, level=level).interval for level in (0.8, 0.95))
        assert wide.low <= narrow.low + 1e-12
        assert narrow.high <= wide.high + 1e-12


def test_values_off_their_scale_are_refused() -> None:
    with pytest.raises(StatisticsInputError, match="A pass is 1"):
        estimate_pass_rate([0.5])
    with pytest.raises(StatisticsInputError, match="off its scale"):
        estimate_mean([6.0], scale=Scale(1.0, 5.0))
    with pytest.raises(StatisticsInputError, match="run upwards"):
        Scale(1.0, 1.0)
    with pytest.raises(StatisticsInputError, match="level"):
        estimate_pass_rate([1.0, 0.0], level=95)
    with pytest.raises(StatisticsInputError, match="3 passes among 2"):
        wilson(3, 2)
