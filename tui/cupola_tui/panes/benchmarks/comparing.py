"""Two runs of a benchmark held against each other, arm by arm; a p only where both asked and judged the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from cupola.benchmarks import definition
from cupola.benchmarks.leaderboard import margin_of
from cupola.benchmarks.outcomes import View, judged_table, views_of
from cupola.benchmarks.table import Floats, Table
from cupola.statistics.clusters import Clusters
from cupola.statistics.leaderboard import Pair, compare_arms, estimate_arms
from cupola.statistics.verdicts import Verdict, judge, not_comparable
from cupola.store.benchmarks import Run

from ...benchmark_facts import BenchmarkFacts
from ...views.bench.runs import ArmChange, RunChange, differing


def comparison_of(facts: BenchmarkFacts, first: Run, second: Run) -> Callable[[], RunChange]:
    """What works out the later run minus the earlier, for every arm that both have; it may run in a thread.

    It raises CupolaError if results cannot be judged.
    """
    before, after = sorted((first, second), key=lambda run: run.id)
    return partial(_compared, (before, after), (facts.table(before), facts.table(after)))


def _compared(runs: tuple[Run, Run], tables: tuple[Table | None, Table | None]) -> RunChange:
    before, after = runs
    reasons = differing(before, after)
    sides = [_scores(run, table) for run, table in zip(runs, tables, strict=True)]
    names = [name for name in sides[0] if name in sides[1]]
    others = tuple(name for side in sides for name in side if name not in names)
    view = _view(after)
    found: tuple[ArmChange, ...] = ()
    if names and reasons:
        found = tuple(_apart(runs, tables, sides, name) for name in names)
    elif names and tables[0] is not None and tables[1] is not None:
        found = _paired(
            after, (_costs(before, tables[0]), _costs(after, tables[1])), tables[1].clusters(), sides, names
        )
    return RunChange(before, after, reasons, found, others, view.scale.width)


def _paired(
    after: Run,
    costs: tuple[Mapping[str, float], Mapping[str, float]],
    clusters: Clusters,
    sides: Sequence[Mapping[str, Floats]],
    names: Sequence[str],
) -> tuple[ArmChange, ...]:
    view = _view(after)
    stacked = np.stack([side[name] for name in names for side in (sides[1], sides[0])])
    # Named before anything was looked at: each arm against itself and no other.
    pairs = [(2 * number, 2 * number + 1) for number in range(len(names))]
    compared = compare_arms(stacked, clusters, view.scale, pairs=pairs)
    estimates = estimate_arms(stacked, clusters, view.scale)
    margin = margin_of(definition.from_json(after.definition), view.scale, stacked)
    return tuple(
        ArmChange(
            name,
            estimates[2 * at + 1],
            estimates[2 * at],
            _verdict(compared[at], margin, costs[0][name] + costs[1][name]),
        )
        for at, name in enumerate(names)
    )


def _scores(run: Run, table: Table | None) -> dict[str, Floats]:
    """(rows,) scores by arm, under the first view of the graders."""
    if table is None:
        return {}
    benchmark = definition.from_json(run.definition)
    judged = judged_table(table, benchmark, _view(run))
    return {arm.name: one.scores for arm, one in zip(benchmark.arms, judged, strict=True)}


def _apart(
    runs: Sequence[Run], tables: Sequence[Table | None], sides: Sequence[Mapping[str, Floats]], name: str
) -> ArmChange:
    """Both scores, each by itself and on its own scale."""
    before, after = (
        estimate_arms(side[name][None, :], table.clusters(), _view(run).scale)[0] if table is not None else None
        for run, table, side in zip(runs, tables, sides, strict=True)
    )
    return ArmChange(name, before, after, None)


def _costs(run: Run, table: Table) -> dict[str, float]:
    """Dollars of one answer by arm; NaN where no price is known."""
    arms = definition.from_json(run.definition).arms
    known = {arm.name: columns.usd[~np.isnan(columns.usd)] for arm, columns in zip(arms, table.arms, strict=True)}
    return {name: float(usd.mean()) if usd.size else np.nan for name, usd in known.items()}


def _verdict(pair: Pair, margin: float, cost: float) -> Verdict:
    if pair.comparison is None:
        return not_comparable(pair.reasons)
    return judge(pair.comparison, margin, cost if np.isfinite(cost) else None)


def _view(run: Run) -> View:
    return views_of(definition.from_json(run.definition))[0]
