"""Trains the four base stages again: `python -m cupola.emulator.reasoner.pretrain`.

All stages lie on one imitation run of growing length; some are reinforced afterwards on random puzzles, graded by the
sample's own grader. Same code, same files, byte for byte on one machine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cupola_data import countdown
from cupola_data.countdown.grading import grade
from cupola_data.countdown.puzzles import puzzle_row, random_puzzle

from ..engine import Answer, Grade, Hyperparameters, Weights
from .features import NAMES, SIZE, named
from .imitation import imitate
from .model import Stage, stage_arrays
from .reinforcement import ReinforcementTrainer

SEED = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a base model came to be, and how long it thinks."""

    imitation_steps: int
    reinforcement_steps: int
    thoughts: tuple[int, int, int]
    """At low, medium and high effort."""
    reasons: bool
    learning_rate_multiplier: float = 1.0


RECIPES: Mapping[Stage, Recipe] = {
    "gpt-4.1-mini": Recipe(9, 0, (1, 1, 1), reasons=False),
    "gpt-4.1": Recipe(20, 0, (1, 1, 1), reasons=False),
    "o4-mini": Recipe(34, 4, (8, 32, 128), reasons=True),
    "o3": Recipe(36, 200, (24, 96, 384), reasons=True, learning_rate_multiplier=2.0),
}


def pretrain(recipe: Recipe) -> Weights:
    """Return the weights of a recipe."""
    weights = named(imitate(np.zeros(SIZE), recipe.imitation_steps, SEED))
    base = weights | stage_arrays(recipe.thoughts, reasons=recipe.reasons)
    if not recipe.reinforcement_steps:
        return base
    draw = random.Random(SEED)
    batch = 4
    rows = [puzzle_row(random_puzzle(draw)) for _ in range(recipe.reinforcement_steps * batch)]
    settings = Hyperparameters(
        n_epochs=1, batch_size=batch, learning_rate_multiplier=recipe.learning_rate_multiplier, eval_interval=10**6
    )
    schema = countdown.response_format()["json_schema"]
    trainer = ReinforcementTrainer(base, rows, (), settings, _graded, SEED, json_schema=schema)
    for _ in range(trainer.total_steps):
        trainer.step()
    return trainer.weights()


def _graded(item: Mapping[str, Any], answer: Answer) -> Grade:
    return countdown_grade(item, answer.text)


def countdown_grade(item: Mapping[str, Any], text: str) -> Grade:
    """Grade an answer by the Countdown sample's own grader, run as it is."""
    try:
        sample = {"output_json": json.loads(text)}
    except ValueError:
        sample = {}
    return Grade(grade(sample, dict(item)))


def write(folder: Path) -> None:
    """Write every stage to `reasoner.json` in a folder."""
    stages = {}
    for name, recipe in RECIPES.items():
        weights = pretrain(recipe)
        stages[name] = {
            "imitation_steps": recipe.imitation_steps,
            "reinforcement_steps": recipe.reinforcement_steps,
            "thoughts": dict(zip(("low", "medium", "high"), recipe.thoughts, strict=True)),
            "reasons": recipe.reasons,
            "weights": {key: round(float(weights[key]), 4) for key in NAMES},
        }
    (folder / "reasoner.json").write_text(json.dumps(stages, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(countdown.__file__).parent)
