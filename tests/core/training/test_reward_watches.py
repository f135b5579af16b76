"""Watches over reward runs, on numbers that are made to show each thing once, and on noise that shows nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.models import EvaluationItem, EvaluationRun
from cupola.training import auto_evals
from cupola.training import reward_watches as watch
from cupola.training.answer_shapes import entropy
from cupola.training.auto_evals import AutoEvals
from cupola.training.checkpoint_choice import Choice, Keeping
from cupola.training.learning_rate import learning_rate
from cupola.training.watches import Level, Series


def evals_of(scores: np.ndarray) -> AutoEvals:
    passes = []
    for number, row in enumerate(scores):
        run = EvaluationRun(f"run-{number}", "eval", f"Step {5 * number}", 5 * number, "completed", number, len(row))
        items = [
            EvaluationItem(f"i{place}", run.id, place, f"row{place}", f"row{place}", "pass" if s >= 5 else "fail", s)
            for place, s in enumerate(row.tolist())
        ]
        passes.append((run, items))
    found = auto_evals.build(passes)
    assert found is not None
    return found


def curve(*values: float) -> Series:
    return np.arange(1, len(values) + 1), np.array(values)


def test_a_train_reward_that_rises_while_validation_stands_still_is_told_with_its_gap() -> None:
    train = curve(*(0.3 + 0.04 * step + 0.01 * (step % 2) for step in range(20)))
    alarm = watch.parting(train, curve(0.31, 0.30, 0.32, 0.31), 1.0)
    assert alarm is not None and alarm.level is Level.BAD and alarm.kind == "parting"
    assert "gap is +0.39" in alarm.sentence and "39% of the range" in alarm.sentence
    assert watch.parting(train, curve(0.3, 0.5, 0.8, 1.0), 1.0) is None


def test_a_gap_within_the_noise_of_the_curves_is_none() -> None:
    rng = np.random.default_rng(1)
    train = np.arange(20), rng.normal(0.5, 0.3, 20)
    assert watch.parting(train, curve(0.5, 0.45, 0.5, 0.52), 1.0) is None


def test_a_second_grader_that_sees_no_gain_is_told_and_one_that_sees_the_same_is_not() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(0.4, 0.1, 60)
    evals = evals_of(np.stack([base, base + 0.5 + rng.normal(0, 0.05, 60)]))
    honest = np.stack([base, base - 0.1 + rng.normal(0, 0.05, 60)])
    alarm = watch.disagreement(evals, honest, "honest")
    assert alarm is not None and alarm.level is Level.BAD and alarm.step == 5
    assert "honest disagrees more than before" in alarm.sentence and "95%" in alarm.sentence
    assert watch.disagreement(evals, evals.scores * 10 + 3, "same, on another scale") is None


def test_a_second_grader_that_judged_one_pass_only_says_nothing() -> None:
    evals = evals_of(np.stack([np.zeros(20), np.ones(20)]))
    second = np.full((2, 20), np.nan)
    second[1] = 0.0
    assert watch.disagreement(evals, second, "late") is None


def test_rewards_that_follow_length_are_told_and_rewards_that_do_not_are_not() -> None:
    lengths = np.arange(50.0) % 37
    assert watch.paid_by_length(5, np.minimum(lengths / 40, 1.0), lengths) is not None
    rng = np.random.default_rng(3)
    assert watch.paid_by_length(5, rng.integers(0, 2, 50).astype(float), lengths) is None
    assert watch.paid_by_length(5, np.ones(50), lengths) is None
    assert watch.paid_by_length(5, -lengths, lengths) is None, "shorter is better is no alarm"


def test_answers_that_grow_while_the_reward_rises_are_told_and_growth_alone_is_not() -> None:
    alarm = watch.tokens_jump([0, 5], [400.0, 900.0], [0.3, 0.6], "reasoning")
    assert alarm is not None and alarm.level is Level.BAD and "+125%" in alarm.sentence
    assert watch.tokens_jump([0, 5], [400.0, 900.0], [0.6, 0.3], "reasoning") is None
    assert watch.tokens_jump([0, 5], [math.nan, 900.0], [0.3, 0.6], "reasoning") is None


def test_forms_that_become_one_are_told() -> None:
    many, one = entropy(["a", "b", "c", "d"] * 10), entropy(["a"] * 40)
    assert (many, one) == (2.0, 0.0)
    alarm = watch.format_collapse([0, 5], [many, one])
    assert alarm is not None and "2.00 bits at step 0, 0.00 at step 5" in alarm.sentence
    assert watch.format_collapse([0, 5], [one, one]) is None


def test_grader_errors_are_told_by_family_with_what_to_do() -> None:
    found = watch.grader_errors(
        {
            "errors/math/train_sample_parse_error_mean": curve(0.3, 0.2, 0.25),
            "errors/math/train_other_error_mean": curve(0.0, 0.0, 0.0),
            "errors/math/train_other_error_count": curve(9.0),
            "mean_unresponsive_rewards": curve(0.05, 0.03),
            "train_mean_reward": curve(1.0),
        }
    )
    assert [(alarm.level, alarm.step) for alarm in found] == [(Level.BAD, 3), (Level.WATCH, 2)]
    assert (
        found[0].sentence.startswith("sample parse error of math in training: 25%")
        and "response_format" in found[0].remedy
    )


@pytest.mark.parametrize(("reward", "passed", "word"), [(0.0, 0.0, "too hard"), (1.0, 1.0, "too easy")])
def test_rewards_that_are_all_the_same_are_too_hard_or_too_easy(reward: float, passed: float, word: str) -> None:
    alarm = watch.no_signal(0, np.full(20, reward), np.full(20, passed))
    assert alarm is not None and alarm.sentence.startswith(word)
    mixed = np.array([0.0, 1.0] * 10)
    assert watch.no_signal(0, mixed, mixed) is None


def test_a_best_checkpoint_about_to_go_is_told_while_there_is_time() -> None:
    choice = Choice(best=10, highest=15, tied=(10, 15), left_out=())
    alarm = watch.leaving(choice, Keeping(frozenset({10, 15, 20}), frozenset(), 10))
    assert alarm is not None and alarm.level is Level.BAD and "step 10, the best," in alarm.sentence
    assert "15 stay" in alarm.sentence
    assert watch.leaving(choice, Keeping(frozenset({5, 10, 15}), frozenset(), 5)) is None


def test_a_reward_that_falls_beyond_chance_speaks_of_the_learning_rate() -> None:
    rng = np.random.default_rng(4)
    base = rng.normal(4, 0.5, 50)
    evals = evals_of(np.stack([base, base - 1.5 + rng.normal(0, 0.3, 50), base - 1 + rng.normal(0, 0.3, 50)]))
    alarm = learning_rate(evals, 40.0)
    assert alarm is not None and alarm.level is Level.BAD and alarm.step == 5
    assert "at learning_rate_multiplier 40" in alarm.sentence
    steady = evals_of(np.stack([base, base + rng.normal(0, 0.3, 50), base + rng.normal(0.1, 0.3, 50)]))
    assert learning_rate(steady, 2.0) is None and learning_rate(steady, None) is None
    beyond = learning_rate(steady, 40.0)
    assert beyond is not None and beyond.level is Level.WATCH and "5 at most" in beyond.sentence


def test_noise_alone_looks_like_a_fall_in_few_of_many_runs() -> None:
    rng = np.random.default_rng(5)
    runs = [evals_of(rng.integers(0, 6, (8, 50)).astype(float)) for _ in range(200)]
    assert sum(learning_rate(run, 2.0) is not None for run in runs) <= 6


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_entropy_lies_between_nothing_and_the_logarithm_of_the_forms(forms: list[str]) -> None:
    assert 0 <= entropy(forms) <= math.log2(len(set(forms))) + 1e-9


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=30))
def test_a_rank_correlation_does_not_see_the_scale(values: list[float]) -> None:
    first = np.array(values)
    second = np.arange(len(values), dtype=float)
    found = watch.rank_correlation(first, second)
    assert math.isnan(found) or found == pytest.approx(watch.rank_correlation(first, np.exp(second / 10)))
