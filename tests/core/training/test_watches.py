"""Verdicts on curves, and causes of failures, from what the service says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cupola.explanations import explain as explain_message
from cupola.models import Checkpoint, Event, Job
from cupola.training.failures import explain
from cupola.training.judgement import verdict
from cupola.training.watches import Level, Series

SFT = Job("ftjob-1", "gpt-4.1-nano", "supervised", "running", 0)
RFT = Job("ftjob-2", "o4-mini", "reinforcement", "running", 0)


def series(values: list[float] | np.ndarray, every: int = 1) -> Series:
    array = np.asarray(values, float)
    return np.arange(1, len(array) + 1, dtype=np.int64) * every, array


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.02, count)


def test_falling_losses_that_stay_together_are_healthy() -> None:
    falling = 2 * np.exp(-np.arange(100) / 40) + 0.3
    found = verdict(SFT, {"train_loss": series(falling + noise(100)), "valid_loss": series(falling[::5] * 1.05, 5)})
    assert found.level is Level.HEALTHY and "still falls" in found.sentence


def test_a_validation_loss_that_turns_up_is_overfitting_and_names_its_lowest_step() -> None:
    train = series(2 * np.exp(-np.arange(100) / 20))
    valid = np.concatenate([np.linspace(2, 0.8, 8), np.linspace(0.8, 1.6, 12)])
    found = verdict(SFT, {"train_loss": train, "valid_loss": series(valid, 5)})
    assert found.level is Level.BAD and "lowest at step 40" in found.sentence


def test_an_ended_job_is_told_which_epoch_to_keep_and_whether_the_service_holds_it() -> None:
    losses = {"train_loss": series(np.linspace(2, 0.5, 60)), "full_valid_loss": series([1.0, 0.8, 0.9, 1.1, 1.2], 12)}
    saved = [
        (Checkpoint(f"c-{step}", SFT.id, step, step, "m", {"full_valid_loss": float(loss)}), step >= 36)
        for step, loss in zip(*losses["full_valid_loss"], strict=True)
    ]
    ended = replace(SFT, status="succeeded")
    assert "Keep step 24" in verdict(ended, losses, saved).sentence
    assert "step 36 is the best still held" in verdict(ended, losses, saved).sentence
    assert "Keep step 24: " not in verdict(SFT, losses, saved).sentence


def test_a_loss_that_grows_points_at_the_learning_rate() -> None:
    found = verdict(SFT, {"train_loss": series(np.linspace(2, 9, 30))})
    assert found.level is Level.BAD and "learning rate" in found.sentence


def test_without_validation_overfitting_is_not_judged() -> None:
    found = verdict(SFT, {"train_loss": series(np.linspace(2, 1, 30))})
    assert found.level is Level.WATCH and "no validation file" in found.sentence


@pytest.mark.parametrize("job", [SFT, RFT])
def test_few_points_are_too_early_to_judge(job: Job) -> None:
    assert verdict(job, {"train_loss": series([2.0]), "train_mean_reward": series([1.0])}).level is Level.EARLY


def test_a_reward_that_rises_over_many_validations_is_healthy() -> None:
    found = verdict(RFT, {"full_valid_mean_reward": series(np.linspace(3, 4, 8) + noise(8), 5)})
    assert found.level is Level.HEALTHY and "rising" in found.sentence


def test_a_higher_last_reward_alone_is_not_called_healthy() -> None:
    found = verdict(RFT, {"full_valid_mean_reward": series([3.0, 3.2, 3.1, 3.3], 5)})
    assert found.level is Level.EARLY and "too few validations" in found.sentence


def test_reward_that_falls_on_validation_while_it_rises_in_training_is_bad() -> None:
    found = verdict(
        RFT,
        {
            "train_mean_reward": series(np.linspace(1, 4, 40)),
            "full_valid_mean_reward": series(np.linspace(3, 1, 8) + noise(8), 5),
        },
    )
    assert found.level is Level.BAD and "validation falls" in found.sentence


def test_a_grader_that_gives_no_reward_is_named_first() -> None:
    found = verdict(RFT, {"mean_unresponsive_rewards": series([0.5, 0.6, 0.7])})
    assert found.level is Level.BAD and "grader" in found.sentence


def test_a_reward_that_never_varies_teaches_nothing() -> None:
    assert verdict(RFT, {"train_mean_reward": series([0.0] * 10)}).level is Level.BAD


def test_values_that_are_no_numbers_are_left_out() -> None:
    values = np.linspace(2, 1, 30)
    values[::7] = np.nan
    values[3] = np.inf
    assert verdict(SFT, {"train_loss": series(values)}).level is Level.WATCH


def failed(message: str, code: str = "") -> Job:
    return Job("ftjob-3", "m", "supervised", "failed", 0, error_code=code, error_message=message)


def test_a_failed_job_keeps_the_services_words_and_gains_cause_and_remedy() -> None:
    words = "The provided training data failed RAI checks for harm types: [violence]. Please fix the data."
    found = explain(failed(words), [])
    assert found is not None and found.what == words and "safety check" in found.why and found.remedy


def test_an_unknown_failure_is_not_explained_away() -> None:
    found = explain(failed("Flux capacitor drift."), [])
    assert found is not None and found.what == "Flux capacitor drift." and found.why == ""


def test_a_failure_without_a_message_takes_its_words_from_the_events() -> None:
    found = explain(failed(""), [Event("e", "ftjob-3", 0, "error", "Training file line 7 is not valid JSON.")])
    assert found is not None and "line 7" in found.what and "dataset check" in found.remedy


def test_a_job_that_did_not_fail_has_no_failure() -> None:
    assert explain(SFT, []) is None


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("The specified base model does not support fine-tuning.", "training type"),
        ("Requests have exceeded token rate limit. Please retry after 86400 seconds.", "larger than"),
        ("Requests have exceeded token rate limit. Please retry after 7 seconds.", "rate limit"),
        ("This operation require 240 new capacity in quota Tokens Per Minute", "quota"),
        ("The API deployment for this resource does not exist.", "no deployment"),
    ],
)
def test_the_services_misleading_words_are_put_straight(message: str, part: str) -> None:
    found = explain_message(message)
    assert found is not None and part in found.why
