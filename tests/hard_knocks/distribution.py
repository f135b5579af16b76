"""What strangers install: sdist and wheel are built, put into a clean environment elsewhere, and started.

`python -m tests.hard_knocks.distribution UV [PYTHON ...]` does so for each Python that is named; see `make dist-check`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.conftest import Session, environment

ROOT = Path(__file__).parents[2]
_PACKAGES = ("core/cupola", "tui/cupola_tui", "data/cupola_data")
_SECONDS = 600.0
_LEARNING_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel in an environment of its own."""

    place: Path
    home: Path

    def run(self, program: str, *words: str) -> str:
        """What a program of the environment prints; it sees neither the checkout nor this environment."""
        command = (str(self.place / "bin" / program), *words)
        return _done(command, self.home, environment(self.home))


def main(uv: str, pythons: list[str]) -> int:
    """Build once, install and start with each Python; 0 if all is well."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = _built(uv, folder)
        _compare(wheel)
        for python in pythons:
            _start(_installed(uv, wheel, python, folder))
    _say("both distributions are whole, and the wheel starts")
    return 0


def _built(uv: str, folder: Path) -> Path:
    """The wheel that is made from the sdist, not from the checkout."""
    _done((uv, "build", "--quiet", "--out-dir", str(folder), str(ROOT)), folder, os.environ)
    [sdist], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    for made in (sdist, wheel):
        _say(f"{made.name}: {made.stat().st_size / 2**20:.1f} MiB")
    return wheel


def _compare(wheel: Path) -> None:
    """Every file of the packages that is under version control stands in the wheel."""
    listed = _done(("git", "ls-files", "-z", *_PACKAGES), ROOT, os.environ).split("\0")
    wanted = {file.partition("/")[2] for file in listed if file}
    held = set(zipfile.ZipFile(wheel).namelist())
    if wanted - held:
        raise SystemExit(f"The wheel lacks {', '.join(sorted(wanted - held)[:10])}.")
    _say(f"all {len(wanted)} files of the packages are in the wheel")


def _installed(uv: str, wheel: Path, python: str, folder: Path) -> Installed:
    number = len(list(folder.glob("venv-*")))
    place, home = folder / f"venv-{number}", folder / f"home-{number}"
    home.mkdir()
    _done((uv, "venv", "--quiet", "--python", python, str(place)), folder, os.environ)
    _done((uv, "pip", "install", "--quiet", "--python", str(place / "bin/python"), str(wheel)), folder, os.environ)
    return Installed(place, home)


def _start(installed: Installed) -> None:
    """Version, demo, jobs and the screen."""
    version = installed.run("python", "--version").strip()
    where = installed.run("python", "-c", "import cupola, cupola_tui, cupola_data; print(cupola.__file__)").strip()
    if not Path(where).is_relative_to(installed.place):
        raise SystemExit(f"{version} imports {where}, not what was installed.")
    _say(f"{version}: {installed.run('cupola', '--version').strip()}")
    try:
        installed.run("cupola", "demo", "--no-screen", "--speed", "20")
        _wait_for_learning(installed)
        _look(installed)
    finally:
        installed.run("cupola", "demo", "--stop")
    _say(f"{version}: the demo learns and the screen shows it")


def _wait_for_learning(installed: Installed) -> None:
    deadline = time.monotonic() + _LEARNING_SECONDS
    while True:
        listed = json.loads(installed.run("cupola", "job", "list", "-p", "demo", "-o", "json"))
        if len(listed) == 2 and any(job["status"] in ("running", "succeeded") for job in listed):
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"The demo's jobs do not learn: {listed}")
        time.sleep(0.5)


def _look(installed: Installed) -> None:
    session = Session((str(installed.place / "bin" / "cupola"), "--profile", "demo"), environment(installed.home))
    try:
        session.wait_for("Jobs", 60.0)
        session.wait_for("cora", 60.0)
    finally:
        session.close()


def _done(command: tuple[str, ...], folder: Path, around: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=dict(around), capture_output=True, text=True, timeout=_SECONDS)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:] or [sys.executable]))
