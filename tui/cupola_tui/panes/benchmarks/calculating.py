"""Leaderboards on their way to the screen: kept ones at once, exact ones from a thread, one after another."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...benchmark_facts import BenchmarkFacts
from .keeping import from_text
from .working import Shelf, Task, Worked

Spawn = Callable[[Callable[[], None]], object]
"""Runs something in a thread; what it ran before is no longer waited for."""


class Calculation:
    """Knows what was worked out and what is under way. Made and asked in the screen's own thread."""

    def __init__(
        self,
        facts: BenchmarkFacts,
        work_out: Callable[[Task], Worked],
        spawn: Spawn,
        report: Callable[[Worked, float], object],
    ) -> None:
        self._facts, self._work_out, self._spawn, self._report = facts, work_out, spawn, report
        self._shelf = Shelf()
        self._under_way: Task | None = None
        """What is being worked out, if that is still asked for."""

    @property
    def working(self) -> bool:
        """Something newer than what is shown is under way."""
        return self._under_way is not None

    def want(self, task: Task | None) -> None:
        """Begin, unless just that is known; newer results of the same wait for what is under way."""
        if task is None or self._shelf.exact(task) is not None:
            self._under_way = None
        elif self._under_way is None or self._under_way.key != task.key:
            self._under_way = task
            self._spawn(lambda: self._go(task))

    def take(self, worked: Worked) -> bool:
        """Put down what came of a task; False if something else was asked for meanwhile."""
        if self._under_way is None or not self._under_way.same(worked.task):
            return False
        self._under_way = None
        self._shelf.keep(worked)
        return True

    def is_known(self, task: Task) -> bool:
        """Whether just this was worked out."""
        return self._shelf.exact(task) is not None

    def newest(self, task: Task | None) -> Worked | None:
        """The best there is to show for a task; before anything was worked out here, what was kept of it."""
        if task is None:
            return None
        found = self._shelf.latest(task)
        if found is not None:
            return found
        text = self._facts.kept_board(task.run, task.view)
        return None if text is None else from_text(text, task)

    def _go(self, task: Task) -> None:
        started = time.monotonic()
        worked = self._work_out(task)
        self._report(worked, time.monotonic() - started)
