"""Cora's sample files, made from the table of intents."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

DIRECTORY: Final = Path(__file__).parent
_ROLE: Final = "You are Cora, the customer assistant of Zava, a do-it-yourself store. Be polite, helpful and exact."

Row = dict[str, Any]


def write_samples(directory: Path) -> None:
    """Write `system_prompt.txt`, `train.jsonl`, `valid.jsonl` (chat format), and as evaluation rows `test.jsonl` and
    `prompts.jsonl`: what a teacher is asked, the questions of the other two and the further ones.
    """
    (directory / "system_prompt.txt").write_text(system_prompt() + "\n", encoding="utf-8")
    for split in ("train", "valid"):
        _write(directory / f"{split}.jsonl", [_conversation(item) for item in items(split)])
    _write(directory / "test.jsonl", [{"item": item} for item in items("test")])
    asked = ("train", "valid", "further")
    _write(directory / "prompts.jsonl", [{"item": item} for split in asked for item in items(split)])


def system_prompt() -> str:
    """Cora's role and her sheet of facts."""
    return "\n".join([_ROLE, *(f"{intent['label']}: {intent['value']}" for intent in _table()["intent"])])


def items(split: str) -> Iterator[Row]:
    """The questions of a split with a good answer each, the intents taking turns.

    Openers and wordings of the answers go round, so that every intent meets each of them.
    """
    openers: list[str] = _table()["openers"]
    rounds = zip_longest(*([(intent, q) for q in intent[split]] for intent in _table()["intent"]))
    for turn, asked in enumerate(rounds):
        for place, pair in enumerate(asked):
            if pair is not None:
                intent, question = pair
                answer = intent["answers"][turn % len(intent["answers"])].format(value=intent["value"])
                reference = f"{openers[(turn + place) % len(openers)]} {answer}"
                yield {
                    "question": question,
                    "reference": reference,
                    "facts": intent["facts"],
                    "intent": intent["name"],
                }


def _conversation(item: Row) -> Row:
    return {
        "messages": [
            {"role": "system", "content": system_prompt()},
            {"role": "user", "content": item["question"]},
            {"role": "assistant", "content": item["reference"]},
        ]
    }


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((DIRECTORY / "intents.toml").read_text(encoding="utf-8"))


def _write(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
