"""One emulator for each state directory."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class StateInUseError(RuntimeError):
    """Another emulator already works on this state directory."""

    def __init__(self, state_dir: Path, pid: str) -> None:
        holder = f" (process {pid})" if pid else ""
        super().__init__(
            f"Another emulator{holder} is using {state_dir}. Stop it, or give this one another --state directory."
        )


def _try_lock(stream: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def exclusive(state_dir: Path) -> Iterator[None]:
    """Hold the state directory; the lock goes with the process however it ends. Raises StateInUseError."""
    path = state_dir / "lock"
    with path.open("a+b") as stream:
        if not _try_lock(stream):
            stream.seek(0)
            raise StateInUseError(state_dir, stream.read(20).decode("ascii", "replace").strip())
        stream.truncate(0)
        stream.write(str(os.getpid()).encode())
        stream.flush()
        yield


@contextmanager
def wait_for_lock(path: Path) -> Iterator[None]:
    """Hold a file that a dying predecessor may still hold for a moment."""
    with path.open("a+b") as stream:
        while not _try_lock(stream):
            time.sleep(0.05)
        yield
