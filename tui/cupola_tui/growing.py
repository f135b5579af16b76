"""One metric's points, kept in memory and read on from where they ended."""

from __future__ import annotations

import numpy as np

from cupola.store import points
from cupola.store.database import Database
from cupola.store.points import Series

READ_WHOLE = 4_000
"""Shorter series are read anew each time: it takes milliseconds and sees late corrections of early points."""


class GrowingSeries:
    """A series that grows at its end. Room is doubled when it runs out, so that a new point costs no copy."""

    def __init__(self, database: Database, job_id: str, metric: str) -> None:
        self._database, self._job_id, self._metric = database, job_id, metric
        self._steps = np.empty(0, np.int64)
        self._values = np.empty(0, np.float64)
        self._length = 0
        self.stale = True
        """The store holds something newer."""

    def read(self) -> Series:
        """Steps and values as the store has them now."""
        if self.stale:
            if self._length < READ_WHOLE:
                self._replace(points.series(self._database, self._job_id, self._metric))
            else:
                self._extend()
            self.stale = False
        return self._steps[: self._length], self._values[: self._length]

    def _extend(self) -> None:
        last = self._length - 1
        steps, values = points.series(self._database, self._job_id, self._metric, int(self._steps[last]))
        if len(steps) < 2:
            # The end is as it was: it is an earlier point that came or changed.
            self._replace(points.series(self._database, self._job_id, self._metric))
            return
        needed = last + len(steps)
        if needed > len(self._steps):
            self._steps = np.concatenate([self._steps[:last], np.empty(2 * needed - last, np.int64)])
            self._values = np.concatenate([self._values[:last], np.empty(2 * needed - last, np.float64)])
        self._steps[last:needed], self._values[last:needed] = steps, values
        self._length = needed

    def _replace(self, series: Series) -> None:
        self._steps, self._values = series
        self._length = len(self._steps)
