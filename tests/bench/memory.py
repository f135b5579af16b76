"""Resident memory with charts on the screen, against a bare Textual app."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from .programs import BARE
from .result import Result
from .stores import fill


def measure() -> Iterator[Result]:
    """MiB of resident memory after the screen stands."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, 100, int(time.time())).close()
        sizes: list[float] = []
        for command, text in ((BARE, "bare"), (SCREEN, "token accuracy")):
            session = Session(command, environment(home))
            try:
                session.wait_for(text)
                session.read(2.0)
                sizes.append(_resident(session.pid))
            finally:
                session.close()
    yield Result("bare Textual", sizes[0], "MiB")
    yield Result("100 jobs and two charts", sizes[1], "MiB")
    yield Result("100 jobs and two charts, against bare Textual", sizes[1] / sizes[0], "x", 1.6)


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
