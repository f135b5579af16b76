"""What a person may want of a benchmark, ready to be shown as a card and written into the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cupola.benchmarks import start
from cupola.benchmarks.bundled import bundled, bundled_file
from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.estimate import RunEstimate, estimate
from cupola.benchmarks.files import Defined, read_benchmark
from cupola.benchmarks.items import items_of
from cupola.benchmarks.noise import with_second_run
from cupola.errors import CupolaError
from cupola.settings import Profile
from cupola.store import benchmarks, shown_boards
from cupola.store.benchmarks import Run, RunState
from cupola.store.database import Database

from ...benchmark_facts import BenchmarkFacts, Known
from ...views.actions import Action
from ...views.bench import actions
from .keeping import told_to_text


def wanted_actions(
    facts: BenchmarkFacts, known: Known | None, arm: str | None, profile: Profile, clock: Callable[[], float]
) -> list[Action]:
    """The actions on a benchmark and one of its arms, with their cost; of the bundled ones those not there yet."""
    out: list[Action] = []
    if known is not None:
        benchmark, rows = known.shown, facts.rows(known.shown.split)
        found = _estimated(facts, benchmark, rows)
        out.append(actions.run_action(benchmark, known.run, found, profile, _run(benchmark, found, clock)))
        out.append(actions.cancel_action(benchmark, known.run, profile, _cancel(known.run, clock)))
        if arm is not None:
            twice = with_second_run(benchmark, arm)
            refusal = _noise_refusal(benchmark, twice, known.run)
            cost = None if refusal else _estimated(facts, twice, rows)
            out.append(actions.again_action(benchmark, arm, cost, profile, refusal, _run(twice, cost, clock)))
    there = {one.benchmark.name for one in facts.known()}
    for name in bundled():
        path = bundled_file(name)
        if name not in there and path is not None:
            defined = read_benchmark(path)
            found = _estimated(facts, defined.benchmark, defined.rows)
            action = actions.run_action(defined.benchmark, None, found, profile, _run_new(defined, found, clock))
            out.append(replace(action, kind=f"{action.kind} {name}"))
    return out


def _estimated(facts: BenchmarkFacts, benchmark: Benchmark, rows: tuple[str, ...] | list[str]) -> RunEstimate | None:
    try:
        return estimate(facts.database, benchmark, items_of(benchmark, rows))
    except CupolaError:
        # An item cannot be asked: the run itself says which, and why.
        return None


def _noise_refusal(benchmark: Benchmark, twice: Benchmark, run: Run | None) -> str:
    if run is not None and run.state.moving:
        return "the benchmark is under way"
    return "it was run twice already" if twice is benchmark else ""


def _run(benchmark: Benchmark, found: RunEstimate | None, clock: Callable[[], float]) -> actions.Write:
    def write(database: Database) -> None:
        run = start.want_run(database, benchmark, clock())
        if found is not None:
            shown_boards.keep_estimate(database, run.id, told_to_text(found))

    return write


def _run_new(defined: Defined, found: RunEstimate | None, clock: Callable[[], float]) -> actions.Write:
    def write(database: Database) -> None:
        start.define(database, defined, clock())
        _run(defined.benchmark, found, clock)(database)

    return write


def _cancel(run: Run | None, clock: Callable[[], float]) -> actions.Write:
    def write(database: Database) -> None:
        if run is not None:
            benchmarks.set_state(database, run.id, RunState.CANCELLED, clock())

    return write
