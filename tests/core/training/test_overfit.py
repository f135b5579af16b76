"""Overfitting is said where the numbers carry it, and which epoch's checkpoint to keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cupola.models import Checkpoint
from cupola.training.epoch_choice import choose_epoch
from cupola.training.overfit import overfit
from cupola.training.watches import Level, Series


def curve(values: object, first: int = 1, every: int = 1) -> Series:
    found = np.asarray(values, dtype=np.float64)
    return np.arange(len(found), dtype=np.int64) * every + first, found


def noisy(values: object, seed: int, scale: float = 0.02) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = np.asarray(values, dtype=np.float64)
    return found + np.random.default_rng(seed).normal(0, scale, len(found))


_STEPS = np.arange(1, 201)
_FALLING = 2 / np.sqrt(_STEPS) + 0.3
_TURNING = 0.8 + 0.4 * ((np.arange(40) - 15) / 40) ** 2 * np.where(np.arange(40) < 15, 1.0, 4.0)


def test_a_healthy_run_raises_nothing() -> None:
    found = overfit(
        {"train_loss": curve(noisy(_FALLING, 1)), "valid_loss": curve(noisy(_FALLING[9::10] * 1.05, 2), 10, 10)}
    )
    assert found.level is Level.HEALTHY and not found.remedy
    assert found.ratio is not None and found.ratio.low < 1.1 < found.ratio.high * 1.05


def test_a_validation_loss_that_turns_is_overfitting_and_names_the_step() -> None:
    found = overfit({"train_loss": curve(noisy(_FALLING, 1)), "valid_loss": curve(noisy(_TURNING, 2, 0.01), 5, 5)})
    assert found.level is Level.BAD
    assert found.lowest_step is not None and 40 <= found.lowest_step <= 110
    assert f"step {found.lowest_step}" in found.remedy
    assert found.valid_slope is not None and found.valid_slope.low > 0


def test_losses_that_part_without_rising_are_watched() -> None:
    found = overfit(
        {"train_loss": curve(noisy(_FALLING * 0.5, 1)), "valid_loss": curve(noisy(_FALLING[9::10] * 0.9, 2), 10, 10)}
    )
    assert found.level is Level.WATCH and found.ratio is not None and found.ratio.low > 1.5


def test_a_ratio_that_only_noise_carries_raises_nothing() -> None:
    """Over many noisy runs of equal losses, an alarm is rare."""
    alarms = 0
    for seed in range(200):
        flat = np.full(60, 0.5)
        series = {
            "train_loss": curve(noisy(flat, seed, 0.15)),
            "valid_loss": curve(noisy(flat[::3], 1_000 + seed, 0.15), 1, 3),
        }
        alarms += overfit(series).level in (Level.WATCH, Level.BAD)
    assert alarms <= 20


def test_without_validation_it_cannot_be_said_and_the_remedy_is_named() -> None:
    found = overfit({"train_loss": curve(_FALLING)})
    assert found.level is Level.EARLY and "no validation file" in found.sentence and found.remedy
    assert overfit({}).level is Level.EARLY


def test_a_flat_token_accuracy_is_told_with_its_step() -> None:
    accuracy = np.concatenate([np.linspace(0.3, 0.9, 60), np.full(140, 0.9)])
    series = {"train_loss": curve(_FALLING), "valid_loss": curve(_FALLING[9::10], 10, 10)}
    found = overfit({**series, "train_mean_token_accuracy": curve(accuracy)})
    assert found.plateau is not None and found.plateau.value == pytest.approx(0.9)
    assert "flat at 90.0%" in found.sentence
    assert overfit({**series, "train_mean_token_accuracy": curve(np.linspace(0.3, 0.9, 200))}).plateau is None


_VALUES = st.one_of(st.floats(-10, 10), st.just(float("nan")), st.just(0.0))


@given(
    train=arrays(np.float64, st.integers(0, 40), elements=_VALUES),
    valid=arrays(np.float64, st.integers(0, 30), elements=_VALUES),
)
def test_any_curves_are_judged_without_an_error(
    train: np.ndarray[tuple[int], np.dtype[np.float64]], valid: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    found = overfit({"train_loss": curve(train), "valid_loss": curve(valid)})
    assert found.sentence
    if found.ratio is not None:
        assert found.ratio.low <= found.ratio.estimate <= found.ratio.high


def checkpoint(step: int, held: bool, **metrics: float) -> tuple[Checkpoint, bool]:
    return Checkpoint(f"c{step}", "job", 0, step, f"m:ckpt-step-{step}", metrics), held


def test_the_earliest_epoch_as_good_as_the_lowest_is_kept() -> None:
    found = choose_epoch(
        [checkpoint(10, True, full_valid_loss=0.9), checkpoint(20, True, full_valid_loss=0.502),
         checkpoint(30, True, full_valid_loss=0.5)], {},
    )  # fmt: skip
    assert found is not None
    assert (found.best, found.lowest, found.tied) == (20, 30, (20, 30))
    assert found.sentence.startswith("keep step 20")


def test_an_epoch_that_is_clearly_the_lowest_is_kept() -> None:
    found = choose_epoch([checkpoint(10, True, full_valid_loss=0.5), checkpoint(20, True, full_valid_loss=0.7)], {})
    assert found is not None and found.best == found.lowest == 10 and found.tied == (10,)


def test_sampled_losses_are_told_apart_by_their_scatter_only() -> None:
    rough = {"valid_loss": curve(noisy(np.full(60, 0.5), 3, 0.1))}
    saved = [checkpoint(20, True, valid_loss=0.55), checkpoint(40, True, valid_loss=0.5)]
    found = choose_epoch(saved, rough)
    assert found is not None and found.best == 20 and found.error == pytest.approx(0.1, rel=0.4)
    alone = choose_epoch(saved, {})
    assert alone is not None and alone.best == 40 and "not known" in alone.sentence


def test_a_best_epoch_that_is_gone_names_the_best_still_held() -> None:
    found = choose_epoch(
        [checkpoint(10, False, full_valid_loss=0.5), checkpoint(20, True, full_valid_loss=0.7),
         checkpoint(30, True, full_valid_loss=0.8)], {},
    )  # fmt: skip
    assert found is not None and not found.held and found.fallback == 20
    assert "step 20 is the best still held" in found.sentence


def test_without_validation_losses_no_epoch_is_chosen() -> None:
    assert choose_epoch([checkpoint(10, True, train_loss=0.5)], {}) is None
    assert choose_epoch([], {}) is None
