from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.statistics.clusters import clusters_of
from cupola.statistics.comparison import Comparison, Test, compare
from cupola.statistics.differences import estimate_difference
from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.estimates import PASS_FAIL, UNKNOWN_SCALE, Scale
from cupola.statistics.holm import holm
from cupola.statistics.leaderboard import compare_arms, correct_together, estimate_arms
from cupola.statistics.mcnemar import mcnemar
from cupola.statistics.pairing import Incomparable, Provenance
from cupola.statistics.picking import Claim, pick_best
from cupola.statistics.verdicts import (
    Stability,
    Word,
    default_margin,
    judge,
    judge_non_inferiority,
    judge_stability,
    not_comparable,
)


def passes(both: int, won: int, lost: int, neither: int) -> Comparison:
    """Compare two arms from the four counts of their answers."""
    first = [1.0] * both + [1.0] * won + [0.0] * lost + [0.0] * neither
    second = [1.0] * both + [0.0] * won + [1.0] * lost + [0.0] * neither
    return compare(first, second, scale=PASS_FAIL)


def test_a_clear_difference_is_better_one_way_and_worse_the_other() -> None:
    comparison = passes(50, 40, 5, 25)
    assert comparison.test is Test.MCNEMAR
    assert (comparison.won, comparison.lost) == (40, 5)
    assert judge(comparison, 0.05).word is Word.BETTER
    assert judge(comparison.turned(), 0.05).word is Word.WORSE


def test_where_interval_and_p_disagree_it_is_inconclusive() -> None:
    # 12 against 3: McNemar's exact p is .035, so alone it is better; among eight comparisons p is .28.
    comparison = passes(40, 12, 3, 45)
    assert comparison.difference.interval.low > 0
    assert judge(comparison, 0.05).word is Word.BETTER
    in_family = correct_together([comparison, *[passes(50, 10, 10, 30)] * 7])[0]
    assert in_family is not None
    assert in_family.family == 8
    assert judge(in_family, 0.05).word is Word.INCONCLUSIVE


def test_agreement_on_many_items_is_the_same_within_the_margin_and_on_few_it_is_not() -> None:
    assert judge(passes(300, 2, 3, 95), 0.05).word is Word.SAME
    assert judge(passes(20, 0, 0, 4), 0.05).word is Word.INCONCLUSIVE
    assert judge(passes(59, 0, 0, 0), 0.05).word is Word.SAME
    assert judge(passes(58, 0, 0, 0), 0.05).word is Word.INCONCLUSIVE


def test_slightly_ahead_but_noisy_is_not_inferior() -> None:
    assert judge(passes(60, 25, 15, 100), 0.05).word is Word.NOT_INFERIOR


def test_a_student_measurably_but_harmlessly_worse_is_not_inferior_to_its_teacher() -> None:
    comparison = passes(1800, 0, 20, 180)
    assert judge(comparison, 0.05).word is Word.WORSE
    assert judge_non_inferiority(comparison, 0.05).word is Word.NOT_INFERIOR
    assert judge_non_inferiority(passes(50, 5, 40, 25), 0.05).word is Word.WORSE
    assert judge_non_inferiority(passes(50, 40, 5, 25), 0.05).word is Word.BETTER
    assert judge_non_inferiority(passes(10, 3, 4, 3), 0.05).word is Word.INCONCLUSIVE


def test_an_inconclusive_verdict_says_what_would_settle_it_and_its_cost() -> None:
    comparison = passes(60, 12, 12, 36)
    verdict = judge(comparison, 0.05, cost_per_item=0.02)
    assert verdict.word is Word.INCONCLUSIVE
    assert verdict.items_needed is not None
    size = max(abs(comparison.difference.value), 0.05)
    assert verdict.items_needed == math.ceil(((1.959964 + 0.841621) * comparison.spread / size) ** 2)
    assert verdict.cost == pytest.approx((verdict.items_needed - 120) * 0.02)
    assert judge(passes(50, 40, 5, 25), 0.05, cost_per_item=0.02).cost is None


def test_arms_that_never_differed_need_enough_agreement_to_be_called_the_same() -> None:
    verdict = judge(passes(20, 0, 0, 0), 0.05)
    assert verdict.items_needed == 59
    flat = compare([1.0, 2.0], [1.0, 2.0], scale=UNKNOWN_SCALE)
    assert judge(flat, 0.05).items_needed is None
    assert judge(compare([0.4], [0.6]), 0.05).items_needed is None


def test_few_prompts_are_flagged_but_still_judged() -> None:
    repeated = clusters_of(np.repeat(np.arange(6), 20).tolist())
    comparison = compare(np.ones(120), np.zeros(120), repeated, PASS_FAIL)
    verdict = judge(comparison, 0.05)
    assert verdict.few_prompts
    # Six prompts cannot reach .05: two of 2^6 sign patterns are as extreme.
    assert comparison.p == 2 / 64
    assert judge(passes(20, 10, 10, 20), 0.05).few_prompts is False


def test_an_unchanged_arm_stayed_a_changed_one_moved_and_a_noisy_one_cannot_be_told() -> None:
    assert judge_stability(passes(300, 2, 3, 95), 0.05).word is Stability.STAYED
    assert judge_stability(passes(50, 40, 5, 25), 0.05).word is Stability.MOVED
    assert judge_stability(passes(10, 3, 4, 3), 0.05).word is Stability.CANNOT_SAY


def test_incomparable_arms_get_reasons_and_no_p() -> None:
    verdict = not_comparable((Incomparable.SPLITS,))
    assert (verdict.word, verdict.p, verdict.difference) == (Word.NOT_COMPARABLE, None, None)
    with pytest.raises(StatisticsInputError):
        not_comparable(())


def test_a_margin_is_a_twentieth_of_the_range_or_declared() -> None:
    assert default_margin(Scale(1.0, 5.0)) == pytest.approx(0.2)
    with pytest.raises(StatisticsInputError, match="Declare a margin"):
        default_margin(UNKNOWN_SCALE)
    with pytest.raises(StatisticsInputError, match="margin"):
        judge(passes(1, 1, 1, 1), 0.0)


def test_the_leaderboard_corrects_all_pairs_together() -> None:
    source = np.random.default_rng(3)
    values = (source.random((5, 200)) < np.array([[0.5], [0.6], [0.65], [0.7], [0.9]])).astype(float)
    pairs = compare_arms(values, scale=PASS_FAIL)
    assert len(pairs) == 10
    raw = [
        mcnemar(int(np.sum(values[p.first] > values[p.second])), int(np.sum(values[p.first] < values[p.second])))
        for p in pairs
    ]
    found = [pair.comparison for pair in pairs if pair.comparison]
    assert [one.p for one in found] == pytest.approx(raw)
    assert [one.p_corrected for one in found] == pytest.approx(holm(raw).tolist())


def test_pairs_that_may_not_be_compared_stay_out_of_the_family() -> None:
    usual, other = Provenance("s", "g", "p"), Provenance("s", "h", "p")
    values = np.array([[1.0, 0.0, np.nan], [0.0, 0.0, np.nan], [1.0, 1.0, 1.0], [np.nan, np.nan, 1.0]])
    pairs = compare_arms(values, scale=PASS_FAIL, provenances=[usual, usual, other, usual])
    by_arms = {(pair.first, pair.second): pair for pair in pairs}
    assert by_arms[0, 2].reasons == (Incomparable.GRADERS,)
    assert by_arms[0, 3].reasons == (Incomparable.NOTHING_SHARED,)
    compared = by_arms[0, 1].comparison
    assert compared is not None
    assert compared.family == 1
    assert by_arms[0, 1].turned().comparison == compared.turned()


def test_a_declared_reference_makes_a_smaller_family() -> None:
    values = np.random.default_rng(1).random((4, 30))
    pairs = compare_arms(values, pairs=[(1, 0), (2, 0), (3, 0)])
    assert [pair.comparison.family for pair in pairs if pair.comparison] == [3, 3, 3]
    with pytest.raises(StatisticsInputError, match="no pair of arms"):
        compare_arms(values, pairs=[(1, 1)])
    with pytest.raises(StatisticsInputError, match="provenances"):
        compare_arms(values, provenances=[])


def test_every_arm_has_its_own_estimate_and_an_empty_one_none() -> None:
    values = np.array([[1.0, 0.0, 1.0], [np.nan] * 3])
    first, second = estimate_arms(values, scale=PASS_FAIL)
    assert first is not None
    assert first.value == pytest.approx(2 / 3)
    assert second is None


@settings(max_examples=30)
@given(st.integers(0, 1000), st.permutations(range(40)))
def test_verdicts_do_not_depend_on_the_order_of_items(seed: int, order: list[int]) -> None:
    source = np.random.default_rng(seed)
    values = (source.random((2, 40)) < np.array([[0.8], [0.4]])).astype(float)
    usual = compare(values[0], values[1], scale=PASS_FAIL)
    mixed = compare(values[0][order], values[1][order], scale=PASS_FAIL)
    assert judge(usual, 0.05).word is judge(mixed, 0.05).word
    assert mixed.p == usual.p
    assert mixed.difference.interval.low == pytest.approx(usual.difference.interval.low)


def picked(rates: list[float], costs: list[float], items: int) -> tuple[int, Claim]:
    """Pick among arms that pass exactly the first items of a shared order of difficulty."""
    values = np.stack([(np.arange(items) < round(rate * items)).astype(float) for rate in rates])
    pick = pick_best(values, costs, compare_arms(values, scale=PASS_FAIL), 0.05, scale=PASS_FAIL)
    return pick.picked, pick.claim


def test_the_cheapest_arm_that_is_not_inferior_is_picked() -> None:
    assert picked([0.90, 0.89, 0.60], [10.0, 3.0, 1.0], 1000) == (1, Claim.NOT_INFERIOR)


def test_the_highest_is_the_best_if_it_beats_every_other() -> None:
    assert picked([0.9, 0.7, 0.6], [10.0, 3.0, 1.0], 300) == (0, Claim.BEST)


def test_the_highest_of_a_few_items_is_not_separable() -> None:
    assert picked([0.9, 0.8, 0.7], [10.0, 3.0, 1.0], 20) == (0, Claim.NOT_SEPARABLE)


def test_a_pick_needs_every_pair_and_every_cost() -> None:
    values = np.ones((3, 5))
    pairs = compare_arms(values, scale=PASS_FAIL)
    with pytest.raises(StatisticsInputError, match="compared with every other"):
        pick_best(values, [1, 2, 3], pairs[:2], 0.05)
    with pytest.raises(StatisticsInputError, match="a cost"):
        pick_best(values, [1, 2], pairs, 0.05)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.4))
def test_an_arm_may_be_picked_if_it_is_not_inferior_in_every_comparison_whichever_way_round(
    seed: int, margin: float
) -> None:
    source = np.random.default_rng(seed)
    values = (source.random((4, 60)) < np.array([[0.7], [0.75], [0.8], [0.9]])).astype(np.float64)
    groups = clusters_of([item // 3 for item in range(60)])
    pick = pick_best(values, [1, 2, 3, 4], compare_arms(values, groups, PASS_FAIL), margin, groups, PASS_FAIL)
    lows = {
        (arm, other): estimate_difference(values[arm], values[other], groups, PASS_FAIL, 1 - 2 * 0.05 / 3).interval.low
        for arm, other in permutations(range(4), 2)
    }
    expected = [arm for arm in range(4) if all(low > -margin for (first, _), low in lows.items() if first == arm)]
    assert list(pick.not_inferior) == expected
