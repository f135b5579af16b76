"""How a child process of the emulator talks with its parent: JSON lines, and an end when the parent ends."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Mapping
from typing import Any

THREAD_LIMITS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""The environment that keeps numpy to one thread; it is read when numpy is first imported."""

Message = Mapping[str, Any]


def tell(message: Message) -> None:
    """Send one message to the parent."""
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _listen(inbox: queue.SimpleQueue[Message]) -> None:
    for line in sys.stdin:
        inbox.put(json.loads(line))
    # The pipe has closed: the parent is gone, however it went. Nobody would hear the rest.
    os._exit(0)


def listen() -> queue.SimpleQueue[Message]:
    """A queue of the parent's messages. When the parent's end of the pipe closes, this process ends at once."""
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    return inbox
