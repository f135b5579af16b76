"""Leaving a terminal behind for good."""

from __future__ import annotations

import os


def detached() -> bool:
    """Fork twice: True in the process that goes on without a terminal or parent, False in the one to end now.

    To be called before any thread exists and anything heavy is imported.
    """
    if os.fork():
        return False
    os.setsid()
    # A session's leader could take a terminal for its own; its child cannot.
    if os.fork():
        os._exit(0)
    return True
