"""Which job a person means."""

from __future__ import annotations

from ..errors import UsageError
from ..models import Job
from ..store import jobs
from ..store.database import Database


def find(database: Database, name: str) -> Job:
    """The job that a person means: by id, by the beginning of an id, or the newest of that suffix.

    Raises:
        UsageError: there is none, or several begin so.
    """
    known = jobs.newest(database)
    for exact in (lambda job: job.id == name, lambda job: job.suffix == name):
        found = next(filter(exact, known), None)
        if found:
            return found
    begin = [job for job in known if job.id.startswith(name)]
    if len(begin) == 1:
        return begin[0]
    if begin:
        raise UsageError(f"{len(begin)} jobs begin with {name!r}.", remedy="Give more of the id.")
    raise UsageError(f"No job is known as {name!r}.", remedy="`cupola job list` tells all.")
