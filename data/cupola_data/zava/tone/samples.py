"""The sample files of preferred tones, made from Cora's questions and the table of tones."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from ..cora import samples as cora

DIRECTORY: Final = Path(__file__).parent
ROLE: Final = "You are Cora, the customer assistant of Zava, a do-it-yourself store."
_TRAIN_ROUNDS: Final = 10
"""Questions of each intent that are trained on."""

Row = dict[str, Any]


def write_samples(directory: Path) -> None:
    """Write `system_prompt.txt`, `train.jsonl` and `valid.jsonl` (preference pairs) and `test.jsonl` (questions)."""
    (directory / "system_prompt.txt").write_text(system_prompt() + "\n", encoding="utf-8")
    for split in ("train", "valid"):
        _write(directory / f"{split}.jsonl", list(pairs(split)))
    _write(directory / "test.jsonl", [{"item": item} for item in cora.items("test")])


def system_prompt() -> str:
    """Cora's sheet of facts under a role that asks for no tone."""
    return "\n".join([ROLE, *cora.system_prompt().splitlines()[1:]])


def pairs(split: str) -> Iterator[Row]:
    """Preference pairs about the questions of a split, short against long and long against short in turn."""
    facts = {intent["name"]: intent for intent in _intents()}
    asked: dict[str, int] = {}
    for place, item in enumerate(cora.items(split)):
        turn = asked[item["intent"]] = asked.get(item["intent"], -1) + 1
        if turn < _TRAIN_ROUNDS:
            yield _pair(item["question"], facts[item["intent"]], place)


def _pair(question: str, intent: Row, place: int) -> Row:
    warm, cold = ("warm_short", "cold_long") if place % 2 else ("warm_long", "cold_short")
    fact = intent["answers"][place % len(intent["answers"])].format(value=intent["value"]).split(". ")[0].rstrip(".")
    told = {"value": intent["value"][0].upper() + intent["value"][1:], "fact": f"{fact}."}
    better, worse = (_form(name, place // 2, told) for name in (warm, cold))
    return {
        "input": {"messages": [{"role": "system", "content": system_prompt()}, {"role": "user", "content": question}]},
        "preferred_output": [{"role": "assistant", "content": better}],
        "non_preferred_output": [{"role": "assistant", "content": worse}],
    }


def _form(name: str, turn: int, told: Row) -> str:
    forms: list[str] = _table()[name]
    return forms[turn % len(forms)].format(**told)


@cache
def _table() -> Row:
    return tomllib.loads((DIRECTORY / "tones.toml").read_text(encoding="utf-8"))


@cache
def _intents() -> list[Row]:
    table = tomllib.loads((cora.DIRECTORY / "intents.toml").read_text(encoding="utf-8"))
    found: list[Row] = table["intent"]
    return found


def _write(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
