from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_calibration_prints_every_share_and_fails_if_one_is_outside_its_limits() -> None:
    command = [sys.executable, "-m", "tests.calibrate", "--coverage-tables", "40", "--claim-tables", "4"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert run.stdout.count("exact") == 9
    # With so few tables chance puts some shares outside.
    assert "✗" in run.stdout
    assert run.returncode == 1
