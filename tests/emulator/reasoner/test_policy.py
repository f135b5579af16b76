from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.emulator.reasoner.choices import decide, logistic, softmax, softmax_score
from cupola.emulator.reasoner.features import GROUPS, SIZE, moves, named, operands, phase, vector
from cupola.emulator.reasoner.policy import draws_per_thought, expression, think
from cupola.emulator.reasoner.rollouts import Prompt, roll_out

NUMBERS = st.lists(st.integers(1, 99), min_size=2, max_size=5)


@settings(deadline=None)
@given(NUMBERS, st.integers(1, 100))
def test_every_move_has_the_value_of_its_operation(nums: list[int], target: int) -> None:
    options = moves(np.array([nums], dtype=float), np.array([float(target)]))
    for move, (value, allowed) in enumerate(zip(options.values[0], options.allowed[0], strict=True)):
        left, right, operation = operands(move, len(nums))
        exact = eval(f"Fraction({nums[left]}) {operation} Fraction({nums[right]})", {"Fraction": Fraction})
        assert allowed
        assert value == pytest.approx(float(exact))


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=3, max_size=3), st.integers(1, 60))
def test_finishable_tells_whether_one_more_move_reaches_the_target(nums: list[int], target: int) -> None:
    goal = np.array([float(target)])
    options = moves(np.array([nums], dtype=float), goal)
    finishable = options.features[0, :, GROUPS["middle"].index("finishable")]
    for move, value in enumerate(options.values[0]):
        left, right, _ = operands(move, 3)
        other = next(nums[i] for i in range(3) if i not in (left, right))
        last = moves(np.array([[float(other), value]]), goal)
        reaches = bool((last.allowed & (np.abs(last.values - target) < 1e-6)).any())
        assert bool(finishable[move]) == reaches


@settings(deadline=None)
@given(NUMBERS, st.integers(1, 100), st.integers(0, 2**32))
def test_a_thoughts_expression_has_the_value_that_the_thought_found(nums: list[int], target: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, k = 5, len(nums)
    thoughts = think(
        rng.normal(size=SIZE),
        np.tile(np.array(nums, dtype=float), (count, 1)),
        np.full(count, float(target)),
        rng.random((count, draws_per_thought(k))),
    )
    for value, complete, steps in zip(thoughts.values, thoughts.complete, thoughts.steps, strict=True):
        written = expression(tuple(nums), steps)
        assert float(eval(written)) == pytest.approx(value, rel=1e-9, abs=1e-9)
        assert (sum(written.count(sign) for sign in "+-*/") == k - 1) == complete


def test_a_choices_score_is_the_gradient_of_its_log_probability() -> None:
    rng = np.random.default_rng(3)
    weights, features = rng.normal(size=4), rng.normal(size=(2, 5, 4))
    chosen = np.array([1, 4])
    score = softmax_score(features, softmax(features @ weights), chosen)
    seen = rng.normal(size=(2, 4))
    decided, decision_score = decide(weights, seen, np.array([0.0, 1.0]))
    assert decided.tolist() == [True, False]
    for i in range(4):
        up, down = weights.copy(), weights.copy()
        up[i] += 1e-6
        down[i] -= 1e-6
        rows = np.arange(2)
        change = np.log(softmax(features @ up))[rows, chosen] - np.log(softmax(features @ down))[rows, chosen]
        assert score[:, i] == pytest.approx(change / 2e-6, abs=1e-5)
        yes = (np.log(logistic(up, seen)) - np.log(logistic(down, seen))) / 2e-6
        no = (np.log(1 - logistic(up, seen)) - np.log(1 - logistic(down, seen))) / 2e-6
        assert decision_score[:, i] == pytest.approx([yes[0], no[1]], abs=1e-5)


def test_the_scores_of_rollouts_average_to_nothing() -> None:
    weights = np.random.default_rng(1).normal(size=SIZE) * 0.3
    prompts = [Prompt((25, 3, 7, 50), 61, True, False, np.random.default_rng([5, i])) for i in range(4000)]
    _, scores = roll_out(weights, prompts, 1, with_scores=True)
    deviation = scores.std(axis=0) / np.sqrt(len(prompts))
    assert (np.abs(scores.mean(axis=0)) <= 4.5 * deviation + 1e-9).all()


def test_temperature_0_takes_the_best() -> None:
    assert softmax(np.array([[0.1, 0.3, 0.2]]), None, 0.0).tolist() == [[0.0, 1.0, 0.0]]


def test_weights_have_names_and_come_back_from_them() -> None:
    weights = np.arange(SIZE, dtype=float)
    assert vector(named(weights)).tolist() == weights.tolist()
    assert 30 <= SIZE <= 40
    assert [phase(k) for k in (2, 3, 4, 6)] == ["last", "middle", "opening", "opening"]
