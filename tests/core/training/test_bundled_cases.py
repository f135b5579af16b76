"""The bundled reinforcement cases: their rules, their graders, and that their files are what their scripts write."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from cupola.datasets.check import Options, check_files
from cupola.graders import PythonSandbox, item_of_row, parse_grader, run_grader, text_sample
from cupola.training.grader_needs import variables_of
from cupola.training.job_spec import checked, read_spec
from cupola_data.zava.facts import notes
from cupola_data.zava.loyalty.rules import Basket, discount

DATA = Path(__file__).parents[3] / "data/cupola_data"
CASES = {"countdown": "cupola_data.countdown", "zava/loyalty": "cupola_data.zava.loyalty",
         "zava/facts": "cupola_data.zava.facts"}  # fmt: skip


def rows(folder: str, split: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / folder / f"{split}.jsonl").read_text("utf-8").splitlines()]


def graded(folder: str, row: dict[str, Any], answer: dict[str, Any], sandbox: PythonSandbox) -> float:
    grader = parse_grader(json.loads((DATA / folder / "grader.json").read_text("utf-8")))
    result = run_grader(grader, item_of_row(row), text_sample(json.dumps(answer)), sandbox=sandbox)
    assert result.reward is not None, result.details
    return result.reward


@pytest.mark.parametrize("folder", CASES)
def test_the_files_are_what_the_script_writes_byte_for_byte(folder: str, tmp_path: Path) -> None:
    importlib.import_module(f"{CASES[folder]}.__main__").write(tmp_path)
    for written in tmp_path.iterdir():
        assert written.read_bytes() == (DATA / folder / written.name).read_bytes(), written.name


@pytest.mark.parametrize("folder", CASES)
def test_the_job_is_ready_and_its_data_fits_its_grader(folder: str) -> None:
    spec = checked(read_spec(DATA / folder / "job.yaml"))
    assert spec.method == "reinforcement" and spec.grader is not None and spec.response_format is not None
    assert isinstance(spec.training, Path) and isinstance(spec.validation, Path)
    reports = check_files([spec.training, spec.validation], Options(needs=variables_of(spec.grader), workers=1))
    assert all(report.clean for report in reports)
    prompts = [json.dumps(row["messages"]) for split in ("train", "valid", "test") for row in rows(folder, split)]
    assert len(set(prompts)) == len(prompts)


@pytest.mark.parametrize(
    ("basket", "cents", "rules"),
    [
        (Basket("bronze", 10_000, 0, 0, False, False), 0, ()),
        (Basket("silver", 10_000, 0, 0, False, False), 300, (1,)),
        (Basket("gold", 20_000, 0, 0, False, False), 1_000, (1,)),
        (Basket("gold", 20_001, 0, 0, False, False), 1_400, (1, 3)),
        (Basket("platinum", 10_000, 5_000, 0, False, False), 900, (1, 2)),
        (Basket("bronze", 5_000, 0, 0, True, False), 600, (4, 7)),
        (Basket("bronze", 4_999, 0, 0, True, False), 0, ()),
        (Basket("platinum", 50_000, 0, 2_500, False, True), 5_000, (5, 6)),
        (Basket("platinum", 90_000, 0, 0, False, True), 6_000, (5, 7)),
        (Basket("silver", 1_050, 0, 0, False, False), 32, (1,)),
    ],
)
def test_discounts_follow_the_rules_to_the_cent(basket: Basket, cents: int, rules: tuple[int, ...]) -> None:
    assert discount(basket) == (cents, rules)


def test_the_loyalty_grader_pays_for_amount_and_rules_and_for_nothing_else() -> None:
    with PythonSandbox(workers=1) as sandbox:
        for row in rows("zava/loyalty", "valid")[:25]:
            used = [int(rule) for rule in row["rules"].split(",") if rule != "0"]
            assert graded("zava/loyalty", row, {"discount": row["discount"], "rules": used}, sandbox) == pytest.approx(
                1
            )
            assert graded("zava/loyalty", row, {"discount": row["discount"], "rules": [9]}, sandbox) < 0.75
            assert graded("zava/loyalty", row, {"discount": "999", "rules": [9]}, sandbox) == 0
            assert graded("zava/loyalty", row, {"discount": "x" * 500, "rules": "1"}, sandbox) == 0


def test_every_rule_of_the_programme_comes_up_in_every_split() -> None:
    for split in ("train", "valid", "test"):
        seen = {rule for row in rows("zava/loyalty", split) for rule in row["rules"].split(",")}
        assert seen == {"0", *"1234567"}


def test_the_facts_grader_takes_the_reference_and_punishes_guesses() -> None:
    with PythonSandbox(workers=1) as sandbox:
        for row in rows("zava/facts", "valid")[:25]:
            right = json.loads(row["reference"])
            assert graded("zava/facts", row, right, sandbox) == 1
            guessed = {name: "1" if value is None else value for name, value in right.items()}
            if guessed != right:
                assert graded("zava/facts", row, guessed, sandbox) < 1
            nothing = dict.fromkeys(right)
            assert graded("zava/facts", row, nothing, sandbox) <= 0.8


def test_what_a_note_says_stands_in_its_text() -> None:
    for row in rows("zava/facts", "test"):
        text = row["messages"][-1]["content"]
        assert row["contact"] == "null" or row["contact"] in text.lower()
        assert row["quantity"] == "null" or row["quantity"] in text
        assert any(name in text for name in notes.PRODUCTS[row["product"]])
