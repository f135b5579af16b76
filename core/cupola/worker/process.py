"""Starting the worker so that it outlives the terminal, asking for it, and stopping it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import WorkerError
from ..paths import Paths, default_paths
from ..settings import Profile
from .build import build
from .lock import Holder, holder_of, was_killed

_LOG_KEPT = 1_000_000
_LOOK_EVERY = 0.05
_NAMING_SECONDS = 2.0

PASSED_ON = (
    "endpoint",
    "route",
    "api_version",
    "project",
    "credential",
    "tenant_id",
    "token_scope",
    "subscription_id",
    "resource_group",
    "account",
    "region",
    "arm_endpoint",
)
"""Given on the worker's command line, so that it talks to what its starter saw."""


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a profile's worker runs."""

    holder: Holder | None
    killed: bool = False
    """None runs, and the last one was killed or lost its machine: nobody asked it to stop."""

    @property
    def running(self) -> bool:
        """A worker holds the lock."""
        return self.holder is not None

    @property
    def named(self) -> bool:
        """A worker holds the lock and has said which process it is."""
        return self.holder is not None and self.holder.pid > 0


def status(profile_name: str, paths: Paths | None = None) -> Status:
    """Whether a worker of the profile runs; tells the truth also after a crash or a reboot."""
    lock = (paths or default_paths()).worker_lock(profile_name)
    holder = holder_of(lock)
    return Status(holder, holder is None and was_killed(lock))


def start(
    profile: Profile,
    environment: Mapping[str, str] = os.environ,
    paths: Paths | None = None,
    seconds: float = 15.0,
) -> Status:
    """Start the profile's worker detached from this process and its terminal, unless one runs already.

    One that runs older code is replaced: it would not know the wishes of this face. Its work goes on where it was.

    Args:
        profile: What to talk to; the worker reads the rest of the profile itself.
        environment: The worker's environment; a key in it is the worker's only copy.
        paths: Where things live; the worker must find the same through `environment`.
        seconds: How long to wait until it is up.

    Raises:
        WorkerError: it did not come up; the log says why.
    """
    where = paths or default_paths(environment)
    running = status(profile.name, where)
    if running.holder is not None and running.holder.build not in ("", build()):
        stop(profile.name, where, seconds)
    elif running.named:
        return running
    log = where.log(f"worker-{profile.name}")
    command = [sys.executable, "-m", "cupola.worker", "--detach", "--profile", profile.name]
    for name in PASSED_ON:
        if getattr(profile, name):
            command += [f"--{name.replace('_', '-')}", getattr(profile, name)]
    said_before = _rotated(log)
    with open(log, "ab", opener=_private) as output:  # Path.open takes no opener
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(environment), cwd="/", check=False
        )
    if not _wait_until(lambda: status(profile.name, where).named, seconds):
        raise WorkerError("The worker did not start.", _last_words(log, said_before), f"The log is {log}.")
    return status(profile.name, where)


def stop(profile_name: str, paths: Paths | None = None, seconds: float = 15.0) -> bool:
    """Ask the worker to stop and wait until it has; False if none was running.

    Raises:
        WorkerError: it is still there after `seconds`.
    """
    path = (paths or default_paths()).worker_lock(profile_name)
    deadline = time.monotonic() + _NAMING_SECONDS
    while (holder := holder_of(path)) is not None and holder.pid <= 0:
        # Process 0 would be everybody of this terminal: wait until the holder has named itself.
        if time.monotonic() > deadline:
            raise WorkerError("The worker's lock names no process.", remedy="Try again.")
        time.sleep(_LOOK_EVERY)
    if holder is None:
        return False
    try:
        os.kill(holder.pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise WorkerError(f"Process {holder.pid} belongs to somebody else.") from error
    if not _wait_until(lambda: holder_of(path) != holder, seconds):
        raise WorkerError(
            f"The worker (process {holder.pid}) has not stopped after {seconds:.0f} s.",
            remedy=f"It may be killed without loss: kill -9 {holder.pid}",
        )
    return True


def _wait_until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY)
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _rotated(log: Path) -> int:
    """Start a new log where the old one has grown large; return how long it is now, in bytes."""
    size = log.stat().st_size if log.exists() else 0
    if size <= _LOG_KEPT:
        return size
    log.replace(log.with_suffix(".log.1"))
    return 0


def _last_words(log: Path, after: int) -> str:
    lines = log.read_bytes()[after:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1][-500:] if lines else "It said nothing."
