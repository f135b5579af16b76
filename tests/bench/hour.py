"""What one hour of watching one job sends: 1,800 steps, each painted before the next, by a clock that goes faster."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.conftest import Session, environment

from cupola.models import Health
from cupola.paths import default_paths
from cupola.store import health

from .result import Result
from .stores import fill, grow

_HOUR = 3_600
_STEP_SECONDS = 2
_POLL_STEPS = 5
"""The worker's word that the service has answered comes every ten seconds of the job."""
_FLOOR_A_MINUTE = 12_000
_SILENCE_SECONDS = 0.04
"""So long after the last byte of a step nothing more of it comes: the screen looks a hundred times a second here."""
_PATIENCE_SECONDS = 1.0
"""How long a step may take to be painted before it counts as one that changes nothing."""

_WATCHING = """
import sys
from pathlib import Path
from cupola.settings import Profile
from cupola.store.database import open_store
from cupola_tui.app import CupolaApp
store, tick = map(Path, sys.argv[1:])
profile = Profile("demo", endpoint="http://127.0.0.1:9")
CupolaApp(profile, open_store(store), clock=lambda: tick.stat().st_mtime, look_seconds=0.01).run()
"""


def measure() -> Iterator[Result]:
    """Bytes of an hour at 120x40, with both charts live and a step every two seconds."""
    with tempfile.TemporaryDirectory() as folder:
        home, now = Path(folder), int(time.time())
        first, steps = 241, _HOUR // _STEP_SECONDS
        database = fill(home, 20, now, first - 1, rows=8 * (first + steps))
        tick = home / "tick"
        tick.touch()
        store = default_paths({"CUPOLA_HOME": str(home)}).store("demo")
        session = Session((sys.executable, "-c", _WATCHING, str(store), str(tick)), environment(home))
        try:
            session.wait_for("token accuracy")
            session.read(3.0)
            sent, painted = 0, 0
            for number in range(steps):
                at = now + _STEP_SECONDS * (number + 1)
                os.utime(tick, (at, at))
                grow(database, first + number, first + number, now - 2_000)
                if number % _POLL_STEPS == 0:
                    health.save(database, Health(float(at)))
                bytes_of_step = _painted(session)
                sent += bytes_of_step
                painted += bytes_of_step > 0
            yield Result("bytes of an hour of watching, a step every 2 s", sent, "bytes", _FLOOR_A_MINUTE * 60)
            yield Result("steps of that hour that were painted each for itself", painted, f"of {steps}")
        finally:
            session.close()
            database.close()


def _painted(session: Session) -> int:
    """The bytes that came for one step."""
    end, count = time.monotonic() + _PATIENCE_SECONDS, 0
    while not count and time.monotonic() < end:
        count = len(session.read(_SILENCE_SECONDS, look=False))
    return count
