"""Does what the background process is asked for; the only place that knows which task goes where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import tasks

Step = Callable[[object], None]
"""Sends an early part of the answer, or with None only asks; raises `DroppedError` when nobody waits any more."""


class DroppedError(Exception):
    """What was asked is not wanted any more."""


class Desk:
    """Remembers open indexes and finished checks between tasks."""

    def __init__(self) -> None:
        from .checking import Checks
        from .rows import Readers

        self._checks, self._readers = Checks(), Readers()

    def do(self, task: Any, step: Step) -> object:
        """Do one task.

        Raises:
            CupolaError: it cannot be done.
            DroppedError: nobody waits for it any more.
        """
        from . import foreseeing, making

        match task:
            case tasks.Scan():
                return making.scanned(task)
            case tasks.Survey():
                return self._checks.survey(task)
            case tasks.Check():
                return self._checks.check(task, step)
            case tasks.Measure():
                return self._checks.measure(task, step)
            case tasks.FindTwins():
                return self._checks.twins(task, step)
            case tasks.ReadRow():
                return self._readers.conversation(task)
            case tasks.ReadRaw():
                return self._readers.raw(task)
            case tasks.FindText():
                return self._readers.find(task, step)
            case tasks.Make():
                return making.made(task)
            case tasks.Foresee():
                return foreseeing.foreseen(task)
        raise TypeError(f"no such task: {task!r}")
