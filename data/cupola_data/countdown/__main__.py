"""Writes the Countdown files of this folder again: `python -m cupola_data.countdown`."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from ..job_files import write_json, write_reinforcement_job
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
SETTINGS: dict[str, float | str] = {"n_epochs": 1, "batch_size": 4, "learning_rate_multiplier": 2.0, "eval_interval": 5}
MODEL_GRADER: dict[str, Any] = {
    "type": "score_model",
    "name": "countdown judge",
    "model": "o3-mini",
    "input": [
        {
            "role": "developer",
            "content": "Score a solution of a number puzzle from 0 to 5: 5 if the expression uses every number exactly "
            "once and its value is the target, 4 within 1 of it, 3 within 5, 2 for any other valid expression, 1 if "
            "the claimed result is not the expression's value, 0 for what is no expression of these numbers.",
        },
        {
            "role": "user",
            "content": "Target: {{item.target}}\nNumbers: {{item.nums}}\nAnswer: {{sample.output_text}}",
        },
    ],
    "range": [0.0, 5.0],
    "pass_threshold": 5.0,
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
    write_reinforcement_job(folder, "countdown", definition, RESPONSE_FORMAT, SETTINGS)
    write_json(folder / "model_grader.json", MODEL_GRADER)


if __name__ == "__main__":
    write(Path(__file__).parent)
