"""Rows of the list of jobs: sign, name, method, model, progress, time left; and the filter over them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cupola.models import Job, Phase

from ..lines import Line, line
from .words import duration_range

if TYPE_CHECKING:
    from cupola.training.curves import Progress
    from cupola.training.forecast import Remaining

_DAY = 86_400.0

SIGNS: dict[Phase, tuple[str, str]] = {
    Phase.QUEUED: ("○", "muted"),
    Phase.VALIDATING: ("◌", "info"),
    Phase.RUNNING: ("●", "info"),
    Phase.PAUSING: ("‖", "warn"),
    Phase.PAUSED: ("‖", "warn"),
    Phase.RESUMING: ("●", "info"),
    Phase.SUCCEEDED: ("✓", "good"),
    Phase.FAILED: ("✗", "bad"),
    Phase.CANCELLED: ("⊘", "muted"),
    Phase.UNKNOWN: ("?", "warn"),
}
"""A sign and an ink for each phase; the sign alone tells them apart."""

_METHODS = {"supervised": "sft", "dpo": "dpo", "reinforcement": "rft"}
_DATE = re.compile(r"-20\d\d-\d\d-\d\d\b")
BAR_WIDTH = 8


def method(job: Job) -> str:
    """The method's short name, or the service's own word for it."""
    return _METHODS.get(job.method, job.method)


def model(job: Job) -> str:
    """The model without its date."""
    return _DATE.sub("", job.model)


def cells(job: Job, progress: Progress | None, remaining: Remaining | None) -> tuple[Line, ...]:
    """The cells of a job's row."""
    sign, ink = SIGNS[job.phase]
    return (
        line((sign, ink)),
        line((job.name, "" if job.phase is not Phase.CANCELLED else "muted")),
        line((method(job), "muted")),
        line((model(job), "muted")),
        progress_cell(job, progress),
        line((duration_range(remaining.low, remaining.high), "")) if remaining else line(("–", "faint")),
    )


def progress_cell(job: Job, progress: Progress | None) -> Line:
    """A bar with its share, the step where the total is unknown, or the word for the phase."""
    share = progress.share if progress else None
    if job.phase in (Phase.RUNNING, Phase.PAUSING, Phase.RESUMING) and progress is not None:
        if share is None:
            return line((f"step {progress.step}", "info"))
        return (*bar(share, BAR_WIDTH), *line(f" {share:>4.0%}"))
    if job.phase is Phase.PAUSED:
        return line(("paused" if share is None else f"paused at {share:.0%}", "warn"))
    words = {Phase.SUCCEEDED: "done", Phase.UNKNOWN: job.status}
    ink = {Phase.FAILED: "bad", Phase.SUCCEEDED: "good"}.get(job.phase, "muted")
    return line((words.get(job.phase, job.phase.value), ink))


def bar(share: float, width: int, ink: str = "info") -> Line:
    """A bar in half cells; `share` is from 0 to 1."""
    full, half = divmod(round(min(1.0, max(0.0, share)) * width * 2), 2)
    done = "━" * full + "╸" * half
    return line((done, ink), ("─" * (width - len(done)), "track"))


def needs_you(jobs: Iterable[Job], now: float) -> int:
    """How many jobs wait for a person: paused ones, and those that failed within a day."""
    return sum(
        job.phase is Phase.PAUSED or (job.phase is Phase.FAILED and now - (job.finished_at or job.created_at) < _DAY)
        for job in jobs
    )


def running(jobs: Iterable[Job]) -> int:
    """How many jobs are under way."""
    return sum(job.phase.moving for job in jobs)


def matching(jobs: Sequence[Job], words: str) -> list[Job]:
    """The jobs in which every word is found, and none that begins with `!`."""
    wanted = words.lower().split()
    return [job for job in jobs if all(_matches(job, word) for word in wanted)]


def _matches(job: Job, word: str) -> bool:
    without = word.startswith("!")
    text = f"{job.name} {job.id} {job.model} {job.method} {method(job)} {job.status} {job.phase.value}".lower()
    return (word.removeprefix("!") in text) is not without or word == "!"


SORTS = ("created", "phase", "name", "method", "model")


def ordered(jobs: Sequence[Job], by: str, falling: bool) -> list[Job]:
    """The jobs in another order; equal ones stay as they were, newest first."""
    keys = {
        "created": lambda job: -job.created_at,
        "phase": lambda job: list(Phase).index(job.phase),
        "name": lambda job: job.name.lower(),
        "method": method,
        "model": lambda job: job.model.lower(),
    }
    return sorted(jobs, key=keys[by], reverse=falling)
