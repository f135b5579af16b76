"""Cora's questions as the repository keeps them, read without Cupola, for clients that know nothing of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "data" / "cupola_data" / "zava" / "cora"

SYSTEM_PROMPT = (FOLDER / "system_prompt.txt").read_text(encoding="utf-8")


def questions(count: int) -> list[dict[str, Any]]:
    """The first test rows: `question`, `reference` and the `facts` that a right answer holds."""
    lines = (FOLDER / "test.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["item"] for line in lines[:count]]


def messages(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """The chat that asks a row's question."""
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": row["question"]}]


def is_right(answer: str, facts: Sequence[str]) -> bool:
    """Every fact stands in the answer."""
    return all(fact.lower() in answer.lower() for fact in facts)
