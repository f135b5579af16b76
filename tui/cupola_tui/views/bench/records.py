"""What the Benchmarks pane draws: one benchmark as known at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.leaderboard import Leaderboard
from cupola.benchmarks.power import Sight
from cupola.benchmarks.roles import Proposal
from cupola.models import Problem
from cupola.store.benchmarks import Run

ROLES = ("teacher", "student", "control")


@dataclass(frozen=True, slots=True)
class Told:
    """What was estimated before a run, each as its least and its most."""

    calls: tuple[float, float]
    tokens: tuple[float, float]
    usd: tuple[float, float]
    minutes: tuple[float, float]


@dataclass(frozen=True, slots=True)
class BoardView:
    """A benchmark with everything that its screen shows."""

    benchmark: Benchmark
    run: Run | None = None
    """The newest run; None before the first."""
    board: Leaderboard | None = None
    """None until the run has begun."""
    proposals: tuple[Proposal, ...] = ()
    """Teacher, student and control."""
    notes: tuple[str, ...] = ()
    """What else the numbers say: what could be seen at this n, the noise floor."""
    standing: Mapping[str, str] = field(default_factory=dict)
    """The arm last decided on for each role."""
    dominated: frozenset[int] = frozenset()
    """Arms than which another scores at least as high for no more money."""
    working: bool = False
    """The newest results are still being worked out; the board is None or an earlier one."""
    problem: Problem | None = None
    """Why results cannot be shown."""
    place: int = 0
    """Of this benchmark among all."""
    count: int = 1
    """How many benchmarks there are."""
    runs: int = 0
    """How many runs of this one there are."""
    earlier: bool = False
    """The run is not the newest."""
    sight: Sight | None = None
    """What it could show, before there are results."""
    estimate: Told | None = None
    """What was told before the run was begun; None if it was begun elsewhere."""
