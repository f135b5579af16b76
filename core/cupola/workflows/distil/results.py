"""What each role's answers came to, on one and the same list of items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...benchmarks.definition import Arm, Benchmark, from_json
from ...benchmarks.items import items_of
from ...benchmarks.leaderboard import load_table
from ...benchmarks.outcomes import judged
from ...benchmarks.table import Kind
from ...errors import CupolaError
from ...statistics.clusters import Clusters, clusters_of
from ...statistics.outcomes import OutcomeCounts
from ...statistics.pairing import Provenance
from ...store import benchmarks
from ...store.benchmarks import Run
from ...store.database import Database
from .definition import Distillation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One role's answers. Arrays are (items,) in the order of the test's items; NaN is no value."""

    name: str
    deployment: str
    model: str
    scores: Floats
    passes: Floats
    seconds: Floats
    usd: Floats
    prompt_tokens: Floats
    completion_tokens: Floats
    outcomes: OutcomeCounts
    provenance: Provenance
    run: int = 0


@dataclass(frozen=True, slots=True)
class Items:
    """The test's items, each as often as it is repeated."""

    prompts: tuple[str, ...]
    """(items,): the hash of each item's prompt under the test's own prompt; repeats share it."""
    repeats: int

    @property
    def clusters(self) -> Clusters:
        """Which items hold the same prompt."""
        return clusters_of(self.prompts)


def items_of_test(database: Database, definition: Distillation) -> Items:
    """The items that all roles answer."""
    test = definition.test
    repeats = max(arm.repeats for arm in test.arms)
    keys = [item.key for item in items_of(test, benchmarks.items(database, test.split))]
    return Items(tuple(key for key in keys for _ in range(repeats)), repeats)


def result_of(database: Database, definition: Distillation, items: Items, run_id: int, arm: int) -> ArmResult:
    """One arm of a stored run on the test's items.

    Raises:
        CupolaError: the run's results are not in the store.
    """
    run = benchmarks.get_run(database, run_id)
    table = load_table(database, run) if run is not None else None
    if run is None or table is None:
        raise CupolaError("A benchmark's results are gone.", remedy="Run the benchmark again.")
    benchmark = from_json(run.definition)
    columns = table.arms[arm]
    found = judged(columns, benchmark, definition.view)
    timed = np.where(np.isin(columns.kind, (Kind.ANSWERED, Kind.TRUNCATED, Kind.REFUSED)), columns.seconds, np.nan)

    def spread(values: Floats) -> Floats:
        return _spread(values, table.repeats, items)

    what = benchmark.arms[arm]
    return ArmResult(
        name=what.name,
        deployment=what.deployment,
        model=what.model,
        scores=spread(found.scores),
        passes=spread(found.passes),
        seconds=spread(timed),
        usd=spread(columns.usd),
        prompt_tokens=spread(columns.prompt),
        completion_tokens=spread(columns.completion),
        outcomes=found.counts,
        provenance=Provenance(run.split, run.graders, run.prompts),
        run=run_id,
    )


def arm_named(database: Database, run_ids: Sequence[int], beginning: str) -> tuple[int, int] | None:
    """The run and the place of the first arm whose name begins so; None if there is none."""
    for run_id in run_ids:
        for place, arm in enumerate(_arms(benchmarks.get_run(database, run_id))):
            if arm.name.startswith(beginning):
                return run_id, place
    return None


def _arms(run: Run | None) -> tuple[Arm, ...]:
    benchmark: Benchmark | None = None if run is None else from_json(run.definition)
    return () if benchmark is None else benchmark.arms


def _spread(values: Floats, repeats: int, items: Items) -> Floats:
    """Values (places x repeats,) of a run whose arms are repeated less often, on the test's items."""
    if repeats == items.repeats:
        return values
    table = np.full((len(items.prompts) // items.repeats, items.repeats), np.nan)
    kept = min(repeats, items.repeats)
    table[:, :kept] = values.reshape(-1, repeats)[:, :kept]
    return table.reshape(-1)
