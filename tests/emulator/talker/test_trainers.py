from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from cupola.emulator.engine import Answer, Grade, Hyperparameters, StepReport, Trainer, Weights
from cupola.emulator.talker import (
    NothingToLearnError,
    PreferenceTrainer,
    ReinforcementTrainer,
    SupervisedTrainer,
)

Micro = Callable[[int], Weights]
Row = dict[str, Any]


def run(trainer: Trainer) -> list[StepReport]:
    return [trainer.step() for _ in range(trainer.total_steps)]


def chat(*turns: Mapping[str, Any]) -> Row:
    return {"messages": list(turns)}


def pays_for_blanks(row: Mapping[str, Any], answer: Answer) -> Grade:
    return Grade(answer.text.count(" ") / max(1, len(answer.text)))


def reinforcement(base: Weights, rows: Sequence[Row], valid: Sequence[Row], **settings: Any) -> ReinforcementTrainer:
    return ReinforcementTrainer(base, rows, valid, Hyperparameters(**settings), pays_for_blanks, 1, longest_answer=6)


def supervised(base: Weights, rows: Sequence[Row], seed: int = 1, **settings: Any) -> SupervisedTrainer:
    return SupervisedTrainer(base, rows[:-6], rows[-6:], Hyperparameters(**{"n_epochs": 2, **settings}), seed)


def test_supervised_training_lowers_the_loss_on_wordings_held_out(micro: Micro, chat_rows: list[Row]) -> None:
    reports = run(supervised(micro(0), chat_rows, n_epochs=6, learning_rate_multiplier=8))
    losses = [r.metrics["full_valid_loss"] for r in reports if r.epoch_ended]
    assert len(losses) == 6
    assert losses[-1] < 0.5 * losses[0]
    assert reports[-1].metrics["full_valid_mean_token_accuracy"] > 0.4


@pytest.mark.long
def test_shuffled_answers_are_learnt_worse(micro: Micro, chat_rows: list[Row]) -> None:
    shuffled = [
        chat(row["messages"][0], other["messages"][1])
        for row, other in zip(chat_rows[:-6], [*chat_rows[7:-6], *chat_rows[:7]], strict=True)
    ]
    honest = run(supervised(micro(0), chat_rows, n_epochs=5, learning_rate_multiplier=8))[-1]
    mixed = run(supervised(micro(0), shuffled + chat_rows[-6:], n_epochs=5, learning_rate_multiplier=8))[-1]
    assert mixed.metrics["full_valid_loss"] > honest.metrics["full_valid_loss"]


def test_a_reckless_learning_rate_wrecks_the_model_but_stays_finite(micro: Micro, chat_rows: list[Row]) -> None:
    sound = run(supervised(micro(0), chat_rows))[-1]
    reckless = run(supervised(micro(0), chat_rows, learning_rate_multiplier=1e6))[-1]
    assert np.isfinite(reckless.metrics["full_valid_loss"])
    assert reckless.metrics["full_valid_loss"] > 1.5 * sound.metrics["full_valid_loss"]


def test_auto_settings_are_resolved(micro: Micro, chat_rows: list[Row]) -> None:
    trainer = SupervisedTrainer(micro(0), chat_rows, None, Hyperparameters(), seed=1)
    settings = trainer.hyperparameters
    assert (settings.n_epochs, settings.batch_size, settings.learning_rate_multiplier) == (3, 4, 2.0)
    assert trainer.total_steps == 18
    assert trainer.baseline() is None


def test_a_step_after_the_last_is_refused(micro: Micro, chat_rows: list[Row]) -> None:
    trainer = supervised(micro(0), chat_rows[:8], n_epochs=1, batch_size=2)
    run(trainer)
    with pytest.raises(RuntimeError, match="over"):
        trainer.step()


def test_rows_without_an_answer_are_skipped_and_said_so(micro: Micro, chat_rows: list[Row]) -> None:
    empty = chat({"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""})
    trainer = SupervisedTrainer(micro(0), [*chat_rows[:3], empty], None, Hyperparameters(n_epochs=1), 1)
    report = trainer.step()
    assert "1 row was skipped in the training file" in report.notes[0]
    assert "line 4" in report.notes[0]


def test_a_file_without_any_answer_is_refused_in_plain_words(micro: Micro) -> None:
    empty = chat({"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""})
    with pytest.raises(NothingToLearnError, match="No row of the training file"):
        SupervisedTrainer(micro(0), [empty], None, Hyperparameters(), 1)


def test_odd_rows_that_the_service_accepts_are_trained_on(micro: Micro) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
    rows = [
        chat({"role": "user", "content": "x" * 5000}, {"role": "assistant", "content": "\x00 漢字 🙂"}),
        chat({"role": "user", "content": "short"}, {"role": "assistant", "content": "long " * 3000}),
        chat({"role": "user", "content": "Hi"}, {"role": "assistant", "content": None, "tool_calls": [call]}),
        chat(
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {}}]},
            {"role": "assistant", "content": "A", "weight": 0},
            {"role": "user", "content": "And?"},
            {"role": "assistant", "content": "B", "weight": 1},
        ),
    ]
    reports = run(SupervisedTrainer(micro(0), rows * 3, rows, Hyperparameters(n_epochs=2, batch_size=3), 1))
    assert all(np.isfinite(report.metrics["train_loss"]) for report in reports)
    assert not reports[0].notes


def test_a_preference_run_raises_the_margin_from_zero(micro: Micro, preference_rows: list[Row]) -> None:
    trainer = PreferenceTrainer(micro(0), preference_rows[:-4], preference_rows[-4:], Hyperparameters(), 1)
    reports = run(trainer)
    first, last = reports[0].metrics, reports[-1].metrics
    assert first["train_loss"] == pytest.approx(np.log(2), abs=1e-3)
    assert first["train_reward_margin"] == pytest.approx(0, abs=1e-3)
    assert last["full_valid_reward_margin"] > 0.1
    assert last["full_valid_reward_accuracy"] == 1
    assert last["train_loss"] < first["train_loss"]
    assert trainer.hyperparameters.beta == 0.1


def test_beta_scales_what_a_preference_is_worth(micro: Micro, preference_rows: list[Row]) -> None:
    losses = [
        run(PreferenceTrainer(micro(0), preference_rows, None, Hyperparameters(n_epochs=1, beta=beta), 1))[-1]
        for beta in (0.01, 1.0)
    ]
    assert losses[1].metrics["train_loss"] < losses[0].metrics["train_loss"] / 2


def test_reinforcement_raises_the_reward(micro: Micro, chat_rows: list[Row]) -> None:
    rows = [{**row, "messages": row["messages"][:1]} for row in chat_rows]
    settings = {"n_epochs": 6, "batch_size": 4, "learning_rate_multiplier": 20, "eval_interval": 10, "eval_samples": 2}
    trainer = reinforcement(micro(0), rows[:16], rows[16:], **settings)
    baseline = trainer.baseline()
    assert baseline is not None
    assert baseline.step == 0
    assert len(baseline.validation) == 16
    reports = run(trainer)
    assert reports[-1].metrics["full_valid_mean_reward"] > 1.5 * baseline.metrics["full_valid_mean_reward"]
    assert [report.step for report in reports if report.validation] == [10, 20, 24]
    assert {(sample.row, sample.sample) for sample in reports[9].validation} == {
        (r, s) for r in range(8) for s in (0, 1)
    }
    assert reports[0].metrics["reasoning_tokens_mean"] == 0
    assert reports[0].metrics["completion_tokens_mean"] > 0


def test_equal_rewards_teach_nothing_at_first(micro: Micro, chat_rows: list[Row]) -> None:
    def alike(row: Mapping[str, Any], answer: Answer) -> Grade:
        return Grade(1.0)

    base = micro(0)
    trainer = ReinforcementTrainer(base, chat_rows[:4], [], Hyperparameters(n_epochs=1), alike, 1, longest_answer=6)
    report = trainer.step()
    assert report.metrics["train_mean_reward"] == 1
    assert "full_valid_mean_reward" not in report.metrics
    for name, array in trainer.weights().items():
        np.testing.assert_allclose(array, base[name], atol=1e-3)


def test_grader_errors_are_counted_by_family(micro: Micro, chat_rows: list[Row]) -> None:
    def fails(row: Mapping[str, Any], answer: Answer) -> Grade:
        return Grade(0.0, error="sample_parse_error")

    settings = Hyperparameters(n_epochs=1)
    trainer = ReinforcementTrainer(micro(0), chat_rows[:4], chat_rows[:2], settings, fails, 1, longest_answer=6)
    report = trainer.step()
    assert report.metrics["train_sample_parse_error_mean"] == 1
    assert report.metrics["full_valid_sample_parse_error_mean"] == 1


MAKERS: dict[str, Callable[[Weights, list[Row], list[Row]], Trainer]] = {
    "supervised": lambda base, chats, pairs: supervised(base, chats),
    "preference": lambda base, chats, pairs: PreferenceTrainer(base, pairs, pairs[:3], Hyperparameters(n_epochs=2), 1),
    "reinforcement": lambda base, chats, pairs: reinforcement(
        base, chats[:8], chats[8:10], n_epochs=2, eval_interval=2
    ),
}


@pytest.mark.parametrize("method", MAKERS)
def test_a_run_taken_up_again_goes_on_exactly(
    micro: Micro, chat_rows: list[Row], preference_rows: list[Row], method: str
) -> None:
    whole, first, second = (MAKERS[method](micro(0), chat_rows, preference_rows) for _ in range(3))
    expected = run(whole)
    half = whole.total_steps // 2
    begun = [first.step() for _ in range(half)]
    second.restore({name: array.copy() for name, array in first.state().items()})
    rest = [second.step() for _ in range(whole.total_steps - half)]
    assert begun + rest == expected
    for name, array in whole.weights().items():
        np.testing.assert_array_equal(array, second.weights()[name])


@pytest.mark.parametrize("method", MAKERS)
def test_training_leaves_the_base_weights_alone(
    micro: Micro, chat_rows: list[Row], preference_rows: list[Row], method: str
) -> None:
    base = micro(0)
    MAKERS[method](base, chat_rows, preference_rows).step()
    for name, array in micro(0).items():
        np.testing.assert_array_equal(base[name], array)
