from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.planning import (
    agreeing_clusters_needed,
    clusters_needed,
    detectable_difference,
    spread_of_pass_rates,
)

spreads = st.floats(0.01, 2)


def test_the_smallest_visible_difference_is_2_802_standard_errors() -> None:
    assert detectable_difference(0.5, 100) == pytest.approx((1.960 + 0.842) * 0.5 / 10, abs=1e-4)


@given(spreads, st.floats(0.005, 1))
def test_the_items_needed_for_a_difference_are_just_enough_to_see_it(spread: float, difference: float) -> None:
    needed = clusters_needed(spread, difference)
    assert detectable_difference(spread, needed) <= difference * (1 + 1e-9)
    if needed > 2:
        assert detectable_difference(spread, needed - 1) > difference


@given(spreads, st.integers(2, 10_000))
def test_more_prompts_show_smaller_differences(spread: float, clusters: int) -> None:
    assert detectable_difference(spread, clusters + 1) < detectable_difference(spread, clusters)
    assert detectable_difference(spread, clusters, power=0.9) > detectable_difference(spread, clusters, power=0.8)


def test_the_spread_of_two_pass_rates_follows_from_their_correlation() -> None:
    assert spread_of_pass_rates(0.5, 0.5, 0.0) == pytest.approx(np.sqrt(0.5))
    assert spread_of_pass_rates(0.5, 0.5, 0.5) == pytest.approx(0.5)
    # 0.9 and 0.5 cannot agree on more than all but the 0.4 between them: variance 0.4 * 0.6.
    assert spread_of_pass_rates(0.9, 0.5, 1.0) == pytest.approx(np.sqrt(0.24))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1))
def test_the_spread_is_symmetric_and_falls_with_correlation(first: float, second: float, correlation: float) -> None:
    spread = spread_of_pass_rates(first, second, correlation)
    assert spread == pytest.approx(spread_of_pass_rates(second, first, correlation))
    assert spread <= spread_of_pass_rates(first, second, -1) + 1e-12


def test_the_stated_power_is_the_power() -> None:
    source = np.random.default_rng(5)
    difference = detectable_difference(1.0, 100)
    means = source.normal(difference, 1.0, (4000, 100)).mean(axis=1)
    assert np.mean(np.abs(means) > 1.96 * 0.1) == pytest.approx(0.80, abs=0.02)


def test_agreement_on_59_prompts_bounds_the_difference_by_a_twentieth() -> None:
    needed = agreeing_clusters_needed(0.05, 1.0)
    assert needed == 59
    assert 1 - 0.05 ** (1 / needed) < 0.05 <= 1 - 0.05 ** (1 / (needed - 1))


def test_questions_without_an_answer_are_refused() -> None:
    for wrong in (
        lambda: detectable_difference(float("nan"), 10),
        lambda: detectable_difference(0.5, 0),
        lambda: clusters_needed(0.5, 0.0),
        lambda: spread_of_pass_rates(1.1, 0.5, 0.0),
        lambda: spread_of_pass_rates(0.5, 0.5, 2.0),
        lambda: agreeing_clusters_needed(1.0, 1.0),
        lambda: detectable_difference(0.5, 10, power=1.0),
    ):
        with pytest.raises(StatisticsInputError):
            wrong()
