"""What a verb about evaluations is about: a reinforcement job's, one opened by its id, or one from a file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...errors import UsageError
from ...models import Job
from ...store import evaluations
from ...store.database import Database
from ...training import stored_evals
from ...training.auto_evals import AutoEvals
from ..context import Context, Session, session_of, store_of
from ..fresh import refreshed
from ..naming import find


@dataclass(frozen=True, slots=True)
class Subject:
    """An evaluation and whose it is."""

    session: Session
    database: Database
    code: int
    """The exit code to end with: not 0 if the service could not be asked."""
    owner: str
    """The job's id, or the evaluation's own."""
    name: str
    job: Job | None

    def evals(self) -> AutoEvals:
        """Its runs as one table.

        Raises:
            UsageError: none is stored.
        """
        if self.job is not None:
            found = stored_evals.read(self.database, self.job)
            remedy = "Only reinforcement jobs have them, from their first validation pass on."
        else:
            found = stored_evals.read_any(self.database, self.owner)
            remedy = "Its runs are fetched as they end; look again in a moment."
        if found is None:
            raise UsageError(f"No auto-evals of {self.name} are known.", remedy)
        return found


@contextmanager
def opened(options: argparse.Namespace, context: Context) -> Iterator[Subject]:
    """The subject that a command line names in `job`: a job, or an evaluation's id."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        known = evaluations.get(database, options.job)
        if known is not None and known.job_id == known.id:
            yield Subject(session, database, 0, known.id, known.name or known.id, None)
            return
        code = refreshed(session, context, database, options.offline, options.job)
        job = find(database, options.job)
        yield Subject(session, database, code, job.id, job.name, job)
