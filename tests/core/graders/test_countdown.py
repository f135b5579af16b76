from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cupola.graders import PythonSandbox, item_of_row, parse_grader, run_grader, text_sample
from cupola_data import countdown
from cupola_data.countdown.__main__ import write
from cupola_data.countdown.puzzles import Puzzle, solution


def test_the_shipped_files_are_what_their_script_writes(tmp_path: Path) -> None:
    write(tmp_path)
    shipped = Path(countdown.__file__).parent
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        *("train.jsonl", "valid.jsonl", "test.jsonl", "grader.json", "model_grader.json"),
        *("response_format.json", "job.yaml"),
    }
    for name in names:
        assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes(), name


@pytest.mark.parametrize(
    ("expression", "result", "reward"),
    [
        ("(80 - 60) * 2 + 1", "41", 4.0),
        ("(80 - 60) * 2 * 1", "40", 5.0),
        ("(80 - 60) * 2 * 1", "40.0", 5.0),
        ("(80 - 60) * 2 * 1", "41", 1.0),
        ("(80 - 60) * 2 * 1", "nan", 1.0),
        ("(80 - 60) * 2 * 1", None, 1.0),
        ("80 - 60 * 1 / 2", "50", 2.0),
        ("(80 - 60) * 2", "40", 0.0),
        ("(80 - 60) * 2 * 1 * 1", "40", 0.0),
        ("(80 - 60) * 21", "40", 0.0),
        ("80 / (60 - 60) * 2 * 1", "40", 0.0),
        ("80 // 2 + 60 * 1 - 60", "40", 0.0),
        ("80 + 60 ** 1 + 2", "40", 0.0),
        ("__import__('os')", "40", 0.0),
        ("(80 - 60) * 2 * (1", "40", 0.0),
        (40, "40", 0.0),
    ],
)
def test_the_countdown_grader_judges_the_expression_itself(
    sandbox: PythonSandbox, expression: Any, result: Any, reward: float
) -> None:
    grader = parse_grader(countdown.grader())
    sample = text_sample(json.dumps({"expression": expression, "result": result}))
    graded = run_grader(grader, {"target": "40", "nums": "[80, 60, 2, 1]"}, sample, sandbox=sandbox)
    assert graded.reward == reward
    assert graded.passed is (reward == 5.0)


@pytest.mark.parametrize("text", ["", "40", "[]", '{"result": "40"}', "not json"])
def test_the_countdown_grader_gives_0_for_what_it_cannot_read(sandbox: PythonSandbox, text: str) -> None:
    item = {"target": "40", "nums": "[80, 60, 2, 1]"}
    assert run_grader(parse_grader(countdown.grader()), item, text_sample(text), sandbox=sandbox).reward == 0.0


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_every_countdown_row_has_a_solution_that_its_grader_takes(sandbox: PythonSandbox, split: Any) -> None:
    grader = parse_grader(countdown.grader())
    for row in countdown.rows(split):
        item = item_of_row(row)
        assert set(item) == {"target", "nums"}
        found = solution(Puzzle(tuple(json.loads(row["nums"])), int(row["target"])))
        sample = text_sample(json.dumps({"expression": found, "result": row["target"]}))
        assert run_grader(grader, item, sample, sandbox=sandbox).reward == 5.0


def test_the_countdown_splits_share_no_numbers() -> None:
    splits = {"train": 100, "valid": 50, "test": 100}
    seen = [tuple(sorted(json.loads(row["nums"]))) for split in splits for row in countdown.rows(split)]  # type: ignore[arg-type]
    assert len(seen) == len(set(seen)) == sum(splits.values())
