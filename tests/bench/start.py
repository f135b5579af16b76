"""From the command to the list of 100 jobs on the screen, against a bare Textual app."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from .programs import BARE
from .result import Result
from .stores import fill

_RUNS = 7


def measure() -> Iterator[Result]:
    """Median wall times of alternating runs, since other work on the machine comes and goes."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, 100, int(time.time())).close()
        bare: list[float] = []
        listed: list[float] = []
        charted: list[float] = []
        for _ in range(_RUNS):
            bare.append(_until(BARE, home, "bare")[0])
            first, last = _until(SCREEN, home, "old-30", "token accuracy")
            listed.append(first)
            charted.append(last)
    base = statistics.median(bare)
    yield Result("bare Textual, first paint", base * 1000, "ms")
    yield Result("100 jobs listed", statistics.median(listed) * 1000, "ms")
    yield Result("100 jobs listed, against bare Textual", statistics.median(listed) / base, "x", 1.5)
    yield Result("with both charts drawn, against bare Textual", statistics.median(charted) / base, "x")


def _until(command: Sequence[str], home: Path, *texts: str) -> list[float]:
    started = time.monotonic()
    session = Session(command, environment(home))
    try:
        found: list[float] = []
        for text in texts:
            while text.encode() not in session.sent:
                assert time.monotonic() - started < 60, session.sent
                session.read(0.001, look=False)
            found.append(time.monotonic() - started)
        return [*found, found[-1]][:2]
    finally:
        session.close()
