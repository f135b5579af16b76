"""The viewer of rows on a file of a million: to the first row on the screen, and from row to row."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from cupola.datasets.index import open_index
from cupola.models import Health
from cupola.paths import default_paths
from cupola.store import datasets, health
from cupola.store.database import open_store

from .result import Result

_ROWS = 1_000_000
_JUMPS = 40
_SILENCE = 0.3
_GIVEN_UP = 30.0


def measure() -> Iterator[Result]:
    """From the key to the row's own text, through the process that reads files."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = home / "rows.jsonl"
        with path.open("w") as file:
            file.writelines(_row(number) for number in range(_ROWS))
        session = _opened(home, path)
        try:
            yield Result("first row of 1,000,000 on the screen, its index built", _open(session), "ms", 500)
            times = [_jump(session, number) for number in random.Random(4).sample(range(_ROWS), _JUMPS)]
            yield Result("any row on the screen: median", statistics.median(times), "ms", 50)
            yield Result(f"any row on the screen: slowest of {_JUMPS}", max(times), "ms")
        finally:
            session.close()


def _row(number: int) -> str:
    words = " ".join(f"w{number * step % 9_973}" for step in range(1, 40))
    return f'{{"messages": [{{"role": "user", "content": "<row{number}> {words}"}}]}}\n'


def _opened(home: Path, path: Path) -> Session:
    """The pane with the cursor on the file, the file checked, its index on the disk."""
    now = time.time()
    database = open_store(default_paths({"CUPOLA_HOME": str(home)}).store("demo"))
    datasets.remember(database, str(path), now)
    open_index(path, database.path.parent / "indexes")
    health.save(database, Health(now))
    database.close()
    session = Session(SCREEN, environment(home))
    session.wait_for("Jobs")
    session.read(1.0)
    # Of the tour that greets newcomers nothing stays.
    session.press(b"\x05")
    session.read(0.5)
    session.press("1")
    session.wait_for("rows.jsonl")
    session.press("/rows.jsonl\r")
    session.wait_for(f"{_ROWS:,} rows", 240.0)
    session.read(1.0)
    return session


def _open(session: Session) -> float:
    """Milliseconds from the key that opens the tab to its first row."""
    session.press("\r")
    session.read(0.5)
    # Both at once: the tab in between is left before it begins to count tokens.
    session.press("]]")
    return _until(session, b"<row0>")


def _jump(session: Session, number: int) -> float:
    """Milliseconds from the end of a line's number to the last byte that its row sends."""
    session.press(f"#{number + 1}")
    session.read(_SILENCE)
    session.press("\r")
    started = last = time.monotonic()
    while time.monotonic() - last < _SILENCE:
        if session.read(0.0005, look=False):
            last = time.monotonic()
    return (last - started) * 1000


def _until(session: Session, text: bytes) -> float:
    started, came = time.monotonic(), b""
    while text not in came:
        came += session.read(0.0005, look=False)
        if time.monotonic() - started > _GIVEN_UP:
            return float("inf")
    return (time.monotonic() - started) * 1000
