"""How long a job queued, validated, trained and rested, read from its events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..models import Event, Job, Phase

QUEUED, VALIDATING, TRAINING, EVALUATING, PAUSED = "queued", "validating", "training", "evaluating", "paused"

_MARKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), stage)
    for pattern, stage in (
        (r"^job enqueued|waiting for (jobs|gpus)", QUEUED),
        (r"^preprocessing|^data import|validating", VALIDATING),
        (r"^(job )?(pausing|paused)", PAUSED),
        (r"^training started|^step \d+|^(job )?resum", TRAINING),
        (r"^job succeeded|^model evaluation|safety", EVALUATING),
    )
)

_STAGE_OF_PHASE = {Phase.QUEUED: QUEUED, Phase.VALIDATING: VALIDATING, Phase.PAUSED: PAUSED}


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of a job's life."""

    name: str
    started_at: float
    seconds: float
    open: bool
    """It still goes on."""


def stages(job: Job, events: Sequence[Event], now: float) -> list[Stage]:
    """The stages of a job in order, from its events (oldest first); the last one is open while the job lives.

    Stages that follow each other under one name are one. Event times have a resolution of a second.
    """
    marks: list[tuple[float, str]] = [(job.created_at, QUEUED)]
    for event in events:
        name = _stage_of(event.message)
        if name and name != marks[-1][1]:
            marks.append((max(event.created_at, marks[-1][0]), name))
    forced = _STAGE_OF_PHASE.get(job.phase)
    if forced and forced != marks[-1][1]:
        marks.append((max([event.created_at for event in events[-1:]] + [marks[-1][0]]), forced))
    end = _end(job, events, now)
    ends = [start for start, _ in marks[1:]] + [end]
    ended = job.phase.ended
    found = [
        Stage(name, start, max(0.0, stop - start), not ended and index == len(marks) - 1)
        for index, ((start, name), stop) in enumerate(zip(marks, ends, strict=True))
    ]
    return [stage for stage in found if stage.seconds >= 1 or stage.open] or found[-1:]


def _stage_of(message: str) -> str | None:
    return next((stage for pattern, stage in _MARKS if pattern.search(message)), None)


def _end(job: Job, events: Sequence[Event], now: float) -> float:
    if not job.phase.ended:
        return now
    if job.finished_at is not None:
        return float(job.finished_at)
    return float(events[-1].created_at) if events else float(job.created_at)
