"""What the Benchmarks pane draws: one benchmark's leaderboard as known at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cupola.models import Problem
from cupola.statistics.estimates import UNKNOWN_SCALE, Estimate, Scale
from cupola.statistics.outcomes import OutcomeCounts
from cupola.statistics.verdicts import Verdict
from cupola.store.benchmarks import Run

ROLES = ("teacher", "student", "control")


@dataclass(frozen=True, slots=True)
class ArmView:
    """One arm of a leaderboard."""

    place: int
    """In the benchmark's definition."""
    name: str
    model: str
    score: Estimate | None
    """None before the first graded answer."""
    outcomes: OutcomeCounts
    p50: float | None = None
    """Seconds."""
    p95: float | None = None
    first_token: float | None = None
    """Median seconds to the first token."""
    tokens: float | None = None
    """Mean completion tokens of an answer."""
    usd_per_thousand: float | None = None
    retires: date | None = None
    verdict: Verdict | None = None
    """Against the arm that the others are held against; None for that arm itself."""
    dominated: bool = False
    """Another arm is as good or better, and cheaper."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence of the verdict panel."""

    text: str
    role: str = ""
    """teacher, student or control for what is proposed; "" else."""
    warning: bool = False


@dataclass(frozen=True, slots=True)
class BoardView:
    """A benchmark with everything that its screen shows."""

    name: str
    items: int
    prompts: int
    graders: tuple[str, ...]
    arms: tuple[ArmView, ...] = ()
    """In the order in which they are shown: the best first."""
    reference: int | None = None
    """The place of the arm that the others are held against."""
    family: int = 0
    """How many comparisons the correction is over."""
    scale: Scale = UNKNOWN_SCALE
    margin: float | None = None
    """In the score's unit."""
    run: Run | None = None
    """The newest run; None before the first."""
    advice: tuple[Advice, ...] = ()
    standing: Mapping[str, str] = field(default_factory=dict)
    """The arm last decided on for each role."""
    problem: Problem | None = None
    """Why nothing can be shown."""
