from __future__ import annotations

import numpy as np
import pytest

from cupola.statistics.bootstrap import bootstrap_means
from cupola.statistics.checkpoints import choose_checkpoint
from cupola.statistics.clusters import clusters_of
from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.estimates import PASS_FAIL, Scale
from cupola.statistics.gap import gap_recovered
from cupola.statistics.noise import noise_floor

UNIT = Scale(0.0, 1.0)


def nested(rates: list[float], items: int = 200) -> np.ndarray:
    return np.stack([(np.arange(items) < rate * items).astype(float) for rate in rates])


def test_the_gap_recovered_is_gain_over_gap() -> None:
    teacher, before, after = nested([0.9, 0.4, 0.8])
    gap = gap_recovered(teacher, before, after, scale=PASS_FAIL)
    assert gap.share == pytest.approx(0.8)
    assert gap.interval is not None
    assert gap.interval.low < 0.8 < gap.interval.high < 1
    assert (gap.gap.value, gap.gain.value) == pytest.approx((0.5, 0.4))


def test_a_student_above_its_teacher_has_recovered_more_than_the_gap() -> None:
    teacher, before, after = nested([0.7, 0.4, 0.9])
    assert gap_recovered(teacher, before, after, scale=PASS_FAIL).share == pytest.approx(5 / 3)


@pytest.mark.parametrize("rates", [[0.5, 0.49, 0.6], [0.3, 0.8, 0.7], [0.5, 0.5, 0.5]])
def test_without_a_clear_gap_there_is_no_share_of_it(rates: list[float]) -> None:
    gap = gap_recovered(*nested(rates, 100), scale=PASS_FAIL)
    assert (gap.share, gap.interval) == (None, None)


def test_only_items_of_all_three_arms_count() -> None:
    teacher, before, after = nested([0.9, 0.4, 0.8])
    after = after.copy()
    after[:100] = np.nan
    assert gap_recovered(teacher, before, after, scale=PASS_FAIL).gap.items == 100


def test_the_bootstrap_interval_has_the_width_that_theory_gives() -> None:
    values = np.random.default_rng(2).normal(0.0, 1.0, (1, 400))
    drawn = bootstrap_means(values, draws=4000)
    assert drawn.shape == (4000, 1)
    assert drawn.std() == pytest.approx(values.std() / 20, rel=0.05)


def test_clusters_are_drawn_whole() -> None:
    prompts = np.random.default_rng(4).normal(0.0, 1.0, 50)
    copied = bootstrap_means(np.repeat(prompts, 4)[None], clusters_of(np.repeat(np.arange(50), 4).tolist()), 3000)
    alone = bootstrap_means(prompts[None], None, 3000)
    np.testing.assert_allclose(copied, alone)
    np.testing.assert_array_equal(alone, bootstrap_means(prompts[None], None, 3000))
    with pytest.raises(StatisticsInputError):
        bootstrap_means([[1.0]], None, 0)
    with pytest.raises(StatisticsInputError, match="share no judged item"):
        bootstrap_means([[1.0, np.nan], [np.nan, 1.0]])


def test_the_leanest_checkpoint_within_one_standard_error_is_chosen() -> None:
    source = np.random.default_rng(8)
    usual = source.random(100)
    noisy = usual + source.normal(0.0, 0.05, 100)
    values = np.stack([usual - 0.3, usual, usual, noisy + 0.02 - noisy.mean() + usual.mean()]).clip(-1, 2)
    choice = choose_checkpoint(values, [100.0, 90.0, 80.0, 200.0])
    assert choice.highest == 3
    assert 0 not in choice.within
    equal = choose_checkpoint(values[[1, 2, 2]], [80.0, 70.0, 70.0])
    assert (equal.chosen, equal.highest, equal.within) == (1, 0, (0, 1, 2))


def test_one_standard_error_is_that_of_the_paired_difference() -> None:
    highest = np.array([1.0, 0.0] * 50)
    # Ten items lost of a hundred, one way: the difference is 0.1, its standard error 0.0302.
    other = highest.copy()
    other[:20] = 0.0
    assert choose_checkpoint([highest, other], [2.0, 1.0], scale=PASS_FAIL).chosen == 0
    # One lost: 0.01 against a standard error of 0.01.
    other = highest.copy()
    other[0] = 0.0
    assert choose_checkpoint([highest, other], [2.0, 1.0], scale=PASS_FAIL).chosen == 1


def test_checkpoints_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(StatisticsInputError):
        choose_checkpoint([[1.0]], [1.0, 2.0])
    with pytest.raises(StatisticsInputError, match="share no judged item"):
        choose_checkpoint([[1.0, np.nan], [np.nan, 1.0]], [1.0, 2.0])


def test_the_noise_floor_is_the_mean_change_and_the_share_of_flips() -> None:
    first, second = np.array([0.2, 0.6, 0.8, np.nan]), np.array([0.4, 0.6, 0.4, 1.0])
    floor = noise_floor((first, second), (first >= 0.5, second >= 0.5), scale=UNIT)
    assert floor.change.value == pytest.approx(0.2)
    assert floor.multiples(-0.5) == pytest.approx(2.5)
    # A comparison with NaN is False, so the fourth item has no score but counts as failed and then passed.
    assert floor.flips.value == pytest.approx(0.5)


def test_any_difference_stands_above_a_floor_of_zero() -> None:
    floor = noise_floor(([0.5, 0.5], [0.5, 0.5]), ([1.0, 1.0], [1.0, 1.0]), scale=UNIT)
    assert floor.multiples(0.1) == np.inf
    assert floor.multiples(0.0) == 0
    assert floor.flips.interval.high > 0.5
