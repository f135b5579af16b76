"""What Cupola has made at the service and nothing needs any more; found in the store alone, removed by nobody here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..models import IntentState
from ..store import benchmarks, datasets, deployments, files, intents, jobs, workflows
from ..store.benchmarks import RunState
from ..store.database import Database
from ..store.deployments import Deployment, State
from .tiers import hosting

EVAL_DELETE = "eval.delete"
FILE_DELETE = "file.delete"

_IDLE_SECONDS = 24 * 3_600.0
_YOUNG_SECONDS = 24 * 3_600.0
"""Files this young may be about to be used."""

_OF_WORKFLOW = re.compile(r"\w+ (\d+): ")


@dataclass(frozen=True, slots=True)
class Orphan:
    """One thing that could go."""

    kind: str
    """deployment, file or eval."""
    name: str
    """The deployment's name, or the service's id."""
    about: str
    why: str
    usd_per_hour: float | None = 0.0
    """What it costs for being there."""


def orphans(database: Database, now: float) -> list[Orphan]:
    """All that could go: deployments first, since they may cost by the hour."""
    return [*_deployments(database, now), *_files(database, now), *_evals(database)]


def wish_away(database: Database, found: Iterable[Orphan], now: float) -> None:
    """Write down that orphans are to go."""
    for one in found:
        if one.kind == "deployment":
            deployments.want_gone(database, one.name, now, f"Swept: {one.why}.")
        else:
            intents.wish(database, EVAL_DELETE if one.kind == "eval" else FILE_DELETE, one.name, now)


def _deployments(database: Database, now: float) -> Iterator[Orphan]:
    for row in deployments.all_deployments(database):
        why = _why(database, row, now) if row.ours and row.stands and row.state is not State.REMOVING else ""
        if why:
            yield Orphan("deployment", row.name, row.model, why, hosting(row.model, row.sku).usd_per_hour)


def _why(database: Database, row: Deployment, now: float) -> str:
    if row.state is State.FAILED:
        return "it failed, and what is left of it stands"
    match = _OF_WORKFLOW.match(row.purpose)
    workflow = workflows.get(database, int(match[1])) if match and len(match[1]) < 18 else None
    if workflow is not None and workflow.state.ended:
        return f"it was made for {row.purpose}, which is {workflow.state}"
    idle = now - (row.idle_since if row.idle_since is not None else row.wanted_at)
    if row.state is State.READY and row.fuse_at is None and idle >= _IDLE_SECONDS:
        return "it has no fuse, and Cupola has not asked it for a day"
    return ""


def _files(database: Database, now: float) -> Iterator[Orphan]:
    """Files that Cupola has sent and no job, upload or open run names."""
    used = {name for job in jobs.newest(database) for name in (job.training_file, job.validation_file)}
    used |= {str(value) for run in benchmarks.runs_in(database, *_moving()) for value in run.remote.values()}
    used |= {upload.file_id for upload in datasets.uploads(database) if upload.state.open}
    sent = datasets.contents(database)
    for file in files.files(database):
        if file.id in sent and file.id not in used and now - file.created_at >= _YOUNG_SECONDS:
            yield Orphan("file", file.id, file.filename, "Cupola sent it more than a day ago, and no job names it")


def _evals(database: Database) -> Iterator[Orphan]:
    """Evaluations of benchmark runs that have ended; what they found is in the store."""
    open_ones = {run.remote.get("eval") for run in benchmarks.runs_in(database, *_moving())}
    # Wishes to delete, open or granted.
    seen = {
        wish.target
        for wish in intents.newest(database, 10_000)
        if wish.kind == EVAL_DELETE and wish.state is not IntentState.FAILED
    }
    for run in benchmarks.runs(database):
        name = run.remote.get("eval")
        if run.state is RunState.DONE and isinstance(name, str) and name not in open_ones | seen:
            seen.add(name)
            yield Orphan("eval", name, f"{run.benchmark}, run {run.id}", "its run is done, and its results are here")


def _moving() -> list[RunState]:
    return [state for state in RunState if state.moving]
