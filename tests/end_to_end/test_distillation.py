from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cupola_data.zava.cora.samples import DIRECTORY

from .conftest import Demo

ITEMS = 84
"""Of the test: twelve questions about each topic."""
PROMPTS = 119
"""For the teacher, all of those with hand-written answers: two answers to each."""
TOPICS = ("weekday_hours", "sunday_hours", "refund_time", "delivery_time", "wood_stain", "hire_deposit", "address")
"""Every other one of Cora's: what is learnt of them takes half the training of all."""


def a_shorter_test(folder: Path) -> Path:
    """Cora's distillation as it ships, on half of her topics, each answer asked for once, without the arm that has no
    role in it."""
    shutil.copytree(DIRECTORY, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    keep_topics(folder / "test.jsonl", ITEMS)
    keep_topics(folder / "prompts.jsonl", PROMPTS)
    bench = folder / "bench.toml"
    before, _, after = bench.read_text().partition('[[arms]]\ndeployment = "o3"\nmax_completion_tokens = 400\n\n')
    assert after, "the arm is written otherwise now"
    bench.write_text("".join(line for line in (before + after).splitlines(True) if not line.startswith("repeats")))
    return folder / "distil.toml"


def keep_topics(file: Path, most: int) -> None:
    """The first rows about the topics."""
    rows = [row for row in file.read_text().splitlines(keepends=True) if json.loads(row)["item"]["intent"] in TOPICS]
    assert len(rows) >= most
    file.write_text("".join(rows[:most]))


@pytest.mark.long
def test_cora_is_distilled_on_the_emulator_because_the_student_learns(demo: Demo) -> None:
    """The real tiny models: nothing is scripted, and a student that does not learn fails this test."""
    definition = a_shorter_test(demo.home / "cora")
    words = ("run", str(definition), "--demo", "--speed", "200", "--max-cost", "40", "-y")
    ran = demo.cupola("distill", *words, "--timeout", "880", "-o", "json", seconds=900)

    assert ran.returncode in (0, 6, 7), ran.stderr
    shown = json.loads(demo.cupola("distill", "show", "1", "-p", "demo", "-o", "json").stdout)
    verdict = shown["verdict"]
    assert verdict["gain"]["word"] == "better", verdict["sentences"]
    assert verdict["gap"]["share"] > 0.3
    assert verdict["speed"]["word"] in ("faster", "slower", "cannot be told")
    assert {stage["state"] for stage in shown["stages"][:-1]} == {"done"}
    assert 0 < shown["spent_usd"] < 9
    for figures in verdict["figures"]:
        assert sum(figures["outcomes"].values()) == ITEMS

    report = demo.cupola("distill", "report", "1", "-p", "demo", "--to", str(demo.home / "report"))
    assert report.returncode == 0, report.stderr
    page = (demo.home / "report" / "distillation-1.md").read_text()
    assert verdict["headline"] in page
    assert json.loads((demo.home / "report" / "distillation-1.json").read_text())["verdict"] == verdict
    assert demo.cupola("distill", "clean", "1", "-p", "demo", "-y").returncode == 0
    assert demo.cupola("distill", "watch", "1", "-p", "demo", "--timeout", "60").returncode == ran.returncode
    assert "done" in demo.cupola("distill", "list", "-p", "demo", "-o", "tsv").stdout
