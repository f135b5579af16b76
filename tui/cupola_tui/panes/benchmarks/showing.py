"""What opens over the pane: labelling by hand, and the list of runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.app import App

from cupola.benchmarks.leaderboard import Leaderboard
from cupola.benchmarks.table import Table

from ...benchmark_facts import BenchmarkFacts, Known
from .comparing import comparison_of


def label(
    app: App[str],
    facts: BenchmarkFacts,
    found: Leaderboard | None,
    table: Table | None,
    clock: Callable[[], float],
) -> str:
    """Open the labelling of answers; return why it cannot be opened, "" if it was."""
    graded = found is not None and any(row.outcomes.passed + row.outcomes.failed for row in found.rows)
    if found is None or table is None or not graded:
        return "There is no graded answer to label yet."
    from ...screens.labelling import LabellingScreen

    grader = labelled_grader(found)
    run, use = found.run, found.benchmark.graders[grader]
    tasks = facts.to_label(run, table, grader)
    app.push_screen(LabellingScreen(use, tasks, lambda: facts.grader_report(run, table, grader), clock))
    return ""


def labelled_grader(found: Leaderboard) -> int:
    """The grader whose view is open; of all together the first that asks a model, since formulas need no trust."""
    if found.view.grader is not None:
        return found.view.grader
    return next((index for index, use in enumerate(found.benchmark.graders) if use.judges), 0)


def runs(app: App[str], facts: BenchmarkFacts, known: Known, now: float, look_at: Callable[[int], object]) -> None:
    """Open the list of a benchmark's runs; `look_at` is told which one to show."""
    from ...screens.bench_runs import RunsScreen

    def answer(run: int | None) -> None:
        if run is not None:
            look_at(run)

    shown = known.run.id if known.run else None
    app.push_screen(RunsScreen(known.runs, shown, now, partial(comparison_of, facts)), answer)
