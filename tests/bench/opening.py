"""From the key to the Benchmarks pane with a run of 160,000 rows: the first time ever, and the first time of a day."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from cupola.benchmarks.start import define, want_run
from cupola.benchmarks.table import to_columns
from cupola.store import benchmarks
from cupola.store.benchmarks import RunState
from cupola.store.database import Database

from .benchmarks import _BOARD_ARMS, _BOARD_ITEMS, _defined, _made_up
from .result import Result
from .stores import fill

_RUNS = 5
_TITLE, _BOARD = f"bench-{_BOARD_ITEMS}".encode(), f"arm-{_BOARD_ARMS - 1}".encode()
_SETTLED = 1.5
"""Seconds of looking at the jobs before the pane is gone to."""


def measure() -> Iterator[Result]:
    """Milliseconds; medians."""
    rows = f"{_BOARD_ITEMS:,} items x {_BOARD_ARMS} arms"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database = fill(home, 100, int(time.time()))
        _finished_run(database)
        database.close()
        title, board, _ = _opened(home)
        yield Result(f"{rows}: pane, nothing worked out before", title, "ms", 300)
        yield Result(f"{rows}: its leaderboard, nothing worked out before", board, "ms")
        found = [_opened(home) for _ in range(_RUNS)]
    titles, boards, keys = (statistics.median(times) for times in zip(*found, strict=True))
    yield Result(f"{rows}: pane, opened once before", titles, "ms", 300)
    yield Result(f"{rows}: its leaderboard, opened once before", boards, "ms", 300)
    yield Result(f"{rows}: a key pressed as soon as it stands", keys, "ms")


def _finished_run(database: Database) -> None:
    defined = _defined(_BOARD_ITEMS, _BOARD_ARMS)
    define(database, defined, 0.0)
    run = want_run(database, defined.benchmark, 0.0)
    benchmarks.save_columns(database, run.id, to_columns(_made_up(defined.benchmark)))
    benchmarks.set_state(database, run.id, RunState.DONE, 1.0)


def _opened(home: Path) -> tuple[float, float, float]:
    """Milliseconds until the pane's title, its leaderboard, and the first answer to a key after that."""
    session = Session(SCREEN, environment(home))
    try:
        session.wait_for("token accuracy")
        session.read_for(_SETTLED)
        start = time.monotonic()
        session.press(b"2")
        title = _until(session, _TITLE, start)
        board = _until(session, _BOARD, start)
        pressed = time.monotonic()
        session.press(b"j")
        while not session.read(0.0005, look=False):
            assert time.monotonic() - pressed < 30
        key = time.monotonic() - pressed
        # What was worked out is kept a moment later.
        session.read_for(_SETTLED)
        return title * 1000, board * 1000, key * 1000
    finally:
        session.close()


def _until(session: Session, text: bytes, start: float) -> float:
    mark = len(session.sent)
    while text not in session.sent[max(0, mark - 65_536) :]:
        assert time.monotonic() - start < 30, "the pane did not open"
        session.read(0.001, look=False)
    return time.monotonic() - start
