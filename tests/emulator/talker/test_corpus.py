from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from cupola.emulator.engine import Weights
from cupola.emulator.talker.corpus import dialogue, dialogues
from cupola.emulator.talker.corpus.words import fill
from cupola.emulator.talker.pretrain import Plan, held_out_accuracy, pretrain
from cupola.emulator.talker.tokenizer import Tokenizer
from cupola_data.zava.cora.samples import items


def test_the_corpus_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    first, again, other = (list(islice(dialogues(seed), 50)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_dialogue_ends_with_an_answer_and_no_placeholder_is_left() -> None:
    rng = Random(5)
    for _ in range(500):
        turns = dialogue(rng)
        assert turns[-1]["role"] == "assistant"
        for turn in turns:
            assert turn["content"] == turn["content"].strip()
            assert "|" not in turn["content"]
            assert "  " not in turn["content"]


def test_a_template_draws_within_its_range_and_takes_what_is_given() -> None:
    drawn = {fill(Random(seed), "{2..4} {a|b} {name}", name="x") for seed in range(60)}
    assert drawn == {f"{number} {side} x" for number in (2, 3, 4) for side in "ab"}


def test_the_corpus_holds_no_test_question_of_cora() -> None:
    tested = {item["question"] for item in items("test")}
    asked = {turn["content"] for turns in islice(dialogues(1), 6_000) for turn in turns if turn["role"] == "user"}
    assert not tested & asked


@pytest.mark.long
def test_a_short_pretraining_learns_and_is_reproducible(tokenizer: Tokenizer) -> None:
    def made(steps: int) -> Weights:
        return pretrain(Plan(width=16, layers=1, heads=2, steps=steps), tokenizer, seed=1, log=lambda line: None)

    first, again = made(40), made(40)
    assert all((first[name] == again[name]).all() for name in first)
    assert held_out_accuracy(first, tokenizer, count=40) > held_out_accuracy(made(0), tokenizer, count=40) + 0.05
