"""Steps of a client's script: each says what it did, and one that fails does not keep the next from running."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

API_VERSION = "2025-04-01-preview"

BATCH_DEPLOYMENT = "gpt-4.1-batch"
"""A deployment that takes batches; the management client leaves it behind for the others."""

TUNED_DEPLOYMENT = "cora-nano"
"""The model that LiteLLM's job has tuned, deployed for Inspect to evaluate."""

Step = Callable[[], object]
"""Does one thing and gives what came of it, to be shown; its docstring says what it does."""


def ready_line() -> dict[str, Any]:
    """What the emulator announced, from standard input."""
    ready = json.loads(sys.stdin.readline())
    assert isinstance(ready, dict)
    return ready


def run(steps: Iterable[Step]) -> int:
    """Run every step in its order and show each result; give how many failed."""
    logging.basicConfig(format="%(message)s")
    failed = 0
    for step in steps:
        what = step.__doc__ or step.__name__
        try:
            result = step()
            say(f"    ok  {what}\n        {result}")
        except Exception:
            logging.exception("FAILED  %s", what)
            failed += 1
    return failed


def say(text: str) -> None:
    """Show a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def until(found: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Ask again until something comes back. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.25)
    raise TimeoutError(f"Nothing after {seconds:g} seconds.")
