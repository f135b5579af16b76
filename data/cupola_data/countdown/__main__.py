"""Writes the Countdown files of this folder again: `python -m cupola_data.countdown`."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from . import grading
from .puzzles import Puzzle, puzzle_row, random_puzzle

SEED = 2025
SPLITS = {"train": 100, "valid": 50, "test": 100}
RESPONSE_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "countdown_answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"expression": {"type": "string"}, "result": {"type": "string"}},
            "required": ["expression", "result"],
            "additionalProperties": False,
        },
    },
}


def distinct_puzzles(count: int, seed: int) -> list[Puzzle]:
    """Draw puzzles, no two with the same numbers, whatever their order."""
    rng = random.Random(seed)
    found: dict[tuple[int, ...], Puzzle] = {}
    while len(found) < count:
        puzzle = random_puzzle(rng)
        found.setdefault(tuple(sorted(puzzle.nums)), puzzle)
    return list(found.values())


def write(folder: Path) -> None:
    """Write the three splits, the grader and the response format into a folder."""
    puzzles = iter(distinct_puzzles(sum(SPLITS.values()), SEED))
    for split, count in SPLITS.items():
        lines = [json.dumps(puzzle_row(next(puzzles))) for _ in range(count)]
        (folder / f"{split}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    source = Path(grading.__file__).read_text(encoding="utf-8")
    definition = {"name": "countdown", "type": "python", "source": source, "pass_threshold": 5.0}
    _write_json(folder / "grader.json", definition)
    _write_json(folder / "response_format.json", RESPONSE_FORMAT)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
