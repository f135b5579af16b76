from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cupola.emulator.talker.network import CONTEXT
from cupola.emulator.talker.tokenizer import Tokenizer
from cupola.emulator.talker.transcript import conversation_example
from cupola_data.zava.cora import DIRECTORY, system_prompt, write_samples

FILES = ("system_prompt.txt", "train.jsonl", "valid.jsonl", "test.jsonl", "prompts.jsonl")
SPLITS = FILES[1:4]


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DIRECTORY / name).read_text(encoding="utf-8").splitlines()]


def questions(name: str) -> set[str]:
    rows = read(name)
    return {row["item"]["question"] if "item" in row else row["messages"][1]["content"] for row in rows}


def test_the_files_that_ship_are_what_the_script_writes(tmp_path: Path) -> None:
    write_samples(tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (DIRECTORY / name).read_bytes()


def test_no_wording_is_shared_between_the_splits() -> None:
    splits = [questions(name) for name in SPLITS]
    assert [len(split) for split in splits] == [len(read(name)) for name in SPLITS] == [196, 42, 252]
    assert not splits[0] & splits[1]
    assert not splits[0] & splits[2]
    assert not splits[1] & splits[2]


def test_a_teacher_is_asked_all_training_questions_and_further_ones_but_none_of_the_test() -> None:
    asked = questions("prompts.jsonl")
    assert len(asked) == len(read("prompts.jsonl")) == 434
    assert questions("train.jsonl") | questions("valid.jsonl") < asked
    assert not asked & questions("test.jsonl")


def test_every_reference_holds_its_facts_and_every_fact_stands_in_the_prompt() -> None:
    for row in read("test.jsonl"):
        for fact in row["item"]["facts"]:
            assert fact in row["item"]["reference"]
            assert fact in system_prompt()


def test_every_conversation_fits_the_context(tokenizer: Tokenizer) -> None:
    for row in read("train.jsonl") + read("valid.jsonl"):
        assert len(conversation_example(tokenizer, row["messages"]).tokens) < CONTEXT - 20
