"""Start the demo in a home of its own, let it learn, and take the pictures; run as `python -m tests.shots`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from textual.pilot import Pilot

from cupola.models import Job, Phase
from cupola.paths import Paths, default_paths
from cupola.settings import Profile
from cupola.store import jobs, points
from cupola.store.database import Database, open_store
from cupola_tui.app import CupolaApp, Preferences

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"

SIZES = ((120, 40), (80, 24))

WHILE_LEARNING: tuple[tuple[str, Sequence[str]], ...] = (
    ("jobs", ("j",)),
    ("reinforcement", ("g",)),
    ("events", ("]",)),
    ("job-checkpoints", ("]",)),
    ("configuration", ("]",)),
    ("actions", ("]", "x")),
    ("card", ("down", "down", "enter")),
    ("help", ("escape", "?")),
    ("palette", ("escape", ":")),
)
"""A name, and the keys that lead there from the one before."""

AFTERWARDS: tuple[tuple[str, Sequence[str]], ...] = (
    ("datasets", ("1", "G")),
    ("dataset-rows", ("]", "]")),
    ("benchmarks", ("2",)),
    ("benchmark-items", ("enter",)),
    ("benchmark-answers", ("enter",)),
    ("checkpoints", ("4",)),
)

DISTILLED: tuple[tuple[str, Sequence[str]], ...] = (
    ("deployments", ("5",)),
    ("activity", ("6",)),
    ("distillation", ("g", "enter")),
    ("guide", ("A",)),
)

_VERDICTS = (0, 6, 7)
"""Exit codes of a distillation that came to its end, whatever came of it."""
_PATIENCE_SECONDS = 600.0


def main() -> int:
    """Take every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, _demo(Path(home)) as (paths, profile):
        database = open_store(paths.store(profile.name))
        try:
            _wait_until_learning(database)
            for size in SIZES:
                asyncio.run(_pictures(profile, database, size, "dark", WHILE_LEARNING))
            asyncio.run(_pictures(profile, database, SIZES[0], "light", WHILE_LEARNING[:1]))
            _cupola(Path(home), "--profile", "demo", "bench", "run", "cora-support", "--yes")
            _wait_until_ended(database)
            for size in SIZES:
                asyncio.run(_pictures(profile, database, size, "dark", AFTERWARDS))
            _cupola(Path(home), "--profile", "demo", "distill", "run", "cora", "--yes", good=_VERDICTS)
            for size in SIZES:
                asyncio.run(_pictures(profile, database, size, "dark", DISTILLED))
        finally:
            database.close()
    return 0


@contextmanager
def _demo(home: Path) -> Iterator[tuple[Paths, Profile]]:
    _cupola(home, "demo", "--no-screen")
    try:
        yield default_paths(_environment(home)), Profile("demo", endpoint="http://127.0.0.1")
    finally:
        _cupola(home, "demo", "--stop")


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "CUPOLA_HOME": str(home)}


def _cupola(home: Path, *words: str, good: Sequence[int] = (0,)) -> None:
    done = subprocess.run([sys.executable, "-m", "cupola.cli", *words], env=_environment(home), check=False)
    if done.returncode not in good:
        raise RuntimeError(f"cupola {' '.join(words)} ended with {done.returncode}.")


def _wait_until_ended(database: Database) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        if all(job.phase.ended for job in jobs.newest(database)):
            # The worker fetches what an ended job left behind a little later.
            time.sleep(10)
            return
        time.sleep(0.5)
    raise TimeoutError("The demo's jobs did not end.")


def _wait_until_learning(database: Database) -> None:
    """Wait until every job has run for a while, or has ended."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        known = jobs.newest(database)
        if known and all(_well_on(database, job) for job in known):
            return
        time.sleep(0.5)
    raise TimeoutError("The demo's jobs did not get far enough.")


def _well_on(database: Database, job: Job) -> bool:
    steps = points.last_step(database, job.id) or 0
    return job.phase is Phase.SUCCEEDED or steps >= (15 if job.method == "reinforcement" else 90)


async def _pictures(
    profile: Profile, database: Database, size: tuple[int, int], theme: str, shots: Sequence[tuple[str, Sequence[str]]]
) -> None:
    app = CupolaApp(profile, database, preferences=Preferences(theme=theme))
    async with app.run_test(size=size) as pilot:
        await _settled(pilot)
        for name, keys in shots:
            await pilot.press(*keys)
            await _settled(pilot)
            ending = "" if theme == "dark" else f"-{theme}"
            file = PICTURES / f"{name}-{size[0]}x{size[1]}{ending}.svg"
            file.write_text(_without_home(app.export_screenshot(title="Cupola")), encoding="utf-8")
            sys.stdout.write(f"{file.name}\n")


def _without_home(picture: str) -> str:
    """Where this checkout lies is nobody's business; text of the same length keeps the columns."""
    here = str(Path(__file__).parents[2])
    return picture.replace(here, ("/home/" + "cupola/" * len(here))[: len(here)])


async def _settled(pilot: Pilot[str]) -> None:
    for _ in range(5):
        await pilot.pause(0.2)


if __name__ == "__main__":
    sys.exit(main())
