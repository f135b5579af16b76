"""Cupola's screen beside those of posting, harlequin and wandb leet: start, a key, memory and silence, in turns.

Each program shows something of its own kind: 100 jobs with two charts, 100 requests, an SQL editor with its catalog, a
run of ten metrics. Their environments are set up here where they are missing.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from tests.end_to_end.conftest import SCREEN, Session, environment

from .peer_environments import NotHereError, last_line, python_peer
from .programs import BARE
from .result import Result
from .stores import fill

_RUNS, _KEYS = 3, 6
"""Of each program, and in each run of it."""
_SILENCE, _LONGEST_KEY = 0.15, 1.0
_IDLE_SECONDS = 15.0
_GIVEN_UP = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """One of those beside each other."""

    name: str
    command: Sequence[str]
    shows: bytes
    """What stands on the screen last when it starts."""
    keys: str
    """Pressed in turn."""


@dataclass(slots=True)
class Seen:
    """What was measured of a program; milliseconds, MiB and bytes."""

    starts: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    idle: int = 0


def measure() -> Iterator[Result]:
    """Medians of runs in turns, since other work on the machine comes and goes."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, 100, int(time.time())).close()
        programs = [
            Program("bare Textual", BARE, b"bare", "x"),
            Program("Cupola", SCREEN, b"token accuracy", "jk"),
        ]
        for name, prepared in _PEERS.items():
            try:
                programs.append(prepared(home))
            except NotHereError as error:
                yield Result(f"{name} is not measured: {error}", float("nan"), "")
        seen = {program.name: Seen() for program in programs}
        for number in range(_RUNS):
            for program in programs:
                _look(program, environment(home), seen[program.name], last=number == _RUNS - 1)
    yield from _told(seen)


def _posting(home: Path) -> Program:
    requests = home / "requests"
    requests.mkdir()
    for number in range(100):
        text = f"name: Request {number:03}\nmethod: GET\nurl: http://127.0.0.1:9/{number}\n"
        (requests / f"r{number:03}.posting.yaml").write_text(text)
    command = (str(python_peer("posting", "posting")), "--collection", str(requests))
    return Program("posting", command, b"Request 0", "ab")


def _harlequin(home: Path) -> Program:
    return Program("harlequin", (str(python_peer("harlequin", "harlequin")), ":memory:"), b"memory", "12")


def _leet(home: Path) -> Program:
    script = Path(__file__).parent / "peer_programs" / "wandb_run.py"
    made = subprocess.run(
        (str(python_peer("wandb")), str(script), str(home)),
        env=environment(home),
        capture_output=True,
        timeout=_GIVEN_UP * 2,
    )
    if made.returncode:
        raise NotHereError(last_line(made.stderr))
    command = (str(python_peer("wandb", "wandb")), "leet", "run", str(home / "wandb" / "latest-run"))
    return Program("wandb leet", command, b"metric2", "sw")


_PEERS = {"posting": _posting, "harlequin": _harlequin, "wandb leet": _leet}


def _look(program: Program, around: Mapping[str, str], seen: Seen, *, last: bool) -> None:
    started = time.monotonic()
    session = Session(program.command, around)
    try:
        while program.shows not in session.sent:
            assert time.monotonic() - started < _GIVEN_UP, (
                f"{program.name} does not show: {bytes(session.sent[-500:])!r}"
            )
            session.read(0.001, look=False)
        seen.starts.append((time.monotonic() - started) * 1000)
        _read_for(session, 2.0)
        keys = cycle(program.keys)
        seen.keys += [_key(session, next(keys)) for _ in range(_KEYS if program.name != "bare Textual" else 0)]
        seen.memory.append(sum(_resident(pid) for pid in _family(session.pid)))
        if last:
            seen.idle = _read_for(session, _IDLE_SECONDS)
    finally:
        session.close()


def _read_for(session: Session, seconds: float) -> int:
    """How many bytes come in so long."""
    end, found = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        found += len(session.read(0.02, look=False))
    return found


def _key(session: Session, key: str) -> float:
    """Milliseconds from the key to the last byte before a silence."""
    session.press(key)
    started, last = time.monotonic(), None
    while (now := time.monotonic()) - started < _LONGEST_KEY and (last is None or now - last < _SILENCE):
        if session.read(0.0005, look=False):
            last = time.monotonic()
    return ((last or time.monotonic()) - started) * 1000


def _family(pid: int) -> list[int]:
    """A process and all that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _told(seen: Mapping[str, Seen]) -> Iterator[Result]:
    for name, one in seen.items():
        yield Result(f"{name}: from the command to what it shows", statistics.median(one.starts), "ms")
        if one.keys:
            yield Result(f"{name}: a key, until its repaint has settled", statistics.median(one.keys), "ms")
        yield Result(f"{name}: resident memory, its own processes included", statistics.median(one.memory), "MiB")
        yield Result(f"{name}: bytes while idle, a minute", one.idle * 60 / _IDLE_SECONDS, "bytes")
    ours = seen["Cupola"]
    for name, one in seen.items():
        if name in _PEERS:
            yield Result(f"start, Cupola's against {name}'s", _ratio(ours.starts, one.starts), "x", 1.0)
            yield Result(f"a key, Cupola's against {name}'s", _ratio(ours.keys, one.keys), "x", 1.0)
            yield Result(f"memory, Cupola's against {name}'s", _ratio(ours.memory, one.memory), "x", 1.0)


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(ours) / statistics.median(theirs)
