from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.statistics.agreement import agreement, confusion, self_consistency
from cupola.statistics.clusters import clusters_of
from cupola.statistics.corrected_rate import corrected_pass_rate, rogan_gladen
from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.label_sampling import choose_for_labels


def test_kappa_of_two_pathologists_is_agrestis() -> None:
    # Agresti, Categorical Data Analysis: kappa 0.493, standard error 0.057.
    found = agreement([[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]])
    assert round(found.kappa, 3) == 0.493
    assert round((found.kappa_interval.high - found.kappa_interval.low) / 2 / 1.959964, 3) == 0.057
    assert found.agreed == pytest.approx(75 / 118)


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=3, max_size=3))
def test_kappa_is_the_same_seen_from_either_side(matrix: list[list[int]]) -> None:
    counts = np.array(matrix)
    if not counts.sum():
        return
    one, other = agreement(counts), agreement(counts.T)
    assert one.kappa == pytest.approx(other.kappa, nan_ok=True)
    assert one.kappa_interval.low == pytest.approx(other.kappa_interval.low, abs=1e-9)
    if not math.isnan(one.kappa):
        assert one.kappa_interval.low - 1e-9 <= one.kappa <= one.kappa_interval.high + 1e-9


def test_perfect_agreement_on_few_items_is_not_certainty() -> None:
    found = agreement([[5, 0], [0, 5]])
    assert found.kappa == 1
    # With 0 of 10 the exact bound on disagreement is 0.308; by chance half agree.
    assert found.kappa_interval.low == pytest.approx(1 - 2 * (1 - 0.025**0.1))
    assert agreement([[500, 0], [0, 500]]).kappa_interval.low > 0.99


def test_kappa_of_graders_that_only_ever_say_one_thing_is_undefined() -> None:
    found = agreement([[9, 0], [0, 0]])
    assert math.isnan(found.kappa)
    assert (found.kappa_interval.low, found.kappa_interval.high) == (-1, 1)
    assert found.agreed == 1


def test_a_confusion_matrix_has_people_in_its_rows() -> None:
    matrix = confusion(["good", "good", "bad"], ["good", "bad", "bad"], ["bad", "good"])
    assert matrix.tolist() == [[1, 0], [1, 1]]
    with pytest.raises(StatisticsInputError, match="not among"):
        confusion(["x"], ["good"], ["bad", "good"])
    with pytest.raises(StatisticsInputError, match="both labels"):
        confusion(["bad"], [], ["bad", "good"])
    for wrong in ([[1, 2]], [[0, 0], [0, 0]], [[-1, 0], [0, 1]], [[0.5, 0], [0, 1]]):
        with pytest.raises(StatisticsInputError):
            agreement(wrong)


def test_self_consistency_is_the_share_of_equal_pairs() -> None:
    # Three grades with one stray: 1 of 3 pairs; two equal: 1; a single grade says nothing.
    found = self_consistency([1.0, 1.0, 0.0, 2.0, 2.0, 3.0, np.nan], clusters_of("aaabbcc"))
    assert found.value == pytest.approx((1 / 3 + 1) / 2)
    assert found.clusters == 2
    with pytest.raises(StatisticsInputError, match="twice"):
        self_consistency([1.0, 2.0], clusters_of("ab"))


def test_rogan_and_gladens_formula_turns_the_graders_errors_back() -> None:
    truth, sensitivity, specificity = 0.3, 0.8, 0.95
    raw = truth * sensitivity + (1 - truth) * (1 - specificity)
    assert rogan_gladen(raw, sensitivity, specificity) == pytest.approx(truth)
    assert rogan_gladen(0.0, 0.9, 0.9) == 0
    assert rogan_gladen(1.0, 0.9, 0.9) == 1
    with pytest.raises(StatisticsInputError, match="unusable"):
        rogan_gladen(0.5, 0.5, 0.5)


def grades(source: np.random.Generator, human: np.ndarray, sensitivity: float, specificity: float) -> np.ndarray:
    """Return what a grader with these rates makes of what people said."""
    chance = np.where(human == 1, sensitivity, 1 - specificity)
    return (source.random(human.shape) < chance).astype(float)


def test_the_corrected_rate_covers_the_truth_where_the_raw_one_is_far_off() -> None:
    source = np.random.default_rng(6)
    covered, raw_off = [], []
    for seed in range(100):
        human = (source.random(400) < 0.6).astype(float)
        graded = grades(source, human, 0.75, 0.95)
        labelled = (source.random(120) < 0.5).astype(float)
        found = corrected_pass_rate(graded, labelled, grades(source, labelled, 0.75, 0.95), draws=1000, seed=seed)
        assert found.interval is not None
        covered.append(0.6 in found.interval)
        raw_off.append(abs(found.raw - 0.6))
    assert 0.90 <= np.mean(covered) <= 0.99
    assert np.mean(raw_off) > 0.1


@pytest.mark.parametrize(
    ("human", "grader"),
    [([1, 0] * 20, [1, 1, 0, 0] * 10), ([1] * 10, [1] * 10), ([1, 0, 1], [1, 0, 1]), ([1, 0] * 20, [0, 1] * 20)],
)
def test_a_grader_that_labels_cannot_tell_from_a_coin_is_unusable(human: list[int], grader: list[int]) -> None:
    found = corrected_pass_rate([1, 0, 1, 1], human, grader)
    assert not found.usable
    assert found.interval is None
    assert found.informedness.low <= 0


def test_labels_must_fit_together() -> None:
    for human, grader, weights in (([], [], None), ([1.0], [1.0, 0.0], None), ([1.0, 0.0], [1.0, 0.0], [1.0, 0.0])):
        with pytest.raises(StatisticsInputError):
            corrected_pass_rate([1.0], human, grader, weights)
    with pytest.raises(StatisticsInputError):
        corrected_pass_rate([], [1.0, 0.0], [1.0, 0.0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.integers(2, 100), st.integers(0, 5))
def test_labels_stand_for_all_items_half_of_them_next_to_the_threshold(
    scores: list[float], count: int, seed: int
) -> None:
    sample = choose_for_labels([*scores, np.nan], 0.5, count, seed)
    assert len(sample.items) == len(set(sample.items.tolist())) == min(count, len(scores))
    distance = np.sort(np.abs(np.array(scores) - 0.5))
    near = min(count // 2, len(scores))
    chosen = np.sort(np.abs(np.array(scores)[sample.items] - 0.5))
    np.testing.assert_allclose(chosen[:near], distance[:near])
    if len(scores) >= count:
        assert sample.weights.sum() == pytest.approx(len(scores))


def test_weighting_back_undoes_the_preference_for_the_threshold() -> None:
    scores = np.random.default_rng(0).random(300)
    truth = np.abs(scores - 0.5) < 0.1
    weighted, plain = [], []
    for seed in range(300):
        sample = choose_for_labels(scores, 0.5, 60, seed)
        weighted.append(np.average(truth[sample.items], weights=sample.weights))
        plain.append(truth[sample.items].mean())
    assert np.mean(weighted) == pytest.approx(truth.mean(), abs=0.01)
    assert np.mean(plain) > truth.mean() + 0.1


def test_nothing_to_label_is_said() -> None:
    with pytest.raises(StatisticsInputError, match="nothing to label"):
        choose_for_labels([np.nan], 0.5, 4)
    with pytest.raises(StatisticsInputError, match="two items"):
        choose_for_labels([0.5], 0.5, 1)
