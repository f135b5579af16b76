"""What a running reinforcement job has not used yet: steps, hours and dollars that a pause saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..models import Checkpoint, Event, Job
from .curves import progress
from .forecast import remaining
from .job_budget import burn


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to the last step."""

    steps: int
    seconds: tuple[float, float] | None
    """Low and high; None where the job's pace is not known."""
    usd: tuple[float, float] | None
    """Of training, graders' tokens left out; None where the price or the pace is not known."""

    @property
    def words(self) -> str:
        """As a phrase: 45 steps, 2.1 to 2.9 h, $210 to $290."""
        parts = [f"{self.steps:,} step{'' if self.steps == 1 else 's'}"]
        if self.seconds is not None:
            low, high = (seconds / 3_600 for seconds in self.seconds)
            parts.append(f"{low * 60:.0f} to {high * 60:.0f} min" if high < 2 else f"{low:.1f} to {high:.1f} h")
        if self.usd is not None:
            parts.append("$" + " to $".join(f"{usd:,.2f}" if usd < 100 else f"{usd:,.0f}" for usd in self.usd))
        return ", ".join(parts)


def left_to_pay(
    job: Job, events: Sequence[Event], last_step: int | None, checkpoints: Sequence[Checkpoint], now: float
) -> Left | None:
    """What is left of a running job; None where its last step is not known."""
    known = progress(job, events, last_step, checkpoints)
    if known is None or known.total is None or known.total <= known.step:
        return None
    pace = remaining(job, events, known.step, known.total, now)
    if pace is None:
        return Left(known.total - known.step, None, None)
    burnt = burn(job, events, now)
    usd = None
    if burnt is not None and burnt.hours > 0:
        hourly = burnt.usd / burnt.hours
        usd = pace.low / 3_600 * hourly, pace.high / 3_600 * hourly
    return Left(known.total - known.step, (pace.low, pace.high), usd)
