"""Start an emulator on a state of its own and let every client walk through it; run as `python -m tests.clients`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".venv-clients"

WALKS = (("litellm", "with_management"), ("litellm", "with_litellm"), ("inspect", "with_inspect"))
"""An environment and the script that runs in it; each builds on what those before it have left in the service."""

SPEED = 100
"""High, and still low enough that a developer deployment lives longer than the walks take."""

_PATIENCE_SECONDS = 600.0


@contextmanager
def _emulator(state: Path) -> Iterator[str]:
    """Serve on a free port; gives the ready line."""
    arguments = ["emulator", "--port", "0", "--state", str(state), "--speed", str(SPEED)]
    command = [sys.executable, "-m", "cupola.cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = process.stdout.readline()
            if not ready:
                raise RuntimeError("The emulator did not start; what it said stands above.")
            yield ready
        finally:
            process.terminate()


def _surroundings(home: Path) -> dict[str, str]:
    """Environment variables for a client: nobody's keys, proxies or configuration, and a home that goes away."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    # LiteLLM would otherwise ask the network for prices as it is imported.
    return {**kept, "HOME": str(home), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def _walk(environment: str, script: str, ready: str, home: Path) -> bool:
    """Run one client's script; gives whether every step passed."""
    command = [str(ENVIRONMENTS / environment / "bin" / "python"), "-m", f"{__package__}.{script}"]
    started = time.monotonic()
    done = subprocess.run(
        command, input=ready, text=True, cwd=ROOT, env=_surroundings(home), timeout=_PATIENCE_SECONDS, check=False
    )
    verdict = "every step passed" if done.returncode == 0 else "FAILED"
    _say(f"{script}: {verdict}, {time.monotonic() - started:.0f} s\n")
    return done.returncode == 0


def main() -> int:
    """Let each client walk; 1 when one failed."""
    with tempfile.TemporaryDirectory() as folder, _emulator(Path(folder) / "state") as ready:
        _say(f"emulator at {json.loads(ready)['endpoint']}, speed {SPEED}\n")
        passed = [_walk(environment, script, ready, Path(folder)) for environment, script in WALKS]
    _say("every client passed" if all(passed) else f"{passed.count(False)} of {len(passed)} clients failed")
    return 0 if all(passed) else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
