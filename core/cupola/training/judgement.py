"""What a job's curves carry, as one level and one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..models import Checkpoint, Job
from .epoch_choice import METRICS, choose_epoch
from .overfit import overfit
from .watches import Level, Series, Verdict, of_rewards, of_training_loss


def verdict(job: Job, series: Mapping[str, Series], checkpoints: Sequence[tuple[Checkpoint, bool]] = ()) -> Verdict:
    """Judge a job by its curves, and name the epoch to keep once it has ended.

    Args:
        job: Which.
        series: (steps, values) by metric.
        checkpoints: Each with whether the service still holds it.
    """
    if job.method == "reinforcement":
        return of_rewards(series)
    alone = of_training_loss(series)
    if alone.level in (Level.EARLY, Level.BAD) or not any(len(series[name][1]) for name in METRICS if name in series):
        return alone
    found = overfit(series)
    choice = choose_epoch(checkpoints, series) if job.phase.ended else None
    advice = f"{choice.sentence[:1].upper()}{choice.sentence[1:]}." if choice is not None else found.remedy
    return Verdict(found.level, f"{found.sentence}. {advice}" if advice else found.sentence)
