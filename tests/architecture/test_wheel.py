"""The built wheel, which is what people install, holds the three packages and the data they read."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return zipfile.ZipFile(next(out.glob("cupola-*.whl")))


def test_the_wheel_holds_three_packages_and_nothing_beside_them(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cupola", "cupola_tui", "cupola_data"}


def test_the_wheel_holds_what_the_code_reads_at_run_time(wheel: zipfile.ZipFile) -> None:
    missing = [
        path
        for path in ROOT.glob("data/cupola_data/**/*")
        if path.is_file() and "__pycache__" not in path.parts and not _is_ignored(path)
        if path.relative_to(ROOT / "data").as_posix() not in wheel.namelist()
    ]
    assert missing == []
    assert any(name.endswith(".tcss") for name in wheel.namelist())


def test_the_wheel_installs_the_command(wheel: zipfile.ZipFile) -> None:
    entry = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "cupola = cupola_tui.launch:main" in wheel.read(entry).decode()


def _is_ignored(path: Path) -> bool:
    known = subprocess.run(["git", "check-ignore", "-q", str(path)], cwd=ROOT, check=False, timeout=10)
    return known.returncode == 0
