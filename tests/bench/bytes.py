"""What goes to the terminal: nothing while idle, little while two charts grow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from .result import Result
from .stores import RUNNING, fill, grow

_UPDATES = 15
_EVERY_SECONDS = 2.0


def measure() -> Iterator[Result]:
    """Bytes a minute at 120x40."""
    with tempfile.TemporaryDirectory() as folder:
        home, now = Path(folder), int(time.time())
        database = fill(home, 20, now)
        session = Session(SCREEN, environment(home))
        try:
            session.wait_for("token accuracy")
            session.read(3.0)
            session.read_for(12.0)
            idle = len(session.read_for(20.0))
            yield Result("bytes while idle, 20 s", idle, "bytes", 0)
            sent = 0
            for number in range(_UPDATES):
                started = time.monotonic()
                grow(database, 241 + number, 241 + number, now - 2_000)
                sent += len(session.read_for(_EVERY_SECONDS - (time.monotonic() - started)))
            a_minute = sent / (_UPDATES * _EVERY_SECONDS) * 60
            yield Result(f"bytes a minute, two charts of {RUNNING!r}, a step every 2 s", a_minute, "bytes", 12_000)
        finally:
            session.close()
            database.close()
