"""Which pane a name opens; each one's module is imported when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cupola.settings import Profile
from cupola.store.database import Database

from ..facts import Facts
from .pane import Pane


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What any pane may need."""

    profile: Profile
    database: Database
    facts: Facts
    clock: Callable[[], float]
    config_file: str


def open_pane(name: str, here: Surroundings) -> Pane:
    """Make the pane of this name."""
    return _PANES[name](here)


def _jobs(here: Surroundings) -> Pane:
    from .jobs.pane import JobsPane

    return JobsPane(here.facts, here.profile, here.clock, here.config_file)


def _datasets(here: Surroundings) -> Pane:
    from .datasets.pane import DatasetsPane

    return DatasetsPane(here.facts, here.profile, here.clock)


def _benchmarks(here: Surroundings) -> Pane:
    from ..benchmark_facts import BenchmarkFacts
    from .benchmarks.pane import BenchmarksPane

    return BenchmarksPane(BenchmarkFacts(here.database), here.profile, here.clock)


def _checkpoints(here: Surroundings) -> Pane:
    from ..checkpoint_facts import CheckpointFacts
    from .checkpoints.pane import CheckpointsPane

    return CheckpointsPane(CheckpointFacts(here.facts), here.profile, here.clock)


def _deployments(here: Surroundings) -> Pane:
    from .deployments.pane import DeploymentsPane

    return DeploymentsPane(here.database, here.profile, here.clock)


def _activity(here: Surroundings) -> Pane:
    from .activity.pane import ActivityPane

    return ActivityPane(here.facts, here.profile, here.clock, here.config_file)


_PANES: dict[str, Callable[[Surroundings], Pane]] = {
    "jobs": _jobs,
    "datasets": _datasets,
    "benchmarks": _benchmarks,
    "checkpoints": _checkpoints,
    "deployments": _deployments,
    "activity": _activity,
}
