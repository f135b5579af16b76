"""One worker a profile: a lock that the operating system releases when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import WorkerError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock."""

    pid: int
    started_at: float
    endpoint: str = ""
    """Which resource it talks to."""
    build: str = ""
    """Which code a worker runs; empty for a command that holds the lock for a moment."""


@contextmanager
def held(path: Path, holder: Holder) -> Iterator[None]:
    """Hold the lock for as long as the block lasts; the file names the holder.

    Raises:
        WorkerError: another process holds it, or the file cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WorkerError(f"The worker's lock {path} cannot be opened.", str(error.strerror)) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _taken(path) from error
        # What a dead holder left is overwritten; the lock itself is the truth, not the process id in the file.
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder_of(path: Path) -> Holder | None:
    """Who holds the lock now, or None. The process id is 0 for the instant before the holder has named itself."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        # A shared lock, so that two who ask at once do not take each other for a worker.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def was_killed(path: Path) -> bool:
    """Whether nobody holds the lock and the last holder had no time to let go of it."""
    return holder_of(path) is None and path.exists() and path.stat().st_size > 0


def _read(descriptor: int) -> Holder:
    try:
        return Holder(**json.loads(os.pread(descriptor, 10_000, 0)))
    except (ValueError, TypeError):
        return Holder(0, 0.0)


def _taken(path: Path) -> WorkerError:
    holder = holder_of(path)
    who = f" as process {holder.pid}" if holder and holder.pid else ""
    return WorkerError(
        f"Another worker of this profile is running{who}.", remedy="Stop it first with `cupola worker stop`."
    )
