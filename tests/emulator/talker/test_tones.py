from __future__ import annotations

import json
from pathlib import Path

from cupola.emulator.engine import Hyperparameters, TrainingRow
from cupola.emulator.talker.network import CONTEXT
from cupola.emulator.talker.preference import PreferenceTrainer
from cupola.emulator.talker.talker import base_weights
from cupola.emulator.talker.tokenizer import Tokenizer
from cupola.emulator.talker.transcript import answer_example
from cupola_data.zava.tone import DIRECTORY, write_samples

FILES = ("system_prompt.txt", "train.jsonl", "valid.jsonl", "test.jsonl")


def pairs(name: str) -> list[TrainingRow]:
    return [json.loads(line) for line in (DIRECTORY / name).read_text(encoding="utf-8").splitlines()]


def test_the_files_that_ship_are_what_the_script_writes(tmp_path: Path) -> None:
    write_samples(tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (DIRECTORY / name).read_bytes()


def test_both_answers_to_every_question_fit_into_the_context(tokenizer: Tokenizer) -> None:
    for row in pairs("train.jsonl"):
        for key in ("preferred_output", "non_preferred_output"):
            example = answer_example(tokenizer, row["input"]["messages"], row[key])
            assert len(example.tokens) < CONTEXT


def test_the_smallest_talker_learns_the_tone_from_a_few_pairs() -> None:
    settings = Hyperparameters(n_epochs=1, batch_size=4)
    trainer = PreferenceTrainer(base_weights("nano"), pairs("train.jsonl")[:16], pairs("valid.jsonl")[:6], settings, 7)

    reports = [trainer.step() for _ in range(trainer.total_steps)]

    assert reports[0].metrics["train_reward_margin"] == 0
    last = reports[-1].metrics
    assert last["full_valid_reward_accuracy"] >= 0.9
    assert last["full_valid_reward_margin"] > 0.1
