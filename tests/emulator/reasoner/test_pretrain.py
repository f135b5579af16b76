from __future__ import annotations

import json

import pytest

from cupola.emulator.reasoner import base_weights
from cupola.emulator.reasoner.features import NAMES
from cupola.emulator.reasoner.pretrain import RECIPES, countdown_grade, pretrain


@pytest.mark.parametrize("stage", ["gpt-4.1-mini", "o4-mini"])
def test_the_shipped_weights_are_what_their_recipe_gives(stage: str) -> None:
    shipped = base_weights(stage)  # type: ignore[arg-type]
    made = pretrain(RECIPES[stage])  # type: ignore[index]
    for name in NAMES:
        assert float(made[name]) == pytest.approx(float(shipped[name]), abs=0.02), name
    assert made["thoughts"].tolist() == shipped["thoughts"].tolist()


def test_pretraining_grades_by_the_samples_own_grader() -> None:
    item = {"target": "6", "nums": "[1, 2, 3]"}
    assert countdown_grade(item, json.dumps({"expression": "1 + 2 + 3", "result": "6"})).reward == 5.0
    assert countdown_grade(item, "six").reward == 0.0
