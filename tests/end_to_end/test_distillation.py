from __future__ import annotations

import json

from .conftest import Demo


def test_cora_is_distilled_on_the_emulator_because_the_student_learns(demo: Demo) -> None:
    """The real tiny models: nothing is scripted, and a student that does not learn fails this test."""
    words = ("run", "--demo", "--speed", "200", "--samples", "1", "--epochs", "2", "--max-cost", "9", "-y")
    ran = demo.cupola("distill", *words, "--timeout", "170", "-o", "json", seconds=180)

    assert ran.returncode in (0, 6, 7), ran.stderr
    shown = json.loads(demo.cupola("distill", "show", "1", "-p", "demo", "-o", "json").stdout)
    verdict = shown["verdict"]
    assert verdict["gain"]["word"] == "better", verdict["sentences"]
    assert verdict["gap"]["share"] > 0.2
    assert {stage["state"] for stage in shown["stages"][:-1]} == {"done"}
    assert shown["spent_usd"] < 9
    for figures in verdict["figures"]:
        assert sum(figures["outcomes"].values()) == 84

    report = demo.cupola("distill", "report", "1", "-p", "demo", "--to", str(demo.home / "report"))
    assert report.returncode == 0, report.stderr
    page = (demo.home / "report" / "distillation-1.md").read_text()
    assert verdict["headline"] in page
    assert json.loads((demo.home / "report" / "distillation-1.json").read_text())["verdict"] == verdict
    assert demo.cupola("distill", "clean", "1", "-p", "demo", "-y").returncode == 0
    assert demo.cupola("distill", "watch", "1", "-p", "demo", "--timeout", "60").returncode == ran.returncode
    assert "done" in demo.cupola("distill", "list", "-p", "demo", "-o", "tsv").stdout
