from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from cupola.statistics.clusters import clusters_of
from cupola.statistics.errors import StatisticsInputError
from cupola.statistics.win_rate import win_rate


def test_wins_ties_and_losses_are_counted_and_a_tie_is_half_a_win() -> None:
    found = win_rate([1, 1, 0, 0.5], [0, 0, 1, 0.5], [3, 4, 5, 6], [4, 4, 4, 4])

    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.rate.value == pytest.approx(2.5 / 4)
    assert found.longer == pytest.approx(0.5)


def test_an_item_that_one_arm_has_no_score_for_is_left_out() -> None:
    found = win_rate([1, float("nan"), 1], [0, 0, float("nan")], [1, 1, 1], [1, 1, 1])

    assert (found.wins, found.ties, found.losses) == (1, 0, 0)
    with pytest.raises(StatisticsInputError):
        win_rate([float("nan")], [1], [1], [1])


def test_an_arm_that_wins_by_length_alone_loses_its_lead_when_lengths_are_controlled_for() -> None:
    rng = np.random.default_rng(5)
    further = rng.normal(40, 60, 400)
    won = (rng.random(400) < expit(4 * np.tanh(further / further.std()))).astype(float)

    found = win_rate(won, 1 - won, 100 + further, np.full(400, 100.0))

    assert found.controlled is not None
    assert found.rate.interval.low > 0.6
    assert found.controlled.interval.low < 0.5 < found.controlled.interval.high
    assert found.controlled.length_weight > 2


def test_an_arm_that_is_better_at_every_length_keeps_its_lead() -> None:
    rng = np.random.default_rng(6)
    further = rng.normal(0, 50, 300)
    won = (rng.random(300) < 0.8).astype(float)

    found = win_rate(won, 1 - won, 100 + further, np.full(300, 100.0))

    assert found.controlled is not None
    assert found.controlled.value == pytest.approx(found.rate.value, abs=0.04)
    assert found.controlled.interval.low > 0.5


def test_the_fit_is_the_maximum_that_a_general_optimizer_finds() -> None:
    rng = np.random.default_rng(7)
    further = rng.normal(10, 30, 80)
    won = rng.choice([0.0, 0.5, 1.0], 80)
    leaning = np.tanh(further / further.std())

    def loss(at: np.ndarray) -> float:
        z = at[0] + at[1] * leaning
        even = 0.5 * (np.logaddexp(0, -at[0]) + np.logaddexp(0, at[0]))
        return float((won * np.logaddexp(0, -z) + (1 - won) * np.logaddexp(0, z)).sum() + even + at[1] ** 2 / 2)

    best = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    found = win_rate(won, np.full(80, 0.5), further, np.zeros(80))

    assert found.controlled is not None
    assert found.controlled.value == pytest.approx(expit(best.x[0]), abs=1e-5)
    assert found.controlled.length_weight == pytest.approx(best.x[1], abs=1e-4)


def test_a_difference_in_length_that_never_varies_cannot_be_controlled_for() -> None:
    assert win_rate([1, 0, 1], [0, 1, 0], [5, 5, 5], [3, 3, 3]).controlled is None
    assert win_rate([1, 0, 1], [0, 1, 0], [5, 5, 5], [5, 5, 5]).controlled is not None


def test_repeats_of_one_prompt_widen_the_controlled_interval() -> None:
    rng = np.random.default_rng(8)
    once = rng.random(40) < 0.6
    won, further = np.repeat(once, 5).astype(float), rng.normal(0, 10, 200)
    together = clusters_of([place // 5 for place in range(200)])

    apart = win_rate(won, 1 - won, further, np.zeros(200)).controlled
    joined = win_rate(won, 1 - won, further, np.zeros(200), together).controlled

    assert apart is not None
    assert joined is not None
    assert joined.interval.high - joined.interval.low > 1.5 * (apart.interval.high - apart.interval.low)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=30)
)
def test_swapping_the_arms_mirrors_both_rates(rows: list[tuple[float, float, float]]) -> None:
    scores, lengths, others = (list(column) for column in zip(*rows, strict=True))
    half = [0.5] * len(rows)

    there = win_rate(scores, half, lengths, others)
    back = win_rate(half, scores, others, lengths)

    assert there.rate.value == pytest.approx(1 - back.rate.value)
    assert (there.controlled is None) == (back.controlled is None)
    if there.controlled is not None and back.controlled is not None:
        assert there.controlled.value == pytest.approx(1 - back.controlled.value, abs=1e-6)
        assert 0 <= there.controlled.interval.low <= there.controlled.interval.high <= 1
