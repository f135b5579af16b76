from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from cupola.emulator.engine import Answer, Grade, GradeSample, Hyperparameters, StepReport
from cupola.emulator.reasoner import ReinforcementTrainer, base_weights, load
from cupola.emulator.reasoner.reinforcement import advantages
from cupola_data import countdown
from cupola_data.countdown.grading import readable, value_of

from .conftest import Exam, honest

TRAIN, VALID = countdown.rows("train"), countdown.rows("valid")
DEMO = Hyperparameters(n_epochs=1, batch_size=4, learning_rate_multiplier=2.0, eval_interval=5, eval_samples=2)


def trainer(
    settings: Hyperparameters = DEMO, grade: GradeSample = honest, seed: int = 1, **changes: Any
) -> ReinforcementTrainer:
    schema = countdown.response_format()["json_schema"]
    return ReinforcementTrainer(
        changes.get("base", base_weights("o4-mini")),
        changes.get("train", TRAIN),
        changes.get("valid", VALID),
        settings,
        grade,
        seed,
        json_schema=changes.get("schema", schema),
    )


def finish(run: ReinforcementTrainer) -> list[StepReport]:
    return [run.baseline(), *(run.step() for _ in range(run.total_steps))]


def curve(reports: list[StepReport]) -> list[float]:
    return [r.metrics["full_valid_mean_reward"] for r in reports if "full_valid_mean_reward" in r.metrics]


def pays_for_distance(row: Mapping[str, Any], said: Answer) -> Grade:
    import json

    answer = json.loads(said.text)
    value = value_of(answer["expression"], row["nums"]) if readable(answer) else None
    return Grade(0.0 if value is None else min(5.0, abs(value - float(row["target"])) / 50.0))


def test_the_demos_settings_teach_the_model_to_pass_more_often(exam: Exam) -> None:
    before = exam.pass_rate(load(base_weights("o4-mini")))
    run = trainer()
    rewards = curve(finish(run))
    assert len(rewards) == 6
    assert rewards[-1] > rewards[0] + 0.2
    assert exam.pass_rate(load(run.weights())) > before + 0.05


def test_a_tiny_learning_rate_hardly_moves_the_weights() -> None:
    def distance(multiplier: float) -> float:
        run = trainer(Hyperparameters(learning_rate_multiplier=multiplier), valid=())
        for _ in range(run.total_steps):
            run.step()
        base = base_weights("o4-mini")
        return float(
            np.sqrt(sum((float(run.weights()[name]) - float(base[name])) ** 2 for name in base if "." in name))
        )

    assert distance(0.2) < distance(2.0) / 4


def test_an_absurd_learning_rate_is_erratic() -> None:
    def swing(multiplier: float) -> float:
        settings = Hyperparameters(n_epochs=1, learning_rate_multiplier=multiplier, eval_interval=5)
        curves = [curve(finish(trainer(settings, seed=seed)))[1:] for seed in (2, 3)]
        return float(np.mean([np.abs(np.diff(rewards)).mean() for rewards in curves]))

    assert swing(40.0) > 1.5 * swing(2.0)


def test_a_grader_that_pays_for_distance_teaches_just_that(exam: Exam) -> None:
    settings = Hyperparameters(n_epochs=2, compute_multiplier=2.0, eval_interval=25)
    run = trainer(settings, pays_for_distance)
    rewards = curve(finish(run))
    assert rewards[-1] > 3 * rewards[0]
    assert exam.pass_rate(load(run.weights())) < 0.2


def test_a_run_taken_up_again_goes_on_exactly_as_if_never_put_down() -> None:
    whole = trainer()
    reports = [whole.step() for _ in range(8)]
    first = trainer()
    for _ in range(3):
        first.step()
    kept = {name: np.array(value) for name, value in first.state().items()}
    second = trainer(seed=99)
    second.restore(kept)
    assert [second.step() for _ in range(5)] == reports[3:]
    assert all(np.array_equal(second.state()[name], value) for name, value in whole.state().items())


def test_the_same_seed_gives_the_same_curve_and_another_seed_another() -> None:
    first, second, other = ([run.step().metrics for _ in range(3)] for run in (trainer(), trainer(), trainer(seed=2)))
    assert first == second != other


def test_reports_carry_the_services_columns_and_the_graded_samples() -> None:
    run = trainer()
    baseline = run.baseline()
    assert baseline.step == 0
    assert "train_mean_reward" not in baseline.metrics
    assert len(baseline.validation) == len(VALID) * 2
    reports = [run.step() for _ in range(5)]
    columns = {"train_mean_reward", "completion_tokens_mean", "reasoning_tokens_mean", "mean_unresponsive_rewards"}
    assert all(columns <= set(report.metrics) for report in reports)
    assert "full_valid_mean_reward" not in reports[0].metrics
    assert not reports[0].validation
    last = reports[-1]
    samples = last.validation
    assert {(s.row, s.sample) for s in samples} == {(row, i) for row in range(len(VALID)) for i in range(2)}
    assert last.metrics["full_valid_mean_reward"] == pytest.approx(np.mean([s.grade.reward for s in samples]))
    assert last.metrics["completion_tokens_mean"] > last.metrics["reasoning_tokens_mean"] > 0
    assert last.tokens > 0


def test_auto_settings_are_resolved() -> None:
    run = trainer(Hyperparameters())
    assert run.total_steps == 25
    settings = run.hyperparameters
    assert (settings.n_epochs, settings.batch_size, settings.learning_rate_multiplier) == (1, 4, 2.0)
    assert (settings.compute_multiplier, settings.eval_samples, settings.reasoning_effort) == (1.0, 1, "medium")
    assert settings.eval_interval == 5


def test_epochs_end_where_their_rows_end() -> None:
    run = trainer(Hyperparameters(n_epochs=2, batch_size=4), train=TRAIN[:10], valid=())
    assert run.total_steps == 6
    assert [run.step().epoch_ended for _ in range(6)] == [False, False, True] * 2
    with pytest.raises(RuntimeError, match="over"):
        run.step()


def test_more_compute_draws_more_answers() -> None:
    counts: list[int] = []
    for compute in (0.01, 1.0, 2.0):
        seen: list[str] = []

        def counting(row: Mapping[str, Any], answer: Answer, seen: list[str] = seen) -> Grade:
            seen.append(answer.text)
            return Grade(1.0)

        trainer(Hyperparameters(batch_size=4, compute_multiplier=compute), counting, valid=()).step()
        counts.append(len(seen))
    assert counts == [8, 32, 64]


def test_rows_without_a_puzzle_are_skipped_and_said() -> None:
    chat = {"messages": [{"role": "user", "content": "Hello!"}]}
    run = trainer(train=[chat, *TRAIN[:8], {}], valid=[chat, *VALID[:2]])
    baseline = run.baseline()
    assert run.total_steps == 2
    assert baseline.notes == (
        "2 of 10 training rows pose no number puzzle and were skipped.",
        "1 of 3 validation rows pose no number puzzle and were skipped.",
    )
    assert {sample.row for sample in baseline.validation} == {1, 2}
    with pytest.raises(ValueError, match="No training row"):
        trainer(train=[chat])


def test_a_group_that_agrees_teaches_nothing_and_a_reward_that_is_no_number_counts_as_nothing() -> None:
    assert advantages(np.array([[2.0, 2.0], [0.0, 1.0]])).tolist() == [[0.0, 0.0], [-1.0, 1.0]]
    run = trainer(grade=lambda row, answer: Grade(float("nan")))
    before = run.weights()
    report = run.step()
    assert report.metrics["train_mean_reward"] == 0.0
    assert all(np.array_equal(run.weights()[name], before[name]) for name in before)


def test_parse_errors_are_counted() -> None:
    failing = trainer(grade=lambda row, answer: Grade(0.0, "sample_parse_error"))
    assert failing.baseline().metrics["full_valid_mean_parse_error"] == 1.0
