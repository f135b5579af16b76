from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.statistics.clusters import cluster_sums, clusters_of
from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.outcomes import Outcome, count_outcomes, pass_values, score_values
from cupola.statistics.pairing import Incomparable, ItemKey, Provenance, pair_items, reasons_against


@given(st.lists(st.sampled_from(Outcome)))
def test_outcomes_always_sum_to_all_items_and_bound_the_pass_rate(outcomes: list[Outcome]) -> None:
    counts = count_outcomes(outcomes)
    assert counts.total == len(outcomes)
    assert counts.judged == np.count_nonzero(~np.isnan(pass_values(outcomes)))
    assert 0 <= counts.bounds.low <= counts.bounds.high <= 1
    if counts.judged:
        assert counts.pass_rate == pytest.approx(np.nanmean(pass_values(outcomes)))
        assert counts.bounds.low <= counts.pass_rate <= counts.bounds.high


def test_refusals_filters_and_truncations_fail_while_errors_and_missing_stay_open() -> None:
    outcomes = [Outcome.PASS, Outcome.FAIL, Outcome.REFUSED, Outcome.FILTERED, Outcome.TRUNCATED]
    counts = count_outcomes([*outcomes, Outcome.ERROR, Outcome.MISSING, Outcome.MISSING])
    assert counts.pass_rate == 0.2
    assert (counts.bounds.low, counts.bounds.high) == (1 / 8, 4 / 8)


def test_without_items_anything_is_possible() -> None:
    counts = count_outcomes([])
    assert np.isnan(counts.pass_rate)
    assert (counts.bounds.low, counts.bounds.high) == (0.0, 1.0)


def test_a_refused_answer_has_the_lowest_score_whatever_a_grader_gave_it() -> None:
    outcomes = [Outcome.PASS, Outcome.REFUSED, Outcome.ERROR]
    assert score_values(outcomes, [4.0, 5.0, None], lowest=1.0).tolist()[:2] == [4.0, 1.0]
    assert np.isnan(score_values(outcomes, [4.0, 5.0, None], lowest=1.0)[2])


def test_a_judged_item_without_a_score_is_an_error_not_a_zero() -> None:
    with pytest.raises(StatisticsInputError, match="no score"):
        score_values([Outcome.FAIL], [None], lowest=0.0)
    with pytest.raises(StatisticsInputError, match="equally long"):
        score_values([Outcome.FAIL], [], lowest=0.0)


def test_arms_are_joined_on_prompt_and_repeat_whatever_their_order() -> None:
    first = [ItemKey("a"), ItemKey("b", 0), ItemKey("b", 1)]
    second = [ItemKey("b", 1), ItemKey("c"), ItemKey("a")]
    pairing = pair_items([first, second])
    table = pairing.gather([np.array([1.0, 2.0, 3.0]), np.array([30.0, 40.0, 10.0])])
    assert pairing.keys == (ItemKey("a"), ItemKey("b", 0), ItemKey("b", 1), ItemKey("c"))
    np.testing.assert_array_equal(table, [[1, 2, 3, np.nan], [10, np.nan, 30, 40]])
    assert pairing.clusters.codes.tolist() == [0, 1, 1, 2]


def test_an_item_twice_in_one_arm_and_an_empty_table_are_refused() -> None:
    with pytest.raises(StatisticsInputError, match="same item twice"):
        pair_items([[ItemKey("a"), ItemKey("a")]])
    with pytest.raises(StatisticsInputError, match="nothing to pair"):
        pair_items([[], []])
    with pytest.raises(StatisticsInputError, match="one value for each"):
        pair_items([[ItemKey("a")]]).gather([np.array([1.0, 2.0])])
    with pytest.raises(StatisticsInputError, match="1 arms"):
        pair_items([[ItemKey("a")]]).gather([])


def test_different_hashes_are_named_as_reasons() -> None:
    usual = Provenance("split", "graders", "prompts")
    assert reasons_against(usual, usual) == ()
    other = Provenance("other", "graders", "else")
    assert reasons_against(usual, other) == (Incomparable.SPLITS, Incomparable.PROMPTS)


def test_clusters_without_a_value_do_not_count() -> None:
    sums = cluster_sums([1.0, np.nan, 0.0, np.nan], clusters_of("aabc"))
    assert (sums.items, sums.clusters, sums.mean) == (2, 2, 0.5)


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], ["x"], [[1.0]], [np.inf]])
def test_values_that_say_nothing_are_refused_in_words(values: list[object]) -> None:
    with pytest.raises(StatisticsInputError):
        cluster_sums(values)  # type: ignore[arg-type]  # wrong on purpose


def test_clusters_must_be_as_many_as_values() -> None:
    with pytest.raises(StatisticsInputError, match="equally long"):
        cluster_sums([1.0], clusters_of("ab"))
    with pytest.raises(StatisticsInputError, match="equally long"):
        cluster_sums([1.0], clusters_of("aab"))
