"""The curves of a reward run as lines, and whether it still gains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cupola.models import EvaluationItem, EvaluationRun, Event, Job, Point
from cupola.statistics.estimates import Scale
from cupola.store import points
from cupola.store.database import Database, open_store
from cupola.training import auto_evals
from cupola.training.auto_evals import AutoEvals, summaries
from cupola.training.convergence import converged
from cupola.training.reward_curves import Curves, curves, over_the_clock

JOB = Job("ftjob-1", "o4-mini", "reinforcement", "running", 0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


def evals_of(scores: np.ndarray) -> AutoEvals:
    passes = []
    for number, row in enumerate(scores):
        run = EvaluationRun(f"run-{number}", "eval", f"Step {5 * number}", 5 * number, "completed", number, len(row))
        items = [
            EvaluationItem(f"i{n}", run.id, n, f"r{n}", f"r{n}", "pass" if s >= 1 else "fail", s, 90, 60)
            for n, s in enumerate(row.tolist())
        ]
        passes.append((run, items))
    found = auto_evals.build(passes, Scale(0.0, 1.0))
    assert found is not None
    return found


def by_key(found: tuple[Curves, ...]) -> dict[str, list[tuple[str, str]]]:
    return {chart.key: [(line.label, line.split) for line in chart.lines] for chart in found}


def test_every_chart_that_has_points_is_there_and_no_other(store: Database) -> None:
    names = (
        "train_mean_reward", "full_valid_mean_reward", "graders/both/train_reward_mean",
        "graders/style/train_reward_mean", "graders/style/valid_reward_mean", "reasoning_tokens_mean",
        "completion_tokens_mean", "errors/style/train_sample_parse_error_mean",
    )  # fmt: skip
    points.save(store, JOB.id, [Point(name, step, 0.5) for name in names for step in (1, 2)])
    points.save(store, JOB.id, [Point("errors/both/train_other_error_mean", 1, 0.0)])
    alone = by_key(curves(store, JOB, None))
    assert alone == {
        "reward": [("train", "train"), ("validation", "valid")],
        "graders": [("both, train", "train"), ("style, train", "train"), ("style, valid", "valid")],
        "reasoning_tokens": [("train", "train")],
        "completion_tokens": [("train", "train")],
        "errors": [("sample parse error, train", "train")],
    }
    evals = evals_of(np.random.default_rng(1).integers(0, 2, (3, 20)).astype(float))
    with_passes = curves(store, JOB, evals, summaries(evals))
    assert by_key(with_passes)["pass_rate"] == [("base model", "base"), ("passing", "valid")]
    validation = with_passes[0].lines[-1]
    assert validation.low is not None and validation.high is not None
    assert (validation.low <= validation.values).all() and (validation.values <= validation.high).all()
    assert by_key(curves(store, Job("other", "m", "reinforcement", "running", 0), None)) == {}


def test_steps_are_placed_on_the_clock_by_the_events_that_tell_of_them(store: Database) -> None:
    points.save(store, JOB.id, [Point("train_mean_reward", step, 0.5) for step in (1, 2, 3)])
    (chart,) = curves(store, JOB, None)
    events = [Event(str(step), JOB.id, at, "info", f"Step {step}/3 , train") for step, at in ((1, 3_600), (3, 10_800))]
    hours = over_the_clock(chart.lines[0], events)
    assert hours is not None and hours.tolist() == [0.0, 1.0, 2.0]
    assert over_the_clock(chart.lines[0], events[:1]) is None


def test_a_run_that_stands_still_has_converged_and_one_that_gains_or_swings_has_not() -> None:
    rng = np.random.default_rng(2)
    level = rng.uniform(0.3, 0.9, 80)
    still = np.stack([level - 0.3, *(np.clip(level + rng.normal(0, 0.05, 80), 0, 1) for _ in range(3))])
    found = converged(evals_of(np.clip(still, 0, 1)))
    assert found is not None and (found.first, found.last) == (5, 15) and "pause it" in found.sentence
    gaining = np.stack([np.clip(level + 0.1 * step - 0.3, 0, 1) for step in range(4)])
    assert converged(evals_of(gaining)) is None
    assert converged(evals_of(rng.integers(0, 2, (4, 80)).astype(float))) is None
    assert converged(evals_of(still[:3].clip(0, 1))) is None
