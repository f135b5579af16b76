"""The noise floor: an arm asked everything a second time, and how much it differs from itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..statistics.noise import NoiseFloor, noise_floor
from .definition import Benchmark
from .leaderboard import Leaderboard

_SECOND = " (again)"


@dataclass(frozen=True, slots=True)
class ArmNoise:
    """One arm against itself."""

    index: int
    """Of its first run."""
    name: str
    floor: NoiseFloor


def with_second_run(benchmark: Benchmark, name: str) -> Benchmark:
    """The same benchmark with one arm twice; what the first run answered is not asked again.

    Raises:
        UsageError: there is no such arm.
    """
    arm = benchmark.arms[benchmark.arm_index(name)]
    second = replace(arm, name=f"{arm.name}{_SECOND}", series=arm.series + 1)
    if any(other.name == second.name for other in benchmark.arms):
        return benchmark
    return replace(benchmark, arms=(*benchmark.arms, second))


def noise_of(board: Leaderboard) -> tuple[ArmNoise, ...]:
    """The noise floor of every arm that was run twice, by the board's view."""
    arms = board.benchmark.arms
    found = []
    for index, arm in enumerate(arms):
        again = next((at for at, other in enumerate(arms) if other.name == f"{arm.name}{_SECOND}"), None)
        if again is None:
            continue
        first, second = board.judged[index], board.judged[again]
        if np.isnan(first.scores + second.scores).all():
            continue
        floor = noise_floor(
            (first.scores, second.scores), (first.passes, second.passes), board.clusters, board.view.scale
        )
        found.append(ArmNoise(index, arm.name, floor))
    return tuple(found)
