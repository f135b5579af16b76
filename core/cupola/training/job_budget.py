"""A job's own budget: what it has burnt so far, and when it is to be paused."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from cupola_data.models import catalogue
from cupola_data.prices import price_list

from ..models import Event, Job, Phase
from .timeline import TRAINING, stages

BUDGET_KEY = "cupola_budget_usd"
"""Metadata key under which a job that Cupola submits carries its budget in dollars."""


@dataclass(frozen=True, slots=True)
class Burn:
    """What a reinforcement job has used, as far as it can be told while it runs; grader tokens come on top."""

    hours: float
    """Of training by the clock, queueing and pauses left out; the service bills core training time, which is less."""
    usd: float
    budget: float | None

    @property
    def spent_up(self) -> bool:
        """Whether the job is to be paused: rather early than late."""
        return self.budget is not None and self.usd >= self.budget


def burn(job: Job, events: Sequence[Event], now: float) -> Burn | None:
    """What a job has burnt; None for a job that is not billed by the hour or whose price is not known."""
    if job.method != "reinforcement":
        return None
    base = catalogue().find(job.model.partition(".ft-")[0])
    price = price_list().find(base.name if base else job.model, "training_hours", "globalStandard")
    if price is None:
        return None
    seconds = sum(stage.seconds for stage in stages(job, events, now) if stage.name == TRAINING)
    return Burn(seconds / 3600, seconds / 3600 * price.usd, budget_of(job))


def budget_of(job: Job) -> float | None:
    """The budget that a job carries, or None."""
    told = json.loads(job.raw)
    metadata = told.get("metadata") if isinstance(told, dict) else None
    text = metadata.get(BUDGET_KEY) if isinstance(metadata, dict) else None
    try:
        value = float(text) if isinstance(text, str) else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def to_pause(job: Job, events: Sequence[Event], now: float) -> bool:
    """Whether a running job has used up its budget."""
    if job.phase is not Phase.RUNNING or budget_of(job) is None:
        return False
    burnt = burn(job, events, now)
    return burnt is not None and burnt.spent_up


def own_paces(told: Sequence[tuple[Job, Sequence[Event], int | None]], model: str) -> list[float]:
    """Seconds a step of finished reinforcement jobs on a base model, each with its events and last step."""
    base = catalogue().find(model.partition(".ft-")[0])
    found = []
    for job, job_events, last_step in told:
        same = base is not None and catalogue().find(job.model.partition(".ft-")[0]) == base
        if same and job.method == "reinforcement" and job.phase is Phase.SUCCEEDED and last_step:
            seconds = sum(s.seconds for s in stages(job, job_events, job.as_of) if s.name == TRAINING)
            found.append(seconds / last_step)
    return [pace for pace in found if pace > 0]
