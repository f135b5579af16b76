"""The demo's emulator as a process: found again, started, stopped, forgotten."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from ...errors import CupolaError
from ...paths import Paths
from ...settings import DATED_API_VERSION

_START_SECONDS = 30.0
_ANSWER_SECONDS = 2.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Resource:
    """Where the emulator is and how to come in, as it announced itself."""

    endpoint: str
    api_key: str = field(repr=False)


def announced(paths: Paths) -> Resource | None:
    """What the last started emulator said, running or not; None if there is nothing to read."""
    try:
        line = _ready_file(paths).read_text("utf-8")
        told = json.loads(line.splitlines()[0])
        resource = Resource(str(told["endpoint"]), str(told["api_key"]))
    except (OSError, ValueError, IndexError, KeyError, TypeError):
        return None
    # The key goes to this machine only, whatever the file says.
    return resource if urlsplit(resource.endpoint).hostname in ("127.0.0.1", "localhost", "::1") else None


def answers(resource: Resource) -> bool:
    """Whether an emulator with that key answers there now."""
    # The screen reads this module as it starts, and this import would be felt.
    import urllib.error
    import urllib.request

    url = f"{resource.endpoint}/openai/models?api-version={DATED_API_VERSION}"
    request = urllib.request.Request(url, headers={"api-key": resource.api_key})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_ANSWER_SECONDS) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def running(paths: Paths) -> Resource | None:
    """The emulator that answers now, or None."""
    resource = announced(paths)
    return resource if resource and answers(resource) else None


def started(paths: Paths, environment: Mapping[str, str], speed: float) -> Resource:
    """The running emulator, else a new one on the state of the last, on its old port if that is free.

    Raises:
        CupolaError: it did not start; the log says why.
    """
    found = running(paths)
    if found:
        return found
    before = announced(paths)
    port = urlsplit(before.endpoint).port if before else None
    for candidate in (port, 0) if port else (0,):
        if _spawn(paths, environment, speed, candidate):
            resource = running(paths)
            if resource:
                return resource
    log = paths.log("emulator")
    last = log.read_text("utf-8", "replace").strip().splitlines()[-1:] if log.exists() else []
    raise CupolaError("The local emulator did not start.", " ".join(last)[-500:], f"The log is {log}.")


def stop(paths: Paths) -> bool:
    """Stop the running emulator and wait until it has; False if none answered.

    Raises:
        CupolaError: it is still there after ten seconds.
    """
    resource = running(paths)
    if resource is None:
        return False
    # The emulator answers, so the process id in its lock is its own.
    pid = int((paths.emulator_state / "lock").read_text("ascii"))
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _exists(pid):
        if time.monotonic() > deadline:
            raise CupolaError(f"The emulator (process {pid}) has not stopped.", remedy=f"Kill it: kill -9 {pid}")
        time.sleep(0.05)
    return True


def forget(paths: Paths) -> None:
    """Delete the emulator's state. It must have been stopped."""
    shutil.rmtree(paths.emulator_state)


def _spawn(paths: Paths, environment: Mapping[str, str], speed: float, port: int) -> bool:
    """Start an emulator detached; whether it announced itself in time."""
    ready = _ready_file(paths)
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "cupola.cli", "emulator", "--detach", "--state", str(paths.emulator_state)]
    command += ["--port", str(port), "--speed", str(speed)]
    with _private(ready) as out, _private(paths.log("emulator")) as err:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=dict(environment), cwd="/", check=False
        )
    deadline = time.monotonic() + _START_SECONDS
    while announced(paths) is None and time.monotonic() < deadline:
        if _has_failed(paths):
            return False
        time.sleep(0.05)
    return announced(paths) is not None


def _has_failed(paths: Paths) -> bool:
    lines = paths.log("emulator").read_text("utf-8", "replace").strip().splitlines()
    return bool(lines) and (lines[-1].startswith("cupola: ") or "Error" in lines[-1])


def _ready_file(paths: Paths) -> Path:
    return paths.emulator_state / "ready.json"


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
