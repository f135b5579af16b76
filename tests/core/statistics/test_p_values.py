from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.holm import holm
from cupola.statistics.mcnemar import mcnemar
from cupola.statistics.sign_flip import EXACT_CLUSTERS, sign_flip

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Cross- minus self-fertilised maize, in eighths of an inch: Fisher, The Design of Experiments, section 21."""


def test_mcnemar_gives_the_value_of_fagerland_lydersen_and_laake_2013() -> None:
    assert round(mcnemar(1, 7), 3) == 0.070


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_binomial_test_and_does_not_care_who_is_first(won: int, lost: int) -> None:
    oracle = stats.binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert mcnemar(won, lost) == pytest.approx(oracle, rel=1e-9)
    assert mcnemar(won, lost) == mcnemar(lost, won)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(StatisticsInputError):
        mcnemar(-1, 3)


def test_sign_flips_give_fishers_value_for_darwins_maize() -> None:
    result = sign_flip(DARWIN)
    assert result.p == 1726 / 32768
    assert (result.patterns, result.seed) == (32768, None)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9))
def test_few_clusters_are_flipped_in_every_way(differences: list[int]) -> None:
    patterns = np.array(list(itertools.product((1, -1), repeat=len(differences))))
    oracle = np.mean(np.abs(patterns @ differences) >= abs(sum(differences)))
    assert sign_flip(differences).p == pytest.approx(float(oracle))


@pytest.mark.parametrize("shift", [0.1, 0.3, 0.6])
def test_many_clusters_agree_with_scipys_permutation_test(shift: float) -> None:
    differences = np.random.default_rng(7).normal(shift, 1, 40)
    oracle = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=60_000, rng=np.random.default_rng(1)
    )
    result = sign_flip(differences)
    assert result.patterns >= 100_000
    # Both are draws: within four standard errors of each other.
    assert result.p == pytest.approx(oracle.pvalue, abs=4 * np.sqrt(oracle.pvalue / 60_000) + 2e-5)


@pytest.mark.parametrize(("won", "lost"), [(40, 22), (300, 260), (12, 9)])
def test_sign_flips_of_passes_are_mcnemars_test(won: int, lost: int) -> None:
    p = mcnemar(won, lost)
    assert sign_flip([1.0] * won + [-1.0] * lost).p == pytest.approx(p, abs=4 * np.sqrt(p / 131_072))


@settings(max_examples=20)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.integers(0, 10))
def test_a_permutation_p_is_never_zero_and_the_same_with_the_same_seed(values: list[float], seed: int) -> None:
    result = sign_flip(values, seed)
    assert 0 < result.p <= 1
    assert result == sign_flip(values, seed)
    assert result.p == pytest.approx(sign_flip([-value for value in values], seed).p)


def test_the_drawn_patterns_reject_a_true_null_as_often_as_they_say() -> None:
    source = np.random.default_rng(11)
    p = [sign_flip(source.standard_t(3, 25), seed).p for seed in range(250)]
    assert stats.binomtest(sum(np.array(p) <= 0.05), 250, 0.05).pvalue > 0.001
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_clusters_without_a_difference_do_not_cost_exactness() -> None:
    result = sign_flip([*DARWIN, *[0.0] * 500, np.nan])
    assert result.p == 1726 / 32768
    assert len(DARWIN) <= EXACT_CLUSTERS


def test_no_difference_at_all_is_a_p_of_one() -> None:
    assert sign_flip([0.0, 0.0]).p == 1
    assert sign_flip([]).p == 1


def test_holm_gives_the_values_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_never_helps_keeps_the_order_and_does_not_exceed_bonferroni(p: list[float]) -> None:
    raw, corrected = np.array(p), holm(p)
    assert (corrected >= raw).all()
    assert (corrected <= np.minimum(raw * len(p), 1)).all()
    order = np.argsort(raw, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()
    np.testing.assert_allclose(holm(p[::-1]), corrected[::-1])


def test_a_comparison_without_a_p_is_no_part_of_the_family() -> None:
    corrected = holm([0.02, np.nan, 0.03])
    assert corrected[[0, 2]] == pytest.approx([0.04, 0.04])
    assert np.isnan(corrected[1])
    assert np.isnan(holm([np.nan])).all()
    assert len(holm([])) == 0
    with pytest.raises(StatisticsInputError):
        holm([1.2])
