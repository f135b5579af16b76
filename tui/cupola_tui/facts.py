"""What the panes know: the store's records, read once and then only as far as they changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cupola.models import Checkpoint, Event, Health, Intent, IntentState, Job
from cupola.store import checkpoints, events, health, intents, jobs
from cupola.store.database import Database

if TYPE_CHECKING:
    from cupola.store.points import Series

    from .growing import GrowingSeries

_OPEN = (IntentState.WANTED, IntentState.TAKEN)
_JOBS_KEPT = 32
"""Of how many jobs logs and curves are held in memory."""


@dataclass(slots=True)
class _JobFacts:
    events: list[Event] | None = None
    checkpoints: list[tuple[Checkpoint, bool]] | None = None
    metrics: list[str] | None = None
    last_step: int | None = None
    series: dict[str, GrowingSeries] = field(default_factory=dict)
    stale_events: bool = True
    stale_points: bool = True


class Facts:
    """A reader over one connection. `changed` tells it which topics moved; all else is answered from memory."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._jobs: list[Job] | None = None
        self._of_job: OrderedDict[str, _JobFacts] = OrderedDict()

    def changed(self, topics: Iterable[str]) -> None:
        """Forget what these topics cover."""
        for topic in topics:
            family, _, job_id = topic.partition("/")
            if family == "jobs":
                self._jobs = None
            known = self._of_job.get(job_id)
            if known is None:
                continue
            if family == "events":
                known.stale_events = True
            elif family == "checkpoints":
                known.checkpoints = None
            elif family == "points":
                known.metrics, known.stale_points = None, True
                for series in known.series.values():
                    series.stale = True

    def jobs(self) -> list[Job]:
        """All jobs, newest first."""
        if self._jobs is None:
            self._jobs = jobs.newest(self.database)
        return self._jobs

    def health(self) -> Health:
        """How the talk with the service goes."""
        return health.get(self.database)

    def events(self, job_id: str) -> list[Event]:
        """A job's whole log, oldest first. Only what was added since is read."""
        known = self._facts(job_id)
        if known.events is None:
            known.events = events.of_job(self.database, job_id)
        elif known.stale_events:
            known.events = known.events + events.of_job(self.database, job_id, after=len(known.events))
        known.stale_events = False
        return known.events

    def checkpoints(self, job_id: str) -> list[tuple[Checkpoint, bool]]:
        """A job's checkpoints by rising step, each with whether it can be deployed."""
        known = self._facts(job_id)
        if known.checkpoints is None:
            known.checkpoints = checkpoints.of_job(self.database, job_id)
        return known.checkpoints

    def metrics(self, job_id: str) -> list[str]:
        """The names of a job's metrics."""
        from cupola.store import points

        known = self._facts(job_id)
        if known.metrics is None:
            known.metrics = points.metrics(self.database, job_id)
        return known.metrics

    def last_step(self, job_id: str) -> int | None:
        """A job's highest step with a measurement."""
        from cupola.store import points

        known = self._facts(job_id)
        if known.stale_points:
            known.last_step = points.last_step(self.database, job_id)
            known.stale_points = False
        return known.last_step

    def series(self, job_id: str, metric: str) -> Series:
        """A metric's steps and values; of a long series only the new end is read."""
        from .growing import GrowingSeries

        known = self._facts(job_id)
        if metric not in known.series:
            known.series[metric] = GrowingSeries(self.database, job_id, metric)
        return known.series[metric].read()

    def wishes(self, limit: int = 100) -> list[Intent]:
        """The last wishes, newest first."""
        return intents.newest(self.database, limit)

    def open_wishes(self, job_id: str) -> list[Intent]:
        """What was asked of a job and not answered yet."""
        return [wish for wish in self.wishes() if wish.target == job_id and wish.state in _OPEN]

    def open_submissions(self) -> list[Intent]:
        """New jobs that were asked for and are not at the service yet."""
        return [wish for wish in self.wishes() if wish.kind == "job.submit" and wish.state in _OPEN]

    def _facts(self, job_id: str) -> _JobFacts:
        known = self._of_job.get(job_id)
        if known is None:
            known = self._of_job[job_id] = _JobFacts()
            while len(self._of_job) > _JOBS_KEPT:
                self._of_job.popitem(last=False)
        self._of_job.move_to_end(job_id)
        return known
