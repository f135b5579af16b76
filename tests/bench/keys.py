"""From a key to the last byte of its repaint in a list of 10,000 jobs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from .result import Result
from .stores import fill

_ROWS = 10_000
_SILENCE = 0.15


def measure() -> Iterator[Result]:
    """Medians."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, _ROWS, int(time.time())).close()
        session = Session(SCREEN, environment(home))
        try:
            session.wait_for("token accuracy")
            session.read(2.0)
            for name, keys in (("down", b"j"), ("half a page", b"\x04"), ("to the end and back", b"G")):
                times = [_settled(session, keys if n % 2 == 0 or keys != b"G" else b"g") for n in range(15)]
                floor = 40.0 if name == "down" else None
                yield Result(f"{name}, {_ROWS:,} rows, repaint settled", statistics.median(times), "ms", floor)
        finally:
            session.close()


def _settled(session: Session, keys: bytes) -> float:
    """Milliseconds from the key to the last byte before a silence."""
    session.press(keys)
    started = last = time.monotonic()
    while time.monotonic() - last < _SILENCE:
        if session.read(0.0005, look=False):
            last = time.monotonic()
    return (last - started) * 1000
