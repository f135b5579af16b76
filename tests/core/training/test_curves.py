"""Charts, progress, forecasts and smoothing from a job's records."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.models import Checkpoint, Event, Job
from cupola.training.curves import charts, progress, smooth
from cupola.training.forecast import remaining


def job(method: str = "supervised", rows: int | None = None, **hyperparameters: float | None) -> Job:
    raw = json.dumps({"metadata": {"cupola_rows": str(rows)}} if rows else {})
    return Job("ftjob-1", "m", method, "running", 0, hyperparameters=hyperparameters, raw=raw)


def step_events(*marks: tuple[str, int]) -> list[Event]:
    return [Event(f"e{n}", "ftjob-1", at, "info", text) for n, (text, at) in enumerate(marks)]


def test_a_chart_holds_only_series_that_have_points() -> None:
    found = charts("supervised", ["train_loss", "full_valid_loss", "train_mean_token_accuracy"])
    assert [(chart.title, [series.metric for series in chart.series]) for chart in found] == [
        ("loss", ["train_loss", "full_valid_loss"]),
        ("token accuracy", ["train_mean_token_accuracy"]),
    ]


def test_a_metric_that_nobody_knows_is_drawn_alone() -> None:
    assert [chart.title for chart in charts("supervised", ["train_loss", "entropy"])] == ["loss", "entropy"]


def test_every_metric_is_drawn_somewhere_but_counts_of_errors() -> None:
    metrics = {"train_mean_reward", "graders/g/train_reward_mean", "errors/g/sample_parse_error_mean", "odd"}
    drawn = {series.metric for chart in charts("reinforcement", metrics) for series in chart.series}
    assert drawn == metrics


def test_the_total_comes_from_the_service_for_reinforcement_jobs() -> None:
    found = progress(job("reinforcement"), step_events(("Step 10/20 , train mean reward=0.42", 5)), 10)
    assert found is not None and (found.step, found.total, found.share) == (10, 20, 0.5)


def test_the_total_follows_from_rows_where_the_settings_are_known() -> None:
    found = progress(job(rows=201, n_epochs=3, batch_size=4), [], 51)
    assert found is not None and found.total == 153


def test_the_total_follows_from_the_first_epochs_checkpoint() -> None:
    saved = [Checkpoint(f"c{step}", "ftjob-1", 0, step, "m") for step in (50, 100)]
    found = progress(job(n_epochs=3, batch_size=None), [], 120, saved)
    assert found is not None and found.total == 150


def test_an_unknown_total_is_not_guessed() -> None:
    found = progress(job(n_epochs=None), [], 7)
    assert found is not None and found.total is None and found.share is None


def test_the_forecast_is_a_range_around_the_pace() -> None:
    events = step_events(*((f"Step {n}: training loss=1", 10 * n) for n in range(1, 11)))
    found = remaining(job(), events, 10, 20, now=100)
    assert found is not None and found.low < 100 < found.high and found.high < 200


def test_there_is_no_forecast_from_two_steps_or_without_a_total() -> None:
    events = step_events(("Step 1: training loss=1", 1), ("Step 2: training loss=1", 2))
    assert remaining(job(), events, 2, 20, now=3) is None
    assert remaining(job(), events * 3, 2, None, now=3) is None


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 10**9)), max_size=40))
def test_any_steps_and_times_give_a_range_or_nothing(marks: list[tuple[int, int]]) -> None:
    marks.sort()
    found = remaining(job(), step_events(*((f"Step {n}: x", at) for n, at in sorted(marks))), 3, 700, now=10)
    assert found is None or 0 <= found.low <= found.high


def test_smoothing_starts_at_the_first_value_and_keeps_a_constant() -> None:
    assert smooth(np.array([4.0, 4.0, 4.0]), 0.9) == pytest.approx([4.0, 4.0, 4.0])
    assert smooth(np.array([1.0, 3.0]), 0.5) == pytest.approx([1.0, (0.5 * 0.5 * 1 + 0.5 * 3) / 0.75])


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), max_size=50), st.floats(0, 0.99))
def test_smoothing_stays_within_the_values_and_keeps_gaps(values: list[float], weight: float) -> None:
    given_values = np.array(values)
    smoothed = smooth(given_values, weight)
    assert (np.isnan(smoothed) == np.isnan(given_values)).all()
    finite = given_values[np.isfinite(given_values)]
    if len(finite):
        assert np.nanmin(smoothed) >= finite.min() - 1e-6 * (1 + abs(finite.min()))
        assert np.nanmax(smoothed) <= finite.max() + 1e-6 * (1 + abs(finite.max()))
