"""When a job will have trained its last step, as a range from its own pace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..models import Event, Job, Phase

_STEP = re.compile(r"^Step (\d+)\b")


@dataclass(frozen=True, slots=True)
class Remaining:
    """Seconds to the last training step, low and high. What follows it (safety evaluation) is not in it."""

    low: float
    high: float


def remaining(
    job: Job, events: Sequence[Event], last_step: int | None, total_steps: int | None, now: float
) -> Remaining | None:
    """The range that the job's pace so far allows, or None while there is too little to go by.

    The pace is seconds a step between the step events seen; the range spans its 10th and 90th percentile and at
    least 15% either way, since a job's queueing for GPUs and evaluations come on top without notice.
    """
    if job.phase is not Phase.RUNNING or last_step is None or not total_steps:
        return None
    marks = step_times(events)
    if len(marks) < 3:
        return None
    steps, times = np.array(marks, dtype=float).T
    paces = np.diff(times) / np.diff(steps)
    # Event times are whole seconds, so that quick steps have paces of 0 and 1: only the average over several is real.
    if paces.size >= 8 and np.median(np.diff(times)) < 5:
        width = paces.size // 4
        paces = (times[width:] - times[:-width]) / (steps[width:] - steps[:-width])
    low, middle, high = np.quantile(paces, [0.1, 0.5, 0.9])
    left = max(0, total_steps - last_step)
    since = max(0.0, now - times[-1]) if last_step == steps[-1] else 0.0
    fast, slow = min(low, middle / 1.15) * left, max(high, middle * 1.15) * left
    return Remaining(max(0.0, fast - since), max(0.0, slow - since))


def step_times(events: Sequence[Event]) -> list[tuple[int, int]]:
    """Steps that events tell of, rising, each with its time in unix seconds."""
    marks: list[tuple[int, int]] = []
    for event in events:
        match = _STEP.match(event.message)
        if match and (not marks or int(match[1]) > marks[-1][0]):
            marks.append((int(match[1]), event.created_at))
    return marks
