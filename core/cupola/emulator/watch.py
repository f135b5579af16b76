"""Tell of background tasks that fail, which nobody awaits until the end."""

from __future__ import annotations

import asyncio
import logging

_LOG = logging.getLogger("cupola.emulator")


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOG.critical("A part of the emulator has stopped working.", exc_info=task.exception())


def watched(task: asyncio.Task[None]) -> asyncio.Task[None]:
    """The same task, its failure logged when it happens."""
    task.add_done_callback(_report)
    return task
